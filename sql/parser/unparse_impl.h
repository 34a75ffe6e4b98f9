// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_SQL_PARSER_UNPARSE_IMPL_H_
#define THALWEG_SQL_PARSER_UNPARSE_IMPL_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sql/parser/ast.h"
#include "sql/parser/parser_impl.h"

namespace thalweg::sql {

/// `name`, with quotes whether it needs them or not.
std::string InBackQuotes(std::string_view name);

/// Writes trees as SQL, each piece behind the last.
class SqlWriter {
 public:
  void Write(const ast::Identifier& name);
  void Write(const ast::QualifiedName& name);
  void Write(const ast::Query& query);
  /// In parentheses when it binds less tightly than `least`.
  void Write(const ast::Expression& expression, Precedence least = Precedence::kLowest);

  std::string Take() { return std::move(text_); }

 private:
  void Put(std::string_view text) { text_ += text; }
  template <class Range, class Each>
  void List(const Range& range, Each each) {
    bool first = true;
    for (const auto& item : range) {
      Put(first ? "" : ", ");
      first = false;
      each(item);
    }
  }
  void List(const std::vector<ast::ExpressionPtr>& expressions);
  void List(const std::vector<ast::Identifier>& names);
  void List(const std::vector<ast::OrderItem>& items);
  void PartitionAndOrder(const std::vector<ast::ExpressionPtr>& partition_by,
                         const std::vector<ast::OrderItem>& order_by);

  void Node(const ast::NullLiteral& node);
  void Node(const ast::BooleanLiteral& node);
  void Node(const ast::NumberLiteral& node);
  void Node(const ast::StringLiteral& node);
  void Node(const ast::BinaryLiteral& node);
  void Node(const ast::DateLiteral& node);
  void Node(const ast::TimeLiteral& node);
  void Node(const ast::TimestampLiteral& node);
  void Node(const ast::IntervalLiteral& node);
  void Node(const ast::ColumnName& node);
  void Node(const ast::Star& node);
  void Node(const ast::Call& node);
  void Node(const ast::Operation& node);
  void Node(const ast::Between& node);
  void Node(const ast::In& node);
  void Node(const ast::Like& node);
  void Node(const ast::Exists& node);
  void Node(const ast::ScalarQuery& node);
  void Node(const ast::Case& node);
  void Node(const ast::Cast& node);
  void Node(const ast::ElementAt& node);
  void Node(const ast::FieldAccess& node);
  void Node(const ast::RowConstructor& node);
  void Node(const ast::ArrayConstructor& node);
  void Node(const ast::MapConstructor& node);
  void Node(const ast::Symbol& node);
  void Node(const ast::TableArgument& node);
  void Node(const ast::Descriptor& node);

  bool SpecialCall(const ast::Call& call);
  void Arguments(const ast::Call& call);
  void JsonArguments(const ast::Call& call);
  void Json(const ast::JsonClauses& clauses);
  void Json(const ast::JsonBehavior& behavior);
  void Window(const ast::WindowSpec& window);
  void Bound(const ast::FrameBound& bound);

  void Body(const ast::Select& select);
  void Body(const ast::Values& values);
  void Body(const ast::SetOperation& operation);
  void Body(const ast::QueryPtr& query);
  void SetOperand(const ast::Query& query, bool right, const ast::SetOperation& parent);
  void Grouping(const ast::GroupingElement& element);
  void Hints(const std::vector<ast::Hint>& hints);

  void Table(const ast::TableReference& table);
  void TableNode(const ast::NamedTable& table);
  void TableNode(const ast::DerivedTable& table);
  void TableNode(const ast::TableFunction& table);
  void TableNode(const ast::Unnest& table);
  void TableNode(const ast::Join& join);
  void TableNode(const ast::MatchRecognize& match);
  void Pattern(const ast::RowPattern& pattern);

  std::string text_;
};

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_PARSER_UNPARSE_IMPL_H_
