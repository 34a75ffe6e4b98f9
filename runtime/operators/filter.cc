// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "runtime/expr/predicate.h"
#include "runtime/operators/map_steps.h"

namespace thalweg::runtime {
namespace {

class Filter final : public MapStep {
 public:
  explicit Filter(Predicate predicate) : predicate_(std::move(predicate)) {}

  StatusOr<StepResult> Process(const columnar::Batch& input, Output& output) override {
    RETURN_IF_ERROR(predicate_.Select(input, &kept_));
    if (kept_.size() == input.row_count() && !kept_.empty()) {
      output.Emit(input);
    } else if (!kept_.empty()) {
      output.Emit(input.Take(kept_));
    }
    return StepResult::kDone;
  }

 private:
  const Predicate predicate_;
  Selection kept_;
};

}  // namespace

StatusOr<std::unique_ptr<MapStep>> MakeFilter(const proto::FilterStep& step,
                                              const columnar::Schema& input) {
  ASSIGN_OR_RETURN(Predicate predicate, Predicate::Compile(step.predicate(), input));
  return std::make_unique<Filter>(std::move(predicate));
}

}  // namespace thalweg::runtime
