// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/predicate.h"

#include <numeric>
#include <utility>

namespace thalweg::runtime {

void SelectTrue(const columnar::Column& condition, Selection* selection) {
  const std::size_t count = condition.length();
  const auto* values = condition.Values<std::uint8_t>().data();
  selection->resize(count);
  if (condition.IsConstant()) {
    if (count == 0 || condition.IsNull(0) || values[0] == 0) {
      selection->clear();
    }
    std::iota(selection->begin(), selection->end(), 0U);
    return;
  }
  // A NULL is stored as FALSE, so validity need not be read. Without a branch: a filter's outcome
  // is what branch predictors guess worst.
  std::uint32_t* out = selection->data();
  std::size_t kept = 0;
  for (std::uint32_t row = 0; row < count; ++row) {
    out[kept] = row;
    kept += values[row] != 0;
  }
  selection->resize(kept);
}

StatusOr<Predicate> Predicate::Compile(const proto::Expression& condition,
                                       const columnar::Schema& input) {
  ASSIGN_OR_RETURN(Program program, Program::Compile(condition, input));
  if (program.types()[0].kind() != columnar::TypeKind::kBoolean) {
    return InvalidArgument("A condition must be a BOOLEAN, not " + program.types()[0].ToString());
  }
  return Predicate(std::move(program));
}

Status Predicate::Select(const columnar::Batch& batch,
                         Selection* selection,
                         const EvaluationContext& context) const {
  ASSIGN_OR_RETURN(const std::vector<columnar::ColumnPtr> result,
                   program_.Evaluate(batch, context));
  SelectTrue(*result[0], selection);
  return OkStatus();
}

}  // namespace thalweg::runtime
