// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/operators.h"

#include <string>
#include <utility>

#include "columnar/type_proto.h"
#include "runtime/operators/deduplicate.h"
#include "runtime/operators/final_aggregate.h"
#include "runtime/operators/group_aggregate.h"
#include "runtime/operators/join.h"
#include "runtime/operators/map_steps.h"
#include "runtime/operators/outer_join.h"
#include "runtime/operators/rank.h"
#include "runtime/operators/shared_windows.h"
#include "runtime/operators/sort.h"
#include "runtime/operators/watermark.h"
#include "runtime/operators/window_aggregate.h"
#include "runtime/plan/output_schema.h"
#include "runtime/plan/plan.h"

namespace thalweg::runtime {
namespace {

/// The step's declared output, after everything about the step was checked: operators rely on it.
StatusOr<columnar::SchemaPtr> Check(const proto::Step& step,
                                    const StepContext& context,
                                    StepRole wanted) {
  if (RoleOf(step) != wanted) {
    return InvalidArgument(PlaceOf(step) + " cannot be made by this maker");
  }
  if (context.inputs.size() != InputCountOf(step)) {
    return InvalidArgument(PlaceOf(step) + " needs " + std::to_string(InputCountOf(step)) +
                           " inputs, not " + std::to_string(context.inputs.size()));
  }
  const StatusOr<columnar::SchemaPtr> computed = OutputSchemaOf(step, context.inputs);
  if (!computed.ok()) {
    return Annotate(computed.status(), PlaceOf(step));
  }
  StatusOr<columnar::SchemaPtr> declared = columnar::SchemaFromProto(step.output());
  if (!declared.ok()) {
    return Annotate(declared.status(), PlaceOf(step));
  }
  if (!Fits(**computed, **declared)) {
    return InvalidArgument(PlaceOf(step) + ": its rows are " + (*computed)->ToString() +
                           ", but the plan takes them for " + (*declared)->ToString());
  }
  return declared;
}

/// What plans can say and no operator does yet.
Status CheckSupported(const proto::Step& step) {
  const std::string& zone = step.has_window_table() ? step.window_table().window().time_zone()
                                                    : step.window_aggregate().window().time_zone();
  if (!zone.empty() && zone != "UTC") {
    return Unimplemented(PlaceOf(step) + ": windows of time zone '" + zone +
                         "' are not supported, only those of UTC");
  }
  return OkStatus();
}

bool IsPlainTumble(const proto::WindowAggregateStep& step) {
  return !step.processing_time() && !step.attached() &&
         WindowOf(step).kind() == proto::WINDOW_TUMBLE;
}

/// Whether what an inner join sends on at once is final.
bool OnlyAdds(const proto::JoinStep& join) {
  return !join.emit_at_end() || (!join.left_retracts() && !join.right_retracts());
}

}  // namespace

StatusOr<std::unique_ptr<MapStep>> MakeMapStep(const proto::Step& step,
                                               const StepContext& context) {
  ASSIGN_OR_RETURN(columnar::SchemaPtr output, Check(step, context, StepRole::kMap));
  RETURN_IF_ERROR(CheckSupported(step));
  if (step.has_local_aggregate()) {
    return MakeLocalAggregate(step.local_aggregate(), *context.inputs[0], std::move(output));
  }
  if (step.has_window_table()) {
    return MakeWindowTable(step.window_table(), *context.inputs[0], std::move(output));
  }
  if (step.has_filter()) {
    return MakeFilter(step.filter(), context);
  }
  return MakeProject(step.project(), context, std::move(output));
}

StatusOr<std::unique_ptr<EventTimeStep>> MakeEventTimeStep(const proto::Step& step,
                                                           const StepContext& context) {
  RETURN_IF_ERROR(Check(step, context, StepRole::kEventTime).status());
  return MakeWatermarkAssigner(step, context);
}

StatusOr<std::unique_ptr<KeyedStep>> MakeKeyedStep(const proto::Step& step,
                                                   const StepContext& context) {
  ASSIGN_OR_RETURN(columnar::SchemaPtr output, Check(step, context, StepRole::kKeyed));
  RETURN_IF_ERROR(CheckSupported(step));
  if (step.has_aggregate() && step.aggregate().emit_at_end()) {
    return MakeFinalAggregate(step, context, std::move(output));
  }
  if (step.has_aggregate()) {
    return MakeGroupAggregate(step, context, std::move(output));
  }
  if (step.has_window_aggregate() && !IsPlainTumble(step.window_aggregate())) {
    return MakeSharedWindows(step, context, std::move(output));
  }
  if (step.has_window_aggregate()) {
    return MakeWindowAggregate(step, context, std::move(output));
  }
  if (step.has_rank()) {
    return MakeRank(step, context, std::move(output));
  }
  if (step.has_sort()) {
    return MakeSort(step, context, std::move(output));
  }
  if (step.has_deduplicate()) {
    return MakeDeduplicate(step, context, std::move(output));
  }
  if (step.join().kind() == proto::JOIN_INNER && OnlyAdds(step.join())) {
    return MakeJoin(step, context, std::move(output));
  }
  return MakeOuterJoin(step, context, std::move(output));
}

}  // namespace thalweg::runtime
