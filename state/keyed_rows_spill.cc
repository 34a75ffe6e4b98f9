// SPDX-License-Identifier: Apache-2.0
//
// Which rows may leave memory.
#include <string>
#include <utility>

#include "columnar/hash.h"
#include "state/keyed_rows.h"
#include "state/run_format.h"
#include "state/slice_scan.h"

namespace thalweg::state {
namespace {

// Rows written within this many checkpoints go only when colder ones do not suffice.
constexpr std::uint32_t kWarmEpochs = 4;

}  // namespace

void KeyedRows::SetMaySpill(KeyGroup group) {
  may_spill_.resize(context_.range.size(), 0);
  may_spill_[group.value() - context_.range.begin] = 1;
}

SlotId KeyedRows::MarkSpilledRow(std::uint32_t hash, std::string_view key) {
  const SlotId slot = FindKey(hash, key);
  if (slot != kNoSlot && (MetaOf(row(slot)) & ~meta::kSpilled) == 0) {
    // Just read is as warm as just written.
    SetMeta(row(slot), meta::Make(context_.durable_epoch, meta::kSpilled));
  }
  return slot;
}

bool KeyedRows::IsBeingScanned(SlotId slot) const {
  return scan_ != nullptr &&
         columnar::KeyGroupOfStored(stored_hash(slot), context_.key_group_count).value() ==
             scan_->current_group();
}

void KeyedRows::PickEvictable(std::size_t count, std::vector<SlotId>* slots) {
  const std::uint32_t durable = context_.durable_epoch;
  const std::uint32_t cold = durable > kWarmEpochs ? durable - kWarmEpochs : 0;
  for (const std::uint32_t limit : {cold, durable}) {
    for (SlotId looked_at = 0; looked_at < pages_.end() && slots->size() < count; ++looked_at) {
      evict_at_ = evict_at_ + 1 < pages_.end() ? evict_at_ + 1 : 0;
      const std::uint32_t word = MetaOf(row(evict_at_));
      if ((word & (meta::kDead | meta::kFree)) != 0 || meta::EpochOf(word) > limit) {
        continue;
      }
      // The second round is for rows that the first one left.
      if (limit != cold && meta::EpochOf(word) <= cold) {
        continue;
      }
      if (!IsBeingScanned(evict_at_) && AreEntriesEvictable(evict_at_)) {
        slots->push_back(evict_at_);
      }
    }
    if (slots->size() >= count || cold == durable) {
      return;
    }
  }
}

void KeyedRows::VisitImages(SlotId slot,
                            const std::function<void(const std::uint8_t*)>& visit) const {
  visit(row(slot));
}

void KeyedRows::EncodeForSpill(SlotId slot, std::vector<SpillWrite>* writes) const {
  if ((MetaOf(row(slot)) & meta::kSpilled) != 0) {
    return;
  }
  const ImageEncoder encoder(identity_, shape_, context_.key_group_count);
  VisitImages(slot, [&](const std::uint8_t* image) {
    SpillWrite& write = writes->emplace_back();
    encoder.EncodeKey(image, &write.key);
    encoder.EncodeValue(image, &write.value.emplace());
  });
}

void KeyedRows::ReleaseEvicted(SlotId slot, std::uint32_t meta_word) {
  // A slot that serves another key by now has either another meta word, or a row that was read from
  // the spill and is there still.
  if (MetaOf(row(slot)) == meta_word && !IsBeingScanned(slot)) {
    Release(slot);
  }
}

}  // namespace thalweg::state
