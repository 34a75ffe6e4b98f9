// SPDX-License-Identifier: Apache-2.0
#include "bench/measures.h"

namespace thalweg::bench {

std::span<const Measure> AllMeasures() {
  static constexpr Measure kMeasures[] = {
      {"tumble", &MeasureTumble},
      {"group-by", &MeasureGroupBy},
      {"join", &MeasureJoin},
      {"json", &MeasureJson},
      {"pause", &MeasurePause},
      {"upload", &MeasureUpload},
      {"spill", &MeasureSpill},
  };
  return kMeasures;
}

}  // namespace thalweg::bench
