// SPDX-License-Identifier: Apache-2.0
//
// Expressions compiled for batches. A program is a flat list of calls over registers, each a whole
// column; what several expressions have in common is computed once, what is constant at compile
// time not at all. The branches of CASE and the right sides of AND and OR are blocks of their own,
// run over just the rows that need them, unless they are so cheap and safe that all rows are
// faster.
//
//   a / b > 1 AND c = 'x', c       r0 = c       r1 = "x"     r2 = r0 = r1
//                                  r3 = r2 AND { over the rows where r2 is not FALSE:
//                                                r0' = a  r1' = b  r2' = r0' / r1' ... }
#ifndef THALWEG_RUNTIME_EXPR_PROGRAM_H_
#define THALWEG_RUNTIME_EXPR_PROGRAM_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/status.h"
#include "columnar/batch.h"
#include "columnar/type.h"
#include "proto/plan.pb.h"
#include "runtime/expr/evaluation_context.h"
#include "runtime/expr/function_registry.h"

namespace thalweg::runtime {

// Limits of an expression: far above what a person writes, far below what could hurt.
inline constexpr std::size_t kMaxExpressionDepth = 512;
inline constexpr std::size_t kMaxExpressionNodes = 65'536;

struct Block;

/// Immutable; any number of threads may evaluate it. Cheap to copy.
class Program {
 public:
  /// Compiles expressions over rows of `input`. kInvalidArgument says which part of which
  /// expression is wrong: a column or function that there is not, types that do not fit or are not
  /// what the plan says they are, or a limit above.
  static StatusOr<Program> Compile(std::span<const proto::Expression* const> expressions,
                                   const columnar::Schema& input);
  static StatusOr<Program> Compile(const proto::Expression& expression,
                                   const columnar::Schema& input);

  std::size_t size() const { return types_.size(); }
  /// The type of each result.
  const std::vector<columnar::DataType>& types() const { return types_; }

  /// Of the least stable call in it.
  Stability stability() const { return stability_; }

  /// One column per expression, flat or constant, of the batch's rows; change kinds play no part.
  /// kInvalidArgument: a row has no result, such as a division by zero; the message has the
  /// expression and the values.
  StatusOr<std::vector<columnar::ColumnPtr>> Evaluate(const columnar::Batch& batch,
                                                      const EvaluationContext& context = {}) const;

 private:
  Program(std::shared_ptr<const Block> block,
          std::vector<columnar::DataType> types,
          Stability stability);

  std::shared_ptr<const Block> block_;
  std::vector<columnar::DataType> types_;
  Stability stability_;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_PROGRAM_H_
