// SPDX-License-Identifier: Apache-2.0
#include "state/sliced_table.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace thalweg::state {

SlicedTable::SlicedTable(TableContext& context, const TableSpec& spec)
    : context_(context), spec_(spec), layout_(spec.values) {}

SlicedTable::~SlicedTable() = default;

void SlicedTable::set_table(std::uint32_t number) {
  number_ = number;
  for (auto& [end, live] : live_) {
    live.rows->set_identity({number_, true, end});
  }
}

SlicedTable::Live& SlicedTable::Open(std::int64_t slice_end) {
  const auto [place, is_new] = live_.try_emplace(slice_end);
  if (is_new) {
    place->second.rows = std::make_unique<ValueTable>(context_, spec_);
    place->second.rows->set_identity({number_, true, slice_end});
    place->second.rows->Expect(expected_rows_);
  }
  return place->second;
}

ValueTable& SlicedTable::Slice(std::int64_t slice_end) {
  const auto found = live_.find(slice_end);
  if (found != live_.end()) {
    CHECK(found->second.scan == nullptr);
    return *found->second.rows;
  }
  if (dropped_through_ && slice_end <= *dropped_through_) {
    // Runs may hold rows of the slice that was dropped. They must not come to life again, so the
    // next snapshot begins a new chain of runs.
    needs_base_ = true;
  }
  return *Open(slice_end).rows;
}

ValueTable* SlicedTable::FindSlice(std::int64_t slice_end) {
  const auto found = live_.find(slice_end);
  return found == live_.end() ? nullptr : found->second.rows.get();
}

std::vector<std::int64_t> SlicedTable::Slices() const {
  std::vector<std::int64_t> ends;
  for (const auto& [end, live] : live_) {
    ends.push_back(end);
  }
  return ends;
}

std::optional<std::int64_t> SlicedTable::first_slice() const {
  return live_.empty() ? std::nullopt : std::optional(live_.begin()->first);
}

ScanResult SlicedTable::Scan(std::int64_t slice_end,
                             std::size_t limit,
                             std::vector<SlotId>* slots) {
  const auto found = live_.find(slice_end);
  if (found == live_.end()) {
    slots->clear();
    return ScanResult::kEnd;
  }
  Live& live = found->second;
  live.is_scanning = true;
  if (live.scan == nullptr) {
    live.scan = std::make_unique<SliceScan>(*live.rows, context_, std::exchange(live.done, {}));
    live.rows->set_scan(live.scan.get());
  }
  return live.scan->Next(limit, slots);
}

bool SlicedTable::IsScanning(std::int64_t slice_end) const {
  const auto found = live_.find(slice_end);
  return found != live_.end() && found->second.is_scanning;
}

void SlicedTable::Drop(std::int64_t slice_end) {
  const auto found = live_.find(slice_end);
  if (found == live_.end()) {
    return;
  }
  dropped_through_ = std::max(slice_end, dropped_through_.value_or(slice_end));
  expected_rows_ = found->second.rows->size();
  if (context_.spill != nullptr) {
    context_.spill->ForgetAll(*found->second.rows);
  }
  if (found->second.rows->IsCopyingOrReading()) {
    dropped_.push_back(std::move(found->second));
  }
  live_.erase(found);
}

void SlicedTable::ReleaseDropped() {
  std::erase_if(dropped_, [](Live& live) { return !live.rows->IsCopyingOrReading(); });
}

void SlicedTable::Describe(proto::TableSchema* schema) const {
  schema->set_sliced(true);
  for (const auto& [end, live] : live_) {
    schema->add_live_slices(end);
    if (!live.is_scanning) {
      continue;
    }
    proto::SliceScan* const scan = schema->add_scans();
    scan->set_slice(end);
    for (const proto::SliceDone& done : live.scan == nullptr ? live.done : live.scan->Done()) {
      *scan->add_done() = done;
    }
  }
  if (dropped_through_) {
    schema->set_dropped_through(*dropped_through_);
  }
}

void SlicedTable::Restore(const proto::TableSchema& schema, KeyGroupRange old_range) {
  for (const std::int64_t end : schema.live_slices()) {
    Open(end);
  }
  for (const proto::SliceScan& scan : schema.scans()) {
    Live& live = Open(scan.slice());
    live.is_scanning = true;
    for (proto::SliceDone done : scan.done()) {
      // A task may know of more than it owned, from its own restore.
      done.set_first_key_group(std::max(done.first_key_group(), old_range.begin));
      done.set_end_key_group(std::min(done.end_key_group(), old_range.end));
      live.done.push_back(std::move(done));
    }
  }
  if (schema.has_dropped_through()) {
    dropped_through_ =
        std::max(schema.dropped_through(), dropped_through_.value_or(schema.dropped_through()));
  }
}

void SlicedTable::ForgetDropped() {
  needs_base_ = false;
  dropped_through_.reset();
}

}  // namespace thalweg::state
