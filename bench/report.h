// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_BENCH_REPORT_H_
#define THALWEG_BENCH_REPORT_H_

#include <span>
#include <string>

#include "base/status.h"
#include "bench/measure.h"

namespace thalweg::bench {

/// A line of the table that people read.
std::string TableLine(const Reading& reading);

/// [{"name": ..., "value": ..., "unit": ..., "bar": ..., "pass": ...}, ...]; no bar is null.
std::string ToJson(std::span<const Reading> readings);

/// As lines for ReadingsFromText(): how one process tells another.
std::string ToText(std::span<const Reading> readings);
/// kDataLoss: not what ToText() makes.
StatusOr<std::vector<Reading>> ReadingsFromText(const std::string& text);

}  // namespace thalweg::bench

#endif  // THALWEG_BENCH_REPORT_H_
