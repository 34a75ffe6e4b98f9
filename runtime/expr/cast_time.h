// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_EXPR_CAST_TIME_H_
#define THALWEG_RUNTIME_EXPR_CAST_TIME_H_

#include <cstdint>

#include "columnar/type.h"
#include "runtime/expr/kernel.h"
#include "runtime/expr/time_zone.h"

namespace thalweg::runtime {

/// DATE, TIME and timestamps among each other; not DATE and TIME.
bool CanCastTime(const columnar::DataType& from, const columnar::DataType& to);

/// REQUIRES: CanCastTime(), types that differ.
Kernel BindTimeCast(const columnar::DataType& from, const columnar::DataType& to);

/// A TIMESTAMP_LTZ value as the TIMESTAMP that the zone's clock shows, and back; both in `units`
/// per second. They stop at the ends of the range.
std::int64_t MomentToLocal(std::int64_t value, std::int64_t units, const TimeZone& zone);
std::int64_t LocalToMoment(std::int64_t value, std::int64_t units, const TimeZone& zone);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_CAST_TIME_H_
