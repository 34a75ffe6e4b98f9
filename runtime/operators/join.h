// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_OPERATORS_JOIN_H_
#define THALWEG_RUNTIME_OPERATORS_JOIN_H_

#include <memory>

#include "base/status.h"
#include "proto/plan.pb.h"
#include "runtime/operators/operators.h"

namespace thalweg::runtime {

/// Inner join of two streams that may both update. Every row is kept, equal rows many times; a row
/// is sent on with each row of the other side that is there when it comes, under its own change
/// kind. A NULL in a key matches nothing. REQUIRES: a validated step with its output schema.
StatusOr<std::unique_ptr<KeyedStep>> MakeJoin(const proto::Step& step,
                                              const StepContext& context,
                                              columnar::SchemaPtr output);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_JOIN_H_
