// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_OPERATORS_SORT_H_
#define THALWEG_RUNTIME_OPERATORS_SORT_H_

#include <memory>

#include "proto/plan.pb.h"
#include "runtime/operators/operators.h"

namespace thalweg::runtime {

/// ORDER BY of a bounded input, with OFFSET and LIMIT: all rows are kept, and given out in order
/// when the input has ended. With a limit, and an input that only adds, rows that cannot be among
/// the wanted ones are forgotten. REQUIRES: a validated step in a task that owns all key groups.
std::unique_ptr<KeyedStep> MakeSort(const proto::Step& step,
                                    const StepContext& context,
                                    columnar::SchemaPtr output);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_SORT_H_
