// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_OPERATORS_DEDUPLICATE_H_
#define THALWEG_RUNTIME_OPERATORS_DEDUPLICATE_H_

#include <memory>

#include "proto/plan.pb.h"
#include "runtime/operators/operators.h"

namespace thalweg::runtime {

/// One row per key, the first or the last by event time or by arrival. At most one change per key
/// and batch. REQUIRES: a validated step with its output schema.
std::unique_ptr<KeyedStep> MakeDeduplicate(const proto::Step& step,
                                           const StepContext& context,
                                           columnar::SchemaPtr output);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_DEDUPLICATE_H_
