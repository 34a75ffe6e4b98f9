// SPDX-License-Identifier: Apache-2.0
//
// What the compiler makes and the evaluator runs; nobody else looks in.
#ifndef THALWEG_RUNTIME_EXPR_BLOCK_H_
#define THALWEG_RUNTIME_EXPR_BLOCK_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "columnar/column.h"
#include "columnar/type.h"
#include "runtime/expr/kernel.h"

namespace thalweg::runtime {

using Register = std::uint32_t;

struct Instruction;

/// Calls over one set of rows. Registers are written once: imports first, then constants, then by
/// the instructions in order.
struct Block {
  struct Import {
    Register outer;  // Of the enclosing block; for the outermost one a column of the batch.
    Register inner;
  };
  struct Constant {
    columnar::ColumnPtr value;  // Of length 1.
    Register out;
  };
  std::size_t register_count = 0;
  std::vector<Import> imports;
  std::vector<Constant> constants;
  std::vector<Instruction> code;
  std::vector<Register> results;
};

struct Instruction {
  enum class Kind {
    kCall,  // out = kernel(arguments).
    kAnd,   // out = kernel(argument 0, branches[0] where argument 0 is not FALSE).
    kOr,    // The same where argument 0 is not TRUE.
    kCase,  // out = branches[0] where argument 0 is TRUE, branches[1] elsewhere.
  };
  Kind kind = Kind::kCall;
  Kernel kernel = {};
  NullRule null_rule = NullRule::kPropagate;
  bool per_row = false;  // Constant arguments do not make the result constant.
  std::vector<Register> arguments = {};
  std::vector<Block> branches = {};  // With one result each.
  columnar::DataType type;
  Register out = 0;
  std::string text = {};  // For messages.
};

/// Runs a block over the rows `rows` of `outer` (nullopt: all), `row_count` of them. `outer` are
/// the columns that imports name.
StatusOr<std::vector<columnar::ColumnPtr>> Run(const Block& block,
                                               std::span<const columnar::ColumnPtr> outer,
                                               std::optional<std::span<const std::uint32_t>> rows,
                                               std::size_t row_count,
                                               const EvaluationContext& context);

/// One call of the kernel of `call`, constants and NULLs seen to. Errors carry its text.
StatusOr<columnar::ColumnPtr> CallKernel(const Instruction& call,
                                         std::span<const columnar::ColumnPtr> arguments,
                                         std::size_t row_count,
                                         const EvaluationContext& context);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_BLOCK_H_
