// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/operators.h"

#include <string>
#include <utility>

#include "columnar/type_proto.h"
#include "runtime/operators/group_aggregate.h"
#include "runtime/operators/join.h"
#include "runtime/operators/map_steps.h"
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

Status NotSupported(const proto::Step& step, const std::string& what) {
  return Unimplemented(PlaceOf(step) + ": " + what + " is not supported");
}

/// What plans can say and no operator does yet.
Status CheckSupported(const proto::Step& step) {
  if (step.has_join() && (step.join().kind() != proto::JOIN_INNER || step.join().emit_at_end() ||
                          step.join().null_safe_size() > 0)) {
    return NotSupported(step, "this kind of join");
  }
  if (step.has_aggregate() &&
      (step.aggregate().merges_partials() || step.aggregate().emit_at_end())) {
    return NotSupported(step, "this kind of aggregate");
  }
  if (step.has_window_aggregate()) {
    const proto::WindowAggregateStep& window = step.window_aggregate();
    if (window.has_window() || window.processing_time() || window.attached()) {
      return NotSupported(step, "this kind of window");
    }
  }
  if (step.has_rank() || step.has_deduplicate() || step.has_sort() || step.has_window_table() ||
      step.has_local_aggregate()) {
    return NotSupported(step, "this kind of step");
  }
  return OkStatus();
}

}  // namespace

StatusOr<std::unique_ptr<MapStep>> MakeMapStep(const proto::Step& step,
                                               const StepContext& context) {
  ASSIGN_OR_RETURN(columnar::SchemaPtr output, Check(step, context, StepRole::kMap));
  RETURN_IF_ERROR(CheckSupported(step));
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
  if (step.has_aggregate()) {
    return MakeGroupAggregate(step, context, std::move(output));
  }
  if (step.has_window_aggregate()) {
    return MakeWindowAggregate(step, context, std::move(output));
  }
  return MakeJoin(step, context, std::move(output));
}

}  // namespace thalweg::runtime
