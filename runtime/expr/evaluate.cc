// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <utility>

#include "columnar/column_builder.h"
#include "columnar/datum.h"
#include "runtime/expr/block.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::ColumnPtr;
using Rows = std::vector<std::uint32_t>;

/// Rows where a BOOLEAN column is `value`, and the others. A NULL is neither TRUE nor FALSE.
void Split(const Column& condition, bool value, Rows* matching, Rows* others) {
  const auto* values = condition.Values<std::uint8_t>().data();
  for (std::uint32_t row = 0; row < condition.length(); ++row) {
    const bool match = !condition.IsNull(row) && (values[row * condition.stride()] != 0) == value;
    (match ? matching : others)->push_back(row);
  }
}

StatusOr<ColumnPtr> RunBranch(const Block& branch,
                              std::span<const ColumnPtr> outer,
                              const Rows& rows,
                              std::size_t row_count,
                              const EvaluationContext& context) {
  std::optional<std::span<const std::uint32_t>> some;
  if (rows.size() < row_count) {
    some = rows;
  }
  ASSIGN_OR_RETURN(std::vector<ColumnPtr> results, Run(branch, outer, some, rows.size(), context));
  return std::move(results[0]);
}

/// The BOOLEAN values `compact` at `rows`, `filler` elsewhere.
ColumnPtr Spread(const Column& compact, const Rows& rows, std::size_t row_count, bool filler) {
  columnar::ColumnBuilder builder(columnar::DataType::Boolean(), row_count);
  builder.Reserve(row_count);
  const auto out = builder.MutableValues<std::uint8_t>();
  std::fill_n(out.begin(), row_count, static_cast<std::uint8_t>(filler));
  const auto* values = compact.Values<std::uint8_t>().data();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out[rows[i]] = values[i * compact.stride()];
    if (compact.IsNull(i)) {
      builder.SetNull(rows[i]);
    }
  }
  builder.SetLength(row_count);
  return builder.Finish();
}

StatusOr<ColumnPtr> RunConnective(const Instruction& instruction,
                                  std::span<const ColumnPtr> registers,
                                  std::size_t row_count,
                                  const EvaluationContext& context) {
  const ColumnPtr& left = registers[instruction.arguments[0]];
  const bool dominant = instruction.kind == Instruction::Kind::kOr;
  Rows decided;
  Rows open;
  Split(*left, dominant, &decided, &open);
  if (open.empty()) {
    return left;
  }
  ASSIGN_OR_RETURN(ColumnPtr right,
                   RunBranch(instruction.branches[0], registers, open, row_count, context));
  if (!decided.empty()) {
    right = Spread(*right, open, row_count, dominant);
  }
  const std::array<ColumnPtr, 2> both = {left, std::move(right)};
  return CallKernel(instruction, both, row_count, context);
}

StatusOr<ColumnPtr> RunCase(const Instruction& instruction,
                            std::span<const ColumnPtr> registers,
                            std::size_t row_count,
                            const EvaluationContext& context) {
  Rows chosen;
  Rows others;
  Split(*registers[instruction.arguments[0]], true, &chosen, &others);
  if (others.empty()) {
    return RunBranch(instruction.branches[0], registers, chosen, row_count, context);
  }
  if (chosen.empty()) {
    return RunBranch(instruction.branches[1], registers, others, row_count, context);
  }
  ASSIGN_OR_RETURN(ColumnPtr a,
                   RunBranch(instruction.branches[0], registers, chosen, row_count, context));
  ASSIGN_OR_RETURN(ColumnPtr b,
                   RunBranch(instruction.branches[1], registers, others, row_count, context));
  Rows origin(row_count);
  for (std::uint32_t i = 0; i < chosen.size(); ++i) {
    origin[chosen[i]] = i;
  }
  for (std::uint32_t i = 0; i < others.size(); ++i) {
    origin[others[i]] = static_cast<std::uint32_t>(chosen.size()) + i;
  }
  const std::array<ColumnPtr, 2> both = {columnar::WithType(a, instruction.type),
                                         columnar::WithType(b, instruction.type)};
  return columnar::Gather(columnar::Concat(both), origin);
}

StatusOr<ColumnPtr> RunCall(const Instruction& instruction,
                            std::span<const ColumnPtr> registers,
                            std::size_t row_count,
                            const EvaluationContext& context) {
  std::vector<ColumnPtr> arguments;
  arguments.reserve(instruction.arguments.size());
  for (const Register argument : instruction.arguments) {
    arguments.push_back(registers[argument]);
  }
  return CallKernel(instruction, arguments, row_count, context);
}

StatusOr<ColumnPtr> Execute(const Instruction& instruction,
                            std::span<const ColumnPtr> registers,
                            std::size_t row_count,
                            const EvaluationContext& context) {
  switch (instruction.kind) {
    case Instruction::Kind::kCall:
      return RunCall(instruction, registers, row_count, context);
    case Instruction::Kind::kAnd:
    case Instruction::Kind::kOr:
      return RunConnective(instruction, registers, row_count, context);
    case Instruction::Kind::kCase:
      break;
  }
  return RunCase(instruction, registers, row_count, context);
}

Status CallOnce(const Instruction& call, KernelFrame& frame) {
  const Status status = call.kernel(frame);
  if (status.ok()) {
    return status;
  }
  return MakeStatus(status.code(), std::string(MessageOf(status)) + " in " + call.text);
}

}  // namespace

StatusOr<ColumnPtr> CallKernel(const Instruction& call,
                               std::span<const ColumnPtr> arguments,
                               std::size_t row_count,
                               const EvaluationContext& context) {
  bool all_constant = !call.per_row;
  for (const ColumnPtr& argument : arguments) {
    all_constant &= argument->IsConstant();
    if (call.null_rule == NullRule::kPropagate && argument->IsConstant() && argument->IsNull(0)) {
      return Column::Nulls(call.type, row_count);
    }
  }
  if (!all_constant) {
    KernelFrame frame(arguments, row_count, call.type, call.null_rule, context);
    RETURN_IF_ERROR(CallOnce(call, frame));
    return frame.Finish();
  }
  std::vector<ColumnPtr> single;
  for (const ColumnPtr& argument : arguments) {
    single.push_back(columnar::WithLength(argument, 1));
  }
  KernelFrame frame(single, 1, call.type, call.null_rule, context);
  RETURN_IF_ERROR(CallOnce(call, frame));
  return Column::Constant(call.type, row_count, columnar::DatumAt(*frame.Finish(), 0));
}

StatusOr<std::vector<ColumnPtr>> Run(const Block& block,
                                     std::span<const ColumnPtr> outer,
                                     std::optional<std::span<const std::uint32_t>> rows,
                                     std::size_t row_count,
                                     const EvaluationContext& context) {
  std::vector<ColumnPtr> registers(block.register_count);
  for (const Block::Import& import : block.imports) {
    const ColumnPtr& column = outer[import.outer];
    registers[import.inner] = rows.has_value() ? columnar::Gather(column, *rows) : column;
  }
  for (const Block::Constant& constant : block.constants) {
    registers[constant.out] = columnar::WithLength(constant.value, row_count);
  }
  for (const Instruction& instruction : block.code) {
    ASSIGN_OR_RETURN(registers[instruction.out],
                     Execute(instruction, registers, row_count, context));
  }
  std::vector<ColumnPtr> results;
  results.reserve(block.results.size());
  for (const Register result : block.results) {
    results.push_back(registers[result]);
  }
  return results;
}

}  // namespace thalweg::runtime
