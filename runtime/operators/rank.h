// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_OPERATORS_RANK_H_
#define THALWEG_RUNTIME_OPERATORS_RANK_H_

#include <memory>

#include "proto/plan.pb.h"
#include "runtime/operators/operators.h"

namespace thalweg::runtime {

/// Top-N: for each key the rows of some ranks, with their ranks or without; the difference that a
/// batch makes is sent on. Rows that can never come back are forgotten where the input only adds.
/// REQUIRES: a validated step with its output schema.
std::unique_ptr<KeyedStep> MakeRank(const proto::Step& step,
                                    const StepContext& context,
                                    columnar::SchemaPtr output);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_RANK_H_
