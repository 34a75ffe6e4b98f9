// SPDX-License-Identifier: Apache-2.0
#include "state/spill_manager.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "columnar/hash.h"
#include "state/run_format.h"

namespace thalweg::state {
namespace {

// Rows written out by one work: enough to be worth it, few enough to be encoded between batches.
constexpr std::size_t kEvictRows = 8192;

}  // namespace

struct SpillManager::Shared {
  SpillFactory* factory;
  std::string name;
  std::unique_ptr<SpillStore> store;

  Status Open() {
    if (store == nullptr) {
      ASSIGN_OR_RETURN(store, factory->Open(name));
    }
    return OkStatus();
  }
};

SpillManager::SpillManager(Options options, TableContext& context, TableSet& tables)
    : options_(std::move(options)),
      context_(context),
      tables_(tables),
      shared_(std::make_shared<Shared>(Shared{options_.factory, options_.name, nullptr})),
      self_(std::make_shared<SpillManager*>(this)) {}

SpillManager::~SpillManager() = default;

StatusOr<SpillStore*> SpillManager::OpenNow() {
  RETURN_IF_ERROR(shared_->Open());
  return shared_->store.get();
}

void SpillManager::Enqueue(Work work) {
  queue_.push_back(std::move(work));
  StartNext();
}

void SpillManager::StartNext() {
  if (working_ || queue_.empty() || !status_.ok()) {
    return;
  }
  working_ = true;
  std::weak_ptr<SpillManager*> self = self_;
  options_.executor->Submit(
      [self,
       shared = shared_,
       work = std::move(queue_.front())]() mutable -> UniqueFunction<void()> {
        const Status opened = shared->Open();
        StatusOr<Reply> reply = opened.ok() ? work(*shared->store) : StatusOr<Reply>(opened);
        return [self, reply = std::move(reply)]() mutable {
          if (const auto manager = self.lock()) {
            (*manager)->OnDone(std::move(reply));
          }
        };
      },
      *options_.mailbox);
  queue_.pop_front();
}

void SpillManager::OnDone(StatusOr<Reply> reply) {
  working_ = false;
  if (reply.ok()) {
    (*reply)();
  } else {
    Fail(reply.status());
  }
  StartNext();
}

void SpillManager::Fail(const Status& status) {
  if (status_.ok()) {
    status_ = status;
  }
  if (options_.wake) {
    options_.wake();
  }
}

RowLoader SpillManager::LoaderFor() {
  if (matches_.empty()) {
    tables_.Describe(&schemas_);
    for (const proto::TableSchema& schema : schemas_.tables()) {
      StatusOr<TableMatch> match = tables_.Match(schema);
      CHECK_OK(match.status());
      match->all_slices = true;  // Later ones are not in this description.
      matches_.push_back(*std::move(match));
    }
  }
  return RowLoader(matches_, context_.range, context_.key_group_count);
}

std::vector<std::string> SpillManager::BeginReading(const KeyedRows& rows,
                                                    std::vector<Miss>* misses) {
  std::vector<std::string> keys;
  std::erase_if(*misses, [&](const Miss& miss) {
    const std::uint32_t group =
        columnar::KeyGroupOfStored(miss.hash, context_.key_group_count).value();
    std::string key;
    AppendRunKey(group, rows.identity(), miss.key, &key);
    if (!reading_.insert(key).second) {
      return true;
    }
    keys.push_back(std::move(key));
    return false;
  });
  std::sort(keys.begin(), keys.end());
  return keys;
}

void SpillManager::Read(KeyedRows& rows, std::vector<Miss> misses) {
  std::vector<std::string> keys = BeginReading(rows, &misses);
  if (keys.empty()) {
    return;
  }
  FlushForgotten(1);
  rows.BeginRead();
  const bool by_prefix = rows.shape().has_entry;
  Enqueue([this, &rows, by_prefix, keys = std::move(keys), misses = std::move(misses)](
              SpillStore& store) mutable -> StatusOr<Reply> {
    Rows found;
    if (by_prefix) {
      for (const std::string& key : keys) {
        RETURN_IF_ERROR(store.ReadPrefix(key, &found));
      }
    } else {
      std::vector<std::optional<std::string>> values;
      RETURN_IF_ERROR(store.Read(keys, &values));
      for (std::size_t i = 0; i < keys.size(); ++i) {
        if (values[i]) {
          found.emplace_back(keys[i], *std::move(values[i]));
        }
      }
    }
    return Reply([this,
                  &rows,
                  keys = std::move(keys),
                  misses = std::move(misses),
                  found = std::move(found)] {
      rows.EndRead();
      for (const std::string& key : keys) {
        reading_.erase(key);
      }
      LoadMisses(rows, misses, found);
      if (options_.wake) {
        options_.wake();
      }
    });
  });
}

void SpillManager::LoadMisses(KeyedRows& rows, const std::vector<Miss>& misses, const Rows& found) {
  RowLoader loader = LoaderFor();
  for (const auto& [key, value] : found) {
    if (const Status loaded = loader.Load(key, value); !loaded.ok()) {
      Fail(loaded);
      return;
    }
  }
  for (const Miss& miss : misses) {
    if (!rows.MarkSpilled(miss.hash, miss.key)) {
      rows.LoadAbsent(miss.hash, miss.key);
    }
  }
}

void SpillManager::ReadGroup(KeyedRows& rows, KeyGroup group) {
  FlushForgotten(1);
  rows.BeginRead();
  Enqueue([this, &rows, prefix = RunKeyPrefix(group.value(), rows.identity())](
              SpillStore& store) -> StatusOr<Reply> {
    Rows found;
    RETURN_IF_ERROR(store.ReadPrefix(prefix, &found));
    return Reply([this, &rows, found = std::move(found)] {
      rows.EndRead();
      LoadGroup(rows, found);
      if (options_.wake) {
        options_.wake();
      }
    });
  });
}

void SpillManager::LoadGroup(KeyedRows& rows, const Rows& found) {
  RowLoader loader = LoaderFor();
  std::vector<SlotId> slots;
  for (const auto& [key_bytes, value] : found) {
    RunKey key;
    if (value.empty() || !ReadRunKey(key_bytes, rows.identity().sliced, &key)) {
      continue;
    }
    const std::uint32_t hash = columnar::StoredHash(columnar::HashKeyBytes(key.key));
    // What is in memory is newer, a dead row included.
    SlotId slot = rows.SlotOf(hash, key.key);
    if (slot == kNoSlot) {
      if (const Status loaded = loader.Load(key_bytes, value); !loaded.ok()) {
        Fail(loaded);
        return;
      }
      slot = rows.MarkSpilledRow(hash, key.key);
    }
    if (slot != kNoSlot) {
      slots.push_back(slot);
    }
  }
  rows.OnGroupRead(std::move(slots));
}

void SpillManager::Forget(const KeyedRows& rows, const std::uint8_t* image) {
  const ImageEncoder encoder(rows.identity(), rows.shape(), context_.key_group_count);
  encoder.EncodeKey(image, &forgotten_.emplace_back());
}

void SpillManager::ForgetAll(const KeyedRows& rows) {
  std::vector<std::string> prefixes;
  for (std::uint32_t group = context_.range.begin; group < context_.range.end; ++group) {
    if (rows.MaySpill(KeyGroup(group))) {
      prefixes.push_back(RunKeyPrefix(group, rows.identity()));
    }
  }
  if (prefixes.empty()) {
    return;
  }
  Enqueue([prefixes = std::move(prefixes)](SpillStore& store) -> StatusOr<Reply> {
    for (const std::string& prefix : prefixes) {
      RETURN_IF_ERROR(store.DeletePrefix(prefix));
    }
    return Reply([] {});
  });
}

void SpillManager::FlushForgotten(std::size_t at_least) {
  if (forgotten_.size() < at_least) {
    return;
  }
  std::vector<std::string> keys = std::exchange(forgotten_, {});
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  std::vector<SpillWrite> writes;
  for (std::string& key : keys) {
    writes.push_back({std::move(key), std::nullopt});
  }
  Enqueue([writes = std::move(writes)](SpillStore& store) -> StatusOr<Reply> {
    RETURN_IF_ERROR(store.Write(writes));
    return Reply([] {});
  });
}

void SpillManager::Evict(std::size_t bytes) {
  if (evicting_ || !evicted_.empty()) {
    return;
  }
  std::vector<SpillWrite> writes;
  std::vector<Evicted> chosen;
  std::size_t left = bytes;
  tables_.ForEachRows([&](KeyedRows& rows) {
    if (left == 0 || chosen.size() >= kEvictRows || rows.shape().is_timer) {
      return;
    }
    const std::size_t row_bytes =
        std::max<std::size_t>(1, rows.live_bytes() / std::max<std::size_t>(1, rows.size()));
    std::vector<SlotId> slots;
    const std::size_t wanted =
        std::min(kEvictRows - chosen.size(), (left + row_bytes - 1) / row_bytes);
    rows.PickEvictable(wanted, &slots);
    for (const SlotId slot : slots) {
      rows.SetMaySpill(
          columnar::KeyGroupOfStored(rows.stored_hash(slot), context_.key_group_count));
      rows.EncodeForSpill(slot, &writes);
      chosen.push_back({&rows, slot, rows.meta_word(slot)});
    }
    left -= std::min(left, slots.size() * row_bytes);
  });
  if (chosen.empty()) {
    return;
  }
  FlushForgotten(1);
  evicting_ = true;
  any_spilled_ = true;
  for (const Evicted& evicted : chosen) {
    evicted.rows->BeginRead();
  }
  std::sort(writes.begin(), writes.end(), [](const SpillWrite& a, const SpillWrite& b) {
    return a.key < b.key;
  });
  Enqueue([this, writes = std::move(writes), chosen = std::move(chosen)](
              SpillStore& store) mutable -> StatusOr<Reply> {
    if (!writes.empty()) {
      RETURN_IF_ERROR(store.Write(writes));
    }
    return Reply([this, chosen = std::move(chosen)]() mutable {
      evicting_ = false;
      evicted_ = std::move(chosen);
    });
  });
}

void SpillManager::ReleaseEvicted() {
  for (const Evicted& evicted : std::exchange(evicted_, {})) {
    evicted.rows->EndRead();
    evicted.rows->ReleaseEvicted(evicted.slot, evicted.meta_word);
  }
}

}  // namespace thalweg::state
