// SPDX-License-Identifier: Apache-2.0
//
// Three kinds of time that never mix: MonoTime for waiting, WallTime for what a human or another
// system reads, and event time, which is data.
#ifndef THALWEG_BASE_TIME_H_
#define THALWEG_BASE_TIME_H_

#include <chrono>
#include <cstdint>
#include <limits>

namespace thalweg {

using Milliseconds = std::chrono::milliseconds;
using Microseconds = std::chrono::microseconds;

/// Tags only: a Clock (base/clock.h) is asked for the time, never a type.
struct MonoClockTag {};
struct WallClockTag {};

/// Never goes back; comparable only inside one process. The origin has no meaning.
using MonoTime = std::chrono::time_point<MonoClockTag, Microseconds>;

/// Since 1970-01-01 00:00 UTC. May jump when the host's clock is set.
using WallTime = std::chrono::time_point<WallClockTag, Milliseconds>;

/// Milliseconds since 1970-01-01 00:00 UTC, of a row or a watermark.
using EventMillis = std::int64_t;

/// Before any row, and after all of them: the last watermark of an input that has ended.
inline constexpr EventMillis kMinWatermark = std::numeric_limits<EventMillis>::min();
inline constexpr EventMillis kMaxWatermark = std::numeric_limits<EventMillis>::max();

}  // namespace thalweg

#endif  // THALWEG_BASE_TIME_H_
