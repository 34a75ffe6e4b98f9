// SPDX-License-Identifier: Apache-2.0
//
// Expressions with their functions found, types checked, implicit casts put in, constants folded
// and equal parts shared: the first half of compiling.
#ifndef THALWEG_RUNTIME_EXPR_TYPED_GRAPH_H_
#define THALWEG_RUNTIME_EXPR_TYPED_GRAPH_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "columnar/column.h"
#include "columnar/type.h"
#include "proto/plan.pb.h"
#include "runtime/expr/function_registry.h"

namespace thalweg::runtime {

using NodeId = std::uint32_t;

/// A column, a constant or a call; exactly one of the three.
struct TypedNode {
  columnar::DataType type;
  std::optional<std::uint32_t> column = {};
  columnar::ColumnPtr constant = {};  // Of length 1.
  const ScalarFunction* function = nullptr;
  Kernel kernel = {};
  std::vector<NodeId> arguments = {};  // AND and OR have two, CASE has three.
  std::string text = {};
  bool cheap = true;  // May be evaluated for rows that do not need it.
};

/// Grows by expressions over one input.
class TypedGraph {
 public:
  /// `input` outlives this.
  explicit TypedGraph(const columnar::Schema& input);

  /// The node of an expression. kInvalidArgument as for Program::Compile().
  StatusOr<NodeId> Add(const proto::Expression& expression);

  const TypedNode& node(NodeId id) const { return nodes_[id]; }
  /// Of the least stable call so far.
  Stability stability() const { return stability_; }

 private:
  StatusOr<NodeId> AddExpression(const proto::Expression& expression, std::size_t depth);
  StatusOr<NodeId> AddColumn(std::uint32_t column, const columnar::DataType& type);
  StatusOr<NodeId> AddLiteral(const proto::Expression& expression, const columnar::DataType& type);
  StatusOr<NodeId> AddCall(const proto::Expression& expression,
                           const columnar::DataType& type,
                           std::size_t depth);
  StatusOr<NodeId> AddTyped(const ScalarFunction& function,
                            const CallTypes& types,
                            std::vector<NodeId> arguments,
                            std::string text);
  StatusOr<NodeId> AddChain(const ScalarFunction& function,
                            const CallTypes& types,
                            const std::vector<NodeId>& arguments,
                            const std::string& text);
  StatusOr<NodeId> AddCoalesce(const CallTypes& types,
                               const std::vector<NodeId>& arguments,
                               const std::string& text);
  StatusOr<NodeId> AddNullIf(const CallTypes& types,
                             const std::vector<NodeId>& arguments,
                             const std::string& text);
  StatusOr<NodeId> AddCase(NodeId condition,
                           NodeId then,
                           NodeId otherwise,
                           const columnar::DataType& type,
                           const std::string& text);
  Stability StabilityOf(const TypedNode& node) const;
  StatusOr<NodeId> Cast(NodeId value, const columnar::DataType& type);
  NodeId Intern(TypedNode node);

  const columnar::Schema& input_;
  std::vector<std::string> column_names_;
  std::vector<TypedNode> nodes_;
  std::map<std::string, NodeId> by_key_;
  std::size_t visited_ = 0;
  Stability stability_ = Stability::kAlways;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_TYPED_GRAPH_H_
