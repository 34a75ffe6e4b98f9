// SPDX-License-Identifier: Apache-2.0
//
// All operators, one line each: a plan's step in, an object that plays its role out. Which of the
// makers a step is for, RoleOf() of runtime/plan/plan.h tells. Errors are kInvalidArgument and name
// the step.
#ifndef THALWEG_RUNTIME_OPERATORS_OPERATORS_H_
#define THALWEG_RUNTIME_OPERATORS_OPERATORS_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "columnar/type.h"
#include "proto/plan.pb.h"
#include "runtime/expr/time_zone.h"
#include "runtime/operators/step.h"

namespace thalweg {
class MetricGroup;
}  // namespace thalweg

namespace thalweg::runtime {

/// Where a step runs. Used by the maker alone, but for `metrics`, which outlives the step.
struct StepContext {
  std::vector<columnar::SchemaPtr> inputs;  // Of the step itself: one, or two for a join.
  std::uint32_t subtask = 0;
  std::uint32_t parallelism = 1;
  std::uint32_t key_group_count = 1024;
  KeyGroupRange key_groups = {0, 1024};  // Of the task; half-open.
  MetricGroup* metrics = nullptr;        // Of the step; may be null.
  TimeZone zone = {};                    // Of the session.
  std::uint64_t random_seed = 0;         // Other steps, subtasks and attempts have others.
};

/// Filter and project.
StatusOr<std::unique_ptr<MapStep>> MakeMapStep(const proto::Step& step, const StepContext& context);

/// The watermark assigner.
StatusOr<std::unique_ptr<EventTimeStep>> MakeEventTimeStep(const proto::Step& step,
                                                           const StepContext& context);

/// Updating aggregate, window aggregate, join. The driver encodes the columns KeyColumnsOf(step,
/// input) of runtime/plan/plan.h for each batch.
StatusOr<std::unique_ptr<KeyedStep>> MakeKeyedStep(const proto::Step& step,
                                                   const StepContext& context);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_OPERATORS_H_
