// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/typed_graph.h"

#include <utility>

#include "columnar/datum.h"
#include "columnar/type_proto.h"
#include "runtime/expr/block.h"
#include "runtime/expr/expression_text.h"
#include "runtime/expr/literal.h"
#include "runtime/expr/program.h"
#include "runtime/expr/type_rules.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::ColumnPtr;
using columnar::DataType;

/// Equal keys mean equal values in every row. A constant's key is its exact bytes.
std::string KeyOf(const TypedNode& node) {
  if (node.column.has_value()) {
    return "column " + std::to_string(*node.column);
  }
  std::string key = node.type.ToString();
  if (node.constant != nullptr) {
    return "constant " + key + " " + columnar::DatumAt(*node.constant, 0).ToString();
  }
  key = std::string(node.function->name) + " " + key;
  for (const NodeId argument : node.arguments) {
    key += " " + std::to_string(argument);
  }
  return key;
}

}  // namespace

TypedGraph::TypedGraph(const columnar::Schema& input) : input_(input) {
  for (const columnar::Field& field : input.fields()) {
    column_names_.push_back(field.name);
  }
}

StatusOr<NodeId> TypedGraph::Add(const proto::Expression& expression) {
  visited_ = 0;
  return AddExpression(expression, 0);
}

StatusOr<NodeId> TypedGraph::AddExpression(const proto::Expression& expression, std::size_t depth) {
  if (depth > kMaxExpressionDepth || ++visited_ > kMaxExpressionNodes) {
    return InvalidArgument("The expression is nested deeper than " +
                           std::to_string(kMaxExpressionDepth) + " levels or has more than " +
                           std::to_string(kMaxExpressionNodes) + " parts");
  }
  if (!expression.has_type()) {
    return InvalidArgument("A part of the expression has no type");
  }
  ASSIGN_OR_RETURN(const DataType type, columnar::TypeFromProto(expression.type()));
  switch (expression.node_case()) {
    case proto::Expression::kColumn:
      return AddColumn(expression.column(), type);
    case proto::Expression::kLiteral:
      return AddLiteral(expression, type);
    case proto::Expression::kCall:
      return AddCall(expression, type, depth);
    case proto::Expression::NODE_NOT_SET:
      break;
  }
  return InvalidArgument("A part of the expression is neither column, constant nor call");
}

StatusOr<NodeId> TypedGraph::AddColumn(std::uint32_t column, const DataType& type) {
  if (column >= input_.size()) {
    return InvalidArgument("Column " + std::to_string(column) + " is not among the " +
                           std::to_string(input_.size()) + " columns of the input");
  }
  if (!SameType(input_.type(column), type)) {
    return InvalidArgument("Column " + column_names_[column] + " is " +
                           input_.type(column).ToString() + ", but the expression takes it for " +
                           type.ToString());
  }
  TypedNode node{.type = input_.type(column), .column = column, .text = column_names_[column]};
  return Intern(std::move(node));
}

StatusOr<NodeId> TypedGraph::AddLiteral(const proto::Expression& expression, const DataType& type) {
  ASSIGN_OR_RETURN(const columnar::Datum value, DatumOf(type, expression.literal()));
  TypedNode node{.type = type,
                 .constant = Column::Constant(type, 1, value),
                 .text = ToText(expression, column_names_)};
  return Intern(std::move(node));
}

StatusOr<NodeId> TypedGraph::AddCall(const proto::Expression& expression,
                                     const DataType& type,
                                     std::size_t depth) {
  const proto::Call& call = expression.call();
  std::vector<NodeId> arguments;
  std::vector<DataType> types;
  for (const proto::Expression& argument : call.arguments()) {
    ASSIGN_OR_RETURN(const NodeId id, AddExpression(argument, depth + 1));
    arguments.push_back(id);
    types.push_back(nodes_[id].type);
  }
  const FunctionRegistry& registry = FunctionRegistry::Get();
  ASSIGN_OR_RETURN(const CallTypes call_types, registry.TypesOf(call.function(), types, type));
  const std::string text = ToText(expression, column_names_);
  if (!SameType(call_types.result, type)) {
    return InvalidArgument(text + " is " + call_types.result.ToString() +
                           ", but the plan takes it for " + type.ToString());
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    ASSIGN_OR_RETURN(arguments[i], Cast(arguments[i], call_types.arguments[i]));
  }
  const ScalarFunction& function = *registry.Find(call.function());
  if (function.evaluation == Evaluation::kCheap || function.evaluation == Evaluation::kStrict) {
    return AddTyped(function, call_types, std::move(arguments), text);
  }
  return AddChain(function, call_types, arguments, text);
}

/// a AND b AND c is (a AND (b AND c)); CASE(c, v, d, w, x) is CASE(c, v, CASE(d, w, x)).
StatusOr<NodeId> TypedGraph::AddChain(const ScalarFunction& function,
                                      const CallTypes& types,
                                      const std::vector<NodeId>& arguments,
                                      const std::string& text) {
  const std::size_t step = function.evaluation == Evaluation::kCase ? 2 : 1;
  NodeId chain = arguments.back();
  for (std::size_t i = arguments.size() - 1; i >= step; i -= step) {
    std::vector<NodeId> link(arguments.begin() + static_cast<std::ptrdiff_t>(i - step),
                             arguments.begin() + static_cast<std::ptrdiff_t>(i));
    link.push_back(chain);
    CallTypes link_types{{}, types.result};
    for (const NodeId argument : link) {
      link_types.arguments.push_back(nodes_[argument].type);
    }
    ASSIGN_OR_RETURN(chain, AddTyped(function, link_types, std::move(link), text));
  }
  return chain;
}

StatusOr<NodeId> TypedGraph::AddTyped(const ScalarFunction& function,
                                      const CallTypes& types,
                                      std::vector<NodeId> arguments,
                                      std::string text) {
  TypedNode node{.type = types.result,
                 .function = &function,
                 .arguments = std::move(arguments),
                 .text = std::move(text),
                 .cheap = function.evaluation != Evaluation::kStrict};
  std::vector<ColumnPtr> constants;
  bool all_constant = true;
  for (const NodeId argument : node.arguments) {
    constants.push_back(nodes_[argument].constant);
    all_constant &= constants.back() != nullptr;
    node.cheap &= nodes_[argument].cheap;
  }
  ASSIGN_OR_RETURN(node.kernel, function.bind({types, constants}));
  if (all_constant) {
    // One that fails stays a call: perhaps no row needs it.
    const auto value =
        CallKernel(node.kernel, function.null_rule, constants, 1, node.type, node.text);
    if (value.ok()) {
      return Intern({.type = node.type, .constant = *value, .text = node.text});
    }
  }
  return Intern(std::move(node));
}

StatusOr<NodeId> TypedGraph::Cast(NodeId value, const DataType& type) {
  if (SameType(nodes_[value].type, type)) {
    return value;
  }
  const std::vector<DataType> from = {nodes_[value].type};
  ASSIGN_OR_RETURN(const CallTypes types, FunctionRegistry::Get().TypesOf("CAST", from, type));
  return AddTyped(*FunctionRegistry::Get().Find("CAST"), types, {value}, nodes_[value].text);
}

NodeId TypedGraph::Intern(TypedNode node) {
  const auto [found, added] = by_key_.emplace(KeyOf(node), static_cast<NodeId>(nodes_.size()));
  if (added) {
    nodes_.push_back(std::move(node));
  }
  return found->second;
}

}  // namespace thalweg::runtime
