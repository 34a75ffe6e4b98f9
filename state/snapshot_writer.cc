// SPDX-License-Identifier: Apache-2.0
#include "state/snapshot_writer.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "base/coding.h"
#include "base/mutation.h"
#include "state/run_builder.h"
#include "state/run_format.h"

namespace thalweg::state {
namespace {

// Key group and the first bytes of the key decide nearly every comparison.
struct Entry {
  std::uint64_t head;
  const std::uint8_t* image;
};

// The sorted rows of one part.
class SortedPart {
 public:
  SortedPart(const FrozenPart& part, std::uint32_t key_group_count)
      : part_(part), encoder_(part.identity(), part.shape(), key_group_count) {
    entries_.reserve(part.count());
    std::string key;
    // With keys of one size the order by key bytes is the order of the run's keys; else their
    // length, which stands before them, decides first.
    const bool by_bytes = part.shape().row.key_stride != 0;
    part.ForEach([&](const std::uint8_t* image) {
      const std::string_view bytes = encoder_.KeyOf(image);
      std::uint64_t first = 0;
      if (by_bytes && bytes.size() >= 8) {
        first = ReverseBytes(LoadFixed<std::uint64_t>(bytes.data())) >> 16;
      }
      entries_.push_back({(std::uint64_t{encoder_.KeyGroupOf(image)} << 48) | first, image});
    });
    std::sort(entries_.begin(), entries_.end(), [&](const Entry& a, const Entry& b) {
      return a.head != b.head ? a.head < b.head : Less(a.image, b.image);
    });
  }

  bool done() const { return at_ == entries_.size(); }
  std::uint32_t key_group() const { return static_cast<std::uint32_t>(entries_[at_].head >> 48); }

  // Writes the rows of one key group.
  Status WriteGroup(std::uint32_t group, RunBuilder& run) {
    for (; !done() && key_group() == group; ++at_) {
      const std::uint8_t* const image = entries_[at_].image;
      if (encoder_.IsTombstone(image) && Mutated(Mutation::kTombstoneDropped)) {
        continue;
      }
      encoder_.EncodeKey(image, &key_);
      encoder_.EncodeValue(image, &value_);
      RETURN_IF_ERROR(run.Add(key_, value_));
    }
    return OkStatus();
  }

 private:
  bool Less(const std::uint8_t* a, const std::uint8_t* b) {
    encoder_.EncodeKey(a, &key_);
    encoder_.EncodeKey(b, &value_);
    return key_ < value_;
  }

  const FrozenPart& part_;
  const ImageEncoder encoder_;
  std::vector<Entry> entries_;
  std::size_t at_ = 0;
  std::string key_;  // Scratch.
  std::string value_;
};

}  // namespace

StatusOr<proto::RunRef> WriteSnapshotRun(std::span<const std::unique_ptr<FrozenPart>> parts,
                                         const RunTarget& target) {
  std::vector<std::unique_ptr<SortedPart>> sorted;
  std::vector<const FrozenPart*> in_order;
  for (const std::unique_ptr<FrozenPart>& part : parts) {
    in_order.push_back(part.get());
  }
  std::sort(in_order.begin(), in_order.end(), [](const FrozenPart* a, const FrozenPart* b) {
    return std::tuple(a->identity().table, a->identity().slice) <
           std::tuple(b->identity().table, b->identity().slice);
  });
  for (const FrozenPart* part : in_order) {
    sorted.push_back(std::make_unique<SortedPart>(*part, target.key_group_count));
  }
  RunBuilder run(*target.store, target.file, target.inline_max);
  for (std::uint32_t group = target.range.begin; group < target.range.end; ++group) {
    for (const std::unique_ptr<SortedPart>& part : sorted) {
      RETURN_IF_ERROR(part->WriteGroup(group, run));
    }
  }
  return run.Finish(target.range);
}

}  // namespace thalweg::state
