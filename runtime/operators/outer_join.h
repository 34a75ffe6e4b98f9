// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_OPERATORS_OUTER_JOIN_H_
#define THALWEG_RUNTIME_OPERATORS_OUTER_JOIN_H_

#include <memory>

#include "base/status.h"
#include "proto/plan.pb.h"
#include "runtime/operators/operators.h"

namespace thalweg::runtime {

/// Left, right, full, semi and anti joins of two streams that may both update, and joins of any
/// kind whose final rows alone leave. A row without a match leaves padded with NULLs, is taken back
/// when the first match comes, and comes again when the last has gone. REQUIRES: a validated step
/// with its output schema.
StatusOr<std::unique_ptr<KeyedStep>> MakeOuterJoin(const proto::Step& step,
                                                   const StepContext& context,
                                                   columnar::SchemaPtr output);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_OUTER_JOIN_H_
