// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_OPERATORS_MAP_STEPS_H_
#define THALWEG_RUNTIME_OPERATORS_MAP_STEPS_H_

#include <memory>

#include "base/status.h"
#include "columnar/type.h"
#include "proto/plan.pb.h"
#include "runtime/operators/step.h"

namespace thalweg::runtime {

/// Keeps the rows whose condition is TRUE.
StatusOr<std::unique_ptr<MapStep>> MakeFilter(const proto::FilterStep& step,
                                              const columnar::Schema& input);

/// Computes one column per expression.
StatusOr<std::unique_ptr<MapStep>> MakeProject(const proto::ProjectStep& step,
                                               const columnar::Schema& input,
                                               columnar::SchemaPtr output);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_MAP_STEPS_H_
