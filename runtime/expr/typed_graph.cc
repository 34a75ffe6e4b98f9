// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/typed_graph.h"

#include <algorithm>
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

StatusOr<Kernel> Bound(const ScalarFunction& function,
                       const CallTypes& types,
                       std::span<const ColumnPtr> constants,
                       const std::string& text) {
  StatusOr<Kernel> kernel = function.bind({types, constants});
  if (!kernel.ok()) {
    return MakeStatus(kernel.status().code(),
                      std::string(MessageOf(kernel.status())) + " in " + text);
  }
  return kernel;
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
  switch (function.evaluation) {
    case Evaluation::kCheap:
    case Evaluation::kStrict:
      return AddTyped(function, call_types, std::move(arguments), text);
    case Evaluation::kCoalesce:
      return AddCoalesce(call_types, arguments, text);
    case Evaluation::kNullIf:
      return AddNullIf(call_types, arguments, text);
    default:
      return AddChain(function, call_types, arguments, text);
  }
}

StatusOr<NodeId> TypedGraph::AddCase(NodeId condition,
                                     NodeId then,
                                     NodeId otherwise,
                                     const DataType& type,
                                     const std::string& text) {
  const CallTypes types{{nodes_[condition].type, nodes_[then].type, nodes_[otherwise].type}, type};
  return AddTyped(*FunctionRegistry::Get().Find("CASE"), types, {condition, then, otherwise}, text);
}

/// COALESCE(a, b, c) is CASE(a IS NOT NULL, a, CASE(b IS NOT NULL, b, c)); what stands behind a NOT
/// NULL argument is never asked.
StatusOr<NodeId> TypedGraph::AddCoalesce(const CallTypes& types,
                                         const std::vector<NodeId>& arguments,
                                         const std::string& text) {
  const ScalarFunction& test = *FunctionRegistry::Get().Find("IS NOT NULL");
  NodeId chain = arguments.back();
  for (std::size_t i = arguments.size() - 1; i-- > 0;) {
    const NodeId value = arguments[i];
    if (!nodes_[value].type.nullable()) {
      chain = value;
      continue;
    }
    const CallTypes test_types{{nodes_[value].type}, DataType::Boolean().NotNull()};
    ASSIGN_OR_RETURN(const NodeId is_there, AddTyped(test, test_types, {value}, text));
    ASSIGN_OR_RETURN(chain, AddCase(is_there, value, chain, types.result, text));
  }
  return chain;
}

/// NULLIF(a, b) is CASE(a = b, NULL, a).
StatusOr<NodeId> TypedGraph::AddNullIf(const CallTypes& types,
                                       const std::vector<NodeId>& arguments,
                                       const std::string& text) {
  const FunctionRegistry& registry = FunctionRegistry::Get();
  ASSIGN_OR_RETURN(const CallTypes equality,
                   registry.TypesOf("=", types.arguments, DataType::Boolean()));
  ASSIGN_OR_RETURN(const NodeId a, Cast(arguments[0], equality.arguments[0]));
  ASSIGN_OR_RETURN(const NodeId b, Cast(arguments[1], equality.arguments[1]));
  ASSIGN_OR_RETURN(const NodeId equal, AddTyped(*registry.Find("="), equality, {a, b}, text));
  const NodeId null =
      Intern({.type = types.result, .constant = Column::Nulls(types.result, 1), .text = "NULL"});
  return AddCase(equal, null, arguments[0], types.result, text);
}

Stability TypedGraph::StabilityOf(const TypedNode& node) const {
  const auto reads_zone = [](const DataType& type) {
    return type.kind() == columnar::TypeKind::kTimestampLtz;
  };
  bool session = reads_zone(node.type);
  for (const NodeId argument : node.arguments) {
    session |= reads_zone(nodes_[argument].type);
  }
  return std::max(node.function->stability, session ? Stability::kSession : Stability::kAlways);
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
  ASSIGN_OR_RETURN(node.kernel, Bound(function, types, constants, node.text));
  const Stability stability = StabilityOf(node);
  stability_ = std::max(stability_, stability);
  if (all_constant && stability == Stability::kAlways) {
    // One that fails stays a call: perhaps no row needs it.
    const Instruction call{.kernel = node.kernel,
                           .null_rule = function.null_rule,
                           .type = node.type,
                           .text = node.text};
    const auto value = CallKernel(call, constants, 1, {});
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
  if (node.function != nullptr && node.function->stability == Stability::kRow) {
    nodes_.push_back(std::move(node));  // No two calls are equal.
    return static_cast<NodeId>(nodes_.size() - 1);
  }
  const auto [found, added] = by_key_.emplace(KeyOf(node), static_cast<NodeId>(nodes_.size()));
  if (added) {
    nodes_.push_back(std::move(node));
  }
  return found->second;
}

}  // namespace thalweg::runtime
