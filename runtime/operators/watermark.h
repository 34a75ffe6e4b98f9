// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_OPERATORS_WATERMARK_H_
#define THALWEG_RUNTIME_OPERATORS_WATERMARK_H_

#include <memory>

#include "proto/plan.pb.h"
#include "runtime/operators/operators.h"

namespace thalweg::runtime {

/// Marks by WatermarkGenerator's eager rule, the rest by a timer. REQUIRES: a validated step.
std::unique_ptr<EventTimeStep> MakeWatermarkAssigner(const proto::Step& step,
                                                     const StepContext& context);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_WATERMARK_H_
