// SPDX-License-Identifier: Apache-2.0
//
// The direct children of a node, whatever kind it is: for walks that care about a few kinds only.
//
//   bool HasAggregate(const ast::Expression& expression) {
//     bool found = IsAggregateCall(expression);
//     ast::ForEachChild(
//         expression, [&](const ast::Expression& child) { found = found || HasAggregate(child); },
//         [](const ast::Query&) {});
//     return found;
//   }
#ifndef THALWEG_SQL_PARSER_AST_CHILDREN_H_
#define THALWEG_SQL_PARSER_AST_CHILDREN_H_

#include <optional>
#include <variant>
#include <vector>

#include "sql/parser/ast.h"

namespace thalweg::sql::ast {

/// Visits what hangs below nodes. OnExpression, OnQuery and OnTable are called for each direct
/// child that is there, in the order of the text as far as the node keeps it.
template <class OnExpression, class OnQuery, class OnTable>
class ChildWalk {
 public:
  ChildWalk(OnExpression on_expression, OnQuery on_query, OnTable on_table)
      : on_expression_(on_expression), on_query_(on_query), on_table_(on_table) {}

  void Of(const Expression& expression) {
    std::visit([this](const auto& node) { Node(node); }, expression.node);
  }
  void Of(const Query& query) {
    for (const CommonTable& table : query.with) {
      See(table.query);
    }
    std::visit([this](const auto& body) { Node(body); }, query.body);
    See(query.order_by);
    See(query.offset);
    See(query.limit);
  }
  void Of(const TableReference& table) {
    std::visit([this](const auto& node) { Node(node); }, table.node);
  }

 private:
  void See(const ExpressionPtr& child) {
    if (child != nullptr) {
      on_expression_(*child);
    }
  }
  void See(const QueryPtr& child) {
    if (child != nullptr) {
      on_query_(*child);
    }
  }
  void See(const TableReferencePtr& child) {
    if (child != nullptr) {
      on_table_(*child);
    }
  }
  void See(const OrderItem& item) { See(item.expression); }
  void See(const Argument& argument) { See(argument.value); }
  void See(const SelectItem& item) { See(item.expression); }
  void See(const CaseBranch& branch) {
    See(branch.when);
    See(branch.then);
  }
  void See(const Measure& measure) { See(measure.expression); }
  void See(const PatternDefinition& definition) { See(definition.condition); }
  void See(const WindowSpec& window) {
    See(window.partition_by);
    See(window.order_by);
    if (window.frame) {
      See(window.frame->start.offset);
      See(window.frame->end.offset);
    }
  }
  void See(const NamedWindow& window) { See(window.spec); }
  void See(const JsonBehavior& behavior) { See(behavior.default_value); }
  void See(const GroupingElement& element) {
    See(element.expressions);
    See(element.elements);
  }
  template <class T>
  void See(const std::vector<T>& children) {
    for (const T& child : children) {
      See(child);
    }
  }
  template <class T>
  void See(const std::optional<T>& child) {
    if (child) {
      See(*child);
    }
  }

  void Node(const Call& node) {
    See(node.arguments);
    See(node.order_by);
    See(node.filter);
    See(node.within_group);
    See(node.over);
    if (node.json) {
      See(node.json->on_empty);
      See(node.json->on_error);
    }
  }
  void Node(const Operation& node) { See(node.operands); }
  void Node(const Between& node) {
    See(node.operand);
    See(node.low);
    See(node.high);
  }
  void Node(const In& node) {
    See(node.operand);
    See(node.list);
    See(node.query);
  }
  void Node(const Like& node) {
    See(node.operand);
    See(node.pattern);
    See(node.escape);
  }
  void Node(const Exists& node) { See(node.query); }
  void Node(const ScalarQuery& node) { See(node.query); }
  void Node(const Case& node) {
    See(node.operand);
    See(node.branches);
    See(node.otherwise);
  }
  void Node(const Cast& node) { See(node.operand); }
  void Node(const ElementAt& node) {
    See(node.collection);
    See(node.index);
  }
  void Node(const FieldAccess& node) { See(node.row); }
  void Node(const RowConstructor& node) { See(node.fields); }
  void Node(const ArrayConstructor& node) { See(node.elements); }
  void Node(const MapConstructor& node) { See(node.entries); }
  void Node(const TableArgument& node) {
    See(node.query);
    See(node.partition_by);
    See(node.order_by);
  }

  void Node(const Select& node) {
    See(node.items);
    See(node.from);
    See(node.where);
    See(node.group_by);
    See(node.having);
    See(node.windows);
    See(node.qualify);
  }
  void Node(const Values& node) { See(node.rows); }
  void Node(const SetOperation& node) {
    See(node.left);
    See(node.right);
  }
  void Node(const QueryPtr& node) { See(node); }

  void Node(const NamedTable& node) { See(node.system_time); }
  void Node(const DerivedTable& node) { See(node.query); }
  void Node(const TableFunction& node) { See(node.call); }
  void Node(const Unnest& node) { See(node.collections); }
  void Node(const Join& node) {
    See(node.left);
    See(node.right);
    See(node.on);
  }
  void Node(const MatchRecognize& node) {
    See(node.input);
    See(node.partition_by);
    See(node.order_by);
    See(node.measures);
    See(node.within);
    See(node.definitions);
  }

  // Nodes without children. They are listed, so that a new kind of node fails to compile.
  void Node(const NullLiteral&) {}
  void Node(const BooleanLiteral&) {}
  void Node(const NumberLiteral&) {}
  void Node(const StringLiteral&) {}
  void Node(const BinaryLiteral&) {}
  void Node(const DateLiteral&) {}
  void Node(const TimeLiteral&) {}
  void Node(const TimestampLiteral&) {}
  void Node(const IntervalLiteral&) {}
  void Node(const ColumnName&) {}
  void Node(const Star&) {}
  void Node(const Symbol&) {}
  void Node(const Descriptor&) {}

  OnExpression on_expression_;
  OnQuery on_query_;
  OnTable on_table_;
};

template <class OnExpression, class OnQuery>
void ForEachChild(const Expression& expression, OnExpression on_expression, OnQuery on_query) {
  ChildWalk(on_expression, on_query, [](const TableReference&) {}).Of(expression);
}

template <class OnExpression, class OnQuery, class OnTable>
void ForEachChild(const Query& query,
                  OnExpression on_expression,
                  OnQuery on_query,
                  OnTable on_table) {
  ChildWalk(on_expression, on_query, on_table).Of(query);
}

template <class OnExpression, class OnQuery, class OnTable>
void ForEachChild(const TableReference& table,
                  OnExpression on_expression,
                  OnQuery on_query,
                  OnTable on_table) {
  ChildWalk(on_expression, on_query, on_table).Of(table);
}

}  // namespace thalweg::sql::ast

#endif  // THALWEG_SQL_PARSER_AST_CHILDREN_H_
