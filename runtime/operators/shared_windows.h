// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_OPERATORS_SHARED_WINDOWS_H_
#define THALWEG_RUNTIME_OPERATORS_SHARED_WINDOWS_H_

#include <memory>

#include "proto/plan.pb.h"
#include "runtime/operators/operators.h"

namespace thalweg::runtime {

/// Windows of every kind, of event time and of processing time, and those that rows bring with
/// them. Rows are added once, to their slice; when the slice is over, its groups are merged into
/// the windows that it is a part of. MakeWindowAggregate() is the short way for tumbling windows of
/// event time. REQUIRES: a validated step with its output schema.
std::unique_ptr<KeyedStep> MakeSharedWindows(const proto::Step& step,
                                             const StepContext& context,
                                             columnar::SchemaPtr output);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_SHARED_WINDOWS_H_
