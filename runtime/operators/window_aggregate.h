// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_OPERATORS_WINDOW_AGGREGATE_H_
#define THALWEG_RUNTIME_OPERATORS_WINDOW_AGGREGATE_H_

#include <memory>

#include "proto/plan.pb.h"
#include "runtime/operators/operators.h"

namespace thalweg::runtime {

/// Tumbling windows: groups per slice of time, given out once when the watermark has come to the
/// slice's end - 1 ms. Late rows are dropped and counted ("late_rows_dropped"). REQUIRES: a
/// validated step with its output schema.
std::unique_ptr<KeyedStep> MakeWindowAggregate(const proto::Step& step,
                                               const StepContext& context,
                                               columnar::SchemaPtr output);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_WINDOW_AGGREGATE_H_
