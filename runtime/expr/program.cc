// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/program.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "runtime/expr/block.h"
#include "runtime/expr/typed_graph.h"

namespace thalweg::runtime {
namespace {

using columnar::ColumnPtr;

/// Writes one block. What an enclosing block has computed by then is imported, not repeated.
class BlockWriter {
 public:
  BlockWriter(const TypedGraph& graph, BlockWriter* outer) : graph_(graph), outer_(outer) {}

  Block Write(const std::vector<NodeId>& roots) {
    // What every row needs comes first, so that branches can import it.
    for (const NodeId root : roots) {
      EmitUnconditional(root);
    }
    for (const NodeId root : roots) {
      block_.results.push_back(Emit(root));
    }
    return std::move(block_);
  }

 private:
  Register NewRegister(NodeId id) {
    const auto fresh = static_cast<Register>(block_.register_count++);
    known_[id] = fresh;
    return fresh;
  }

  std::optional<Register> Find(NodeId id) {
    if (const auto found = known_.find(id); found != known_.end()) {
      return found->second;
    }
    std::optional<Register> outer;
    if (outer_ != nullptr) {
      outer = outer_->Find(id);
    } else if (graph_.node(id).column.has_value()) {
      outer = *graph_.node(id).column;
    }
    if (!outer.has_value()) {
      return std::nullopt;
    }
    const Register inner = NewRegister(id);
    block_.imports.push_back({*outer, inner});
    return inner;
  }

  /// Emits what is evaluated whatever the rows hold; true when that was all of it.
  bool EmitUnconditional(NodeId id) {
    if (const auto seen = unconditional_.find(id); seen != unconditional_.end()) {
      return seen->second;
    }
    const TypedNode& node = graph_.node(id);
    bool all = true;
    if (node.function != nullptr && IsLazy(node)) {
      EmitUnconditional(node.arguments[0]);
      all = false;
    } else {
      for (const NodeId argument : node.arguments) {
        all &= EmitUnconditional(argument);
      }
    }
    if (all) {
      Emit(id);
    }
    unconditional_[id] = all;
    return all;
  }

  bool IsLazy(const TypedNode& node) const {
    if (node.function->evaluation == Evaluation::kCheap ||
        node.function->evaluation == Evaluation::kStrict) {
      return false;
    }
    for (std::size_t i = 1; i < node.arguments.size(); ++i) {
      if (!graph_.node(node.arguments[i]).cheap) {
        return true;
      }
    }
    return false;
  }

  Register Emit(NodeId id) {
    if (const std::optional<Register> found = Find(id)) {
      return *found;
    }
    const TypedNode& node = graph_.node(id);
    if (node.constant != nullptr) {
      const Register out = NewRegister(id);
      block_.constants.push_back({node.constant, out});
      return out;
    }
    Instruction instruction{.kernel = node.kernel,
                            .null_rule = node.function->null_rule,
                            .per_row = node.function->stability == Stability::kRow,
                            .type = node.type,
                            .text = node.text};
    if (IsLazy(node)) {
      EmitLazy(node, &instruction);
    } else {
      for (const NodeId argument : node.arguments) {
        instruction.arguments.push_back(Emit(argument));
      }
    }
    instruction.out = NewRegister(id);
    block_.code.push_back(std::move(instruction));
    return block_.code.back().out;
  }

  void EmitLazy(const TypedNode& node, Instruction* instruction) {
    switch (node.function->evaluation) {
      case Evaluation::kAnd:
        instruction->kind = Instruction::Kind::kAnd;
        break;
      case Evaluation::kOr:
        instruction->kind = Instruction::Kind::kOr;
        break;
      default:
        instruction->kind = Instruction::Kind::kCase;
    }
    instruction->arguments.push_back(Emit(node.arguments[0]));
    for (std::size_t i = 1; i < node.arguments.size(); ++i) {
      instruction->branches.push_back(BlockWriter(graph_, this).Write({node.arguments[i]}));
    }
  }

  const TypedGraph& graph_;
  BlockWriter* const outer_;
  Block block_;
  std::map<NodeId, Register> known_;
  std::map<NodeId, bool> unconditional_;
};

}  // namespace

Program::Program(std::shared_ptr<const Block> block,
                 std::vector<columnar::DataType> types,
                 Stability stability)
    : block_(std::move(block)), types_(std::move(types)), stability_(stability) {}

StatusOr<Program> Program::Compile(std::span<const proto::Expression* const> expressions,
                                   const columnar::Schema& input) {
  TypedGraph graph(input);
  std::vector<NodeId> roots;
  std::vector<columnar::DataType> types;
  for (const proto::Expression* expression : expressions) {
    ASSIGN_OR_RETURN(const NodeId root, graph.Add(*expression));
    roots.push_back(root);
    types.push_back(graph.node(root).type);
  }
  auto block = std::make_shared<const Block>(BlockWriter(graph, nullptr).Write(roots));
  return Program(std::move(block), std::move(types), graph.stability());
}

StatusOr<Program> Program::Compile(const proto::Expression& expression,
                                   const columnar::Schema& input) {
  const proto::Expression* const one[] = {&expression};
  return Compile(one, input);
}

StatusOr<std::vector<ColumnPtr>> Program::Evaluate(const columnar::Batch& batch,
                                                   const EvaluationContext& context) const {
  if (batch.empty()) {
    std::vector<ColumnPtr> none;
    for (const columnar::DataType& type : types_) {
      none.push_back(columnar::Column::Nulls(type, 0));
    }
    return none;
  }
  return Run(*block_, batch.columns(), std::nullopt, batch.row_count(), context);
}

}  // namespace thalweg::runtime
