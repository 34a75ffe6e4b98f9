// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_EXPR_PREDICATE_H_
#define THALWEG_RUNTIME_EXPR_PREDICATE_H_

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "columnar/batch.h"
#include "proto/plan.pb.h"
#include "runtime/expr/program.h"

namespace thalweg::runtime {

/// Row indices in ascending order.
using Selection = std::vector<std::uint32_t>;

/// The rows where a BOOLEAN column is TRUE; NULL is not.
void SelectTrue(const columnar::Column& condition, Selection* selection);

/// A condition compiled for batches. Immutable; any thread.
class Predicate {
 public:
  /// As Program::Compile(); kInvalidArgument also when the expression is no BOOLEAN.
  static StatusOr<Predicate> Compile(const proto::Expression& condition,
                                     const columnar::Schema& input);

  /// Replaces `selection`; its memory is used again. Errors as Program::Evaluate().
  Status Select(const columnar::Batch& batch,
                Selection* selection,
                const EvaluationContext& context = {}) const;

  Stability stability() const { return program_.stability(); }

 private:
  explicit Predicate(Program program) : program_(std::move(program)) {}

  Program program_;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_PREDICATE_H_
