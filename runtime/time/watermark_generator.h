// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_TIME_WATERMARK_GENERATOR_H_
#define THALWEG_RUNTIME_TIME_WATERMARK_GENERATOR_H_

#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "columnar/batch.h"
#include "columnar/column.h"
#include "columnar/type.h"

namespace thalweg::runtime {

/// Makes watermarks of event times: the greatest time so far, floored to milliseconds, less a
/// delay. The eager rule: a mark stands behind each row that puts the watermark more than
/// `interval` ahead of the last one, so that what is late does not depend on timers. In between, a
/// timer of the caller hands out what has risen less. Pure.
///
/// Before the first mark the last watermark counts as 0: times within an interval of 1970, or
/// before it, wait for the timer.
class WatermarkGenerator {
 public:
  struct Options {
    Milliseconds delay{0};
    Milliseconds interval{200};
  };
  /// What makes a restored generator go on as if nothing had happened.
  struct Position {
    EventMillis highest = kMinWatermark;  // The watermark as of the last row.
    EventMillis emitted = kMinWatermark;  // The last one that was handed out.
  };

  WatermarkGenerator(const columnar::DataType& time, Options options);

  /// Takes the times of a batch and replaces `marks` by the marks among its rows.
  /// kInvalidArgument: a time is NULL.
  Status Observe(const columnar::Column& times, std::vector<columnar::WatermarkMark>* marks);

  /// The watermark has risen since it was last handed out.
  bool HasNews() const { return position_.highest > position_.emitted; }
  /// Hands it out. REQUIRES: HasNews().
  EventMillis TakeNews() { return position_.emitted = position_.highest; }

  const Position& position() const { return position_; }
  void Restore(const Position& position);

 private:
  EventMillis WatermarkOf(std::int64_t time) const;
  void SetThreshold();

  const columnar::DataType time_;
  const Options options_;
  Position position_;
  std::int64_t threshold_ = 0;  // The least time, in its own units, that makes a mark.
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_TIME_WATERMARK_GENERATOR_H_
