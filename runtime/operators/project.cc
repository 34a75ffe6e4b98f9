// SPDX-License-Identifier: Apache-2.0
#include <utility>
#include <vector>

#include "runtime/expr/program.h"
#include "runtime/operators/expression_surroundings.h"
#include "runtime/operators/map_steps.h"

namespace thalweg::runtime {
namespace {

class Project final : public MapStep {
 public:
  Project(Program program, columnar::SchemaPtr output, const StepContext& context)
      : program_(std::move(program)), output_(std::move(output)), surroundings_(context) {}

  void OnSlice(WallTime now) override { surroundings_.OnSlice(now); }

  StatusOr<StepResult> Process(const columnar::Batch& input, Output& output) override {
    if (input.empty()) {
      return StepResult::kDone;  // Its marks leave as a watermark.
    }
    ASSIGN_OR_RETURN(std::vector<columnar::ColumnPtr> columns,
                     program_.Evaluate(input, surroundings_.context()));
    output.Emit(input.WithColumns(output_, std::move(columns)));
    return StepResult::kDone;
  }

 private:
  const Program program_;
  const columnar::SchemaPtr output_;
  ExpressionSurroundings surroundings_;
};

}  // namespace

StatusOr<std::unique_ptr<MapStep>> MakeProject(const proto::ProjectStep& step,
                                               const StepContext& context,
                                               columnar::SchemaPtr output) {
  std::vector<const proto::Expression*> expressions;
  for (const proto::Expression& expression : step.expressions()) {
    expressions.push_back(&expression);
  }
  ASSIGN_OR_RETURN(Program program, Program::Compile(expressions, *context.inputs[0]));
  return std::make_unique<Project>(std::move(program), std::move(output), context);
}

}  // namespace thalweg::runtime
