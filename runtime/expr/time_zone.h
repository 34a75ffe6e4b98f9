// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_EXPR_TIME_ZONE_H_
#define THALWEG_RUNTIME_EXPR_TIME_ZONE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "base/status.h"

namespace thalweg::runtime {

/// A time zone of the system's database. Immutable and cheap to copy; any thread.
class TimeZone {
 public:
  TimeZone() = default;  // UTC.

  /// `UTC`, `Europe/Berlin`, or an offset: `Z`, `+02:00`, `GMT-8`, `UTC+01:30`. kInvalidArgument:
  /// there is none of that name.
  static StatusOr<TimeZone> Load(std::string_view name);
  static const TimeZone& Utc();

  const std::string& name() const { return name_; }

  /// Seconds to add to UTC at a moment, in seconds since 1970.
  std::int64_t OffsetAt(std::int64_t utc_seconds) const;
  /// The same of a wall clock's time. A time that the clock skips counts as if it had not been put
  /// forward; of one that comes twice it is the first.
  std::int64_t OffsetAtLocal(std::int64_t local_seconds) const;

 private:
  TimeZone(std::string name, absl::TimeZone zone) : name_(std::move(name)), zone_(zone) {}

  std::string name_ = "UTC";
  bool fixed_ = true;
  std::int64_t fixed_offset_ = 0;
  absl::TimeZone zone_;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_TIME_ZONE_H_
