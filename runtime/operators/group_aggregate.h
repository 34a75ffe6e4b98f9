// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_OPERATORS_GROUP_AGGREGATE_H_
#define THALWEG_RUNTIME_OPERATORS_GROUP_AGGREGATE_H_

#include <memory>

#include "proto/plan.pb.h"
#include "runtime/operators/operators.h"

namespace thalweg::runtime {

/// GROUP BY without a window: a changelog of each group's results. One change per group and batch,
/// or per row where the plan says so. REQUIRES: a validated step with its output schema.
std::unique_ptr<KeyedStep> MakeGroupAggregate(const proto::Step& step,
                                              const StepContext& context,
                                              columnar::SchemaPtr output);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_GROUP_AGGREGATE_H_
