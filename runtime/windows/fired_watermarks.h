// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_WINDOWS_FIRED_WATERMARKS_H_
#define THALWEG_RUNTIME_WINDOWS_FIRED_WATERMARKS_H_

#include <span>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"
#include "proto/checkpoint.pb.h"

namespace thalweg::runtime {

/// Up to which watermark the windows of each key group have fired, through restores. Watermarks
/// begin anew after a restore, and tasks of another parallelism may inherit key groups that had
/// come to different times; a row that was late must stay late, and no window may fire twice.
class FiredWatermarks {
 public:
  /// All groups of `range` have fired nothing.
  explicit FiredWatermarks(KeyGroupRange range);

  EventMillis Of(KeyGroup group) const { return groups_[group.value() - range_.begin]; }
  EventMillis least() const { return least_; }
  EventMillis greatest() const { return greatest_; }

  /// All groups have fired up to `watermark`; those that were further stay there.
  void Raise(EventMillis watermark);

  /// One entry per run of key groups with the same watermark. Every task of a restore gets all.
  std::vector<proto::OperatorStateEntry> ToEntries() const;
  /// kDataLoss: bytes that ToEntries() has not written.
  Status Restore(std::span<const proto::OperatorStateEntry> entries);

 private:
  void FindBounds();

  KeyGroupRange range_;
  std::vector<EventMillis> groups_;
  EventMillis least_ = kMinWatermark;
  EventMillis greatest_ = kMinWatermark;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_WINDOWS_FIRED_WATERMARKS_H_
