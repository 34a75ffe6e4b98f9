// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_BENCH_MEASURES_H_
#define THALWEG_BENCH_MEASURES_H_

#include <vector>

#include "base/status.h"
#include "bench/measure.h"

namespace thalweg::bench {

// One function for each file of measures/.
StatusOr<std::vector<Reading>> MeasureTumble(const Setting& setting);
StatusOr<std::vector<Reading>> MeasureGroupBy(const Setting& setting);
StatusOr<std::vector<Reading>> MeasureJoin(const Setting& setting);
StatusOr<std::vector<Reading>> MeasureJson(const Setting& setting);
StatusOr<std::vector<Reading>> MeasurePause(const Setting& setting);
StatusOr<std::vector<Reading>> MeasureUpload(const Setting& setting);
StatusOr<std::vector<Reading>> MeasureSpill(const Setting& setting);

}  // namespace thalweg::bench

#endif  // THALWEG_BENCH_MEASURES_H_
