// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_OPERATORS_FINAL_AGGREGATE_H_
#define THALWEG_RUNTIME_OPERATORS_FINAL_AGGREGATE_H_

#include <memory>

#include "proto/plan.pb.h"
#include "runtime/operators/operators.h"

namespace thalweg::runtime {

/// GROUP BY whose groups leave when the input has ended, as inserts. Without keys there is one row
/// even if there was none to aggregate. REQUIRES: a validated step with its output schema.
std::unique_ptr<KeyedStep> MakeFinalAggregate(const proto::Step& step,
                                              const StepContext& context,
                                              columnar::SchemaPtr output);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_FINAL_AGGREGATE_H_
