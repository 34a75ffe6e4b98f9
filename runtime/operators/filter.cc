// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "runtime/expr/predicate.h"
#include "runtime/operators/expression_surroundings.h"
#include "runtime/operators/map_steps.h"

namespace thalweg::runtime {
namespace {

class Filter final : public MapStep {
 public:
  Filter(Predicate predicate, const StepContext& context)
      : predicate_(std::move(predicate)), surroundings_(context) {}

  void OnSlice(WallTime now) override { surroundings_.OnSlice(now); }

  StatusOr<StepResult> Process(const columnar::Batch& input, Output& output) override {
    RETURN_IF_ERROR(predicate_.Select(input, &kept_, surroundings_.context()));
    if (kept_.size() == input.row_count() && !kept_.empty()) {
      output.Emit(input);
    } else if (!kept_.empty()) {
      output.Emit(input.Take(kept_));
    }
    return StepResult::kDone;
  }

 private:
  const Predicate predicate_;
  ExpressionSurroundings surroundings_;
  Selection kept_;
};

}  // namespace

StatusOr<std::unique_ptr<MapStep>> MakeFilter(const proto::FilterStep& step,
                                              const StepContext& context) {
  ASSIGN_OR_RETURN(Predicate predicate, Predicate::Compile(step.predicate(), *context.inputs[0]));
  return std::make_unique<Filter>(std::move(predicate), context);
}

}  // namespace thalweg::runtime
