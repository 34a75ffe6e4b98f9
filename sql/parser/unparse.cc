// SPDX-License-Identifier: Apache-2.0
//
// Expressions as SQL.
#include "sql/parser/unparse.h"

#include <algorithm>
#include <variant>

#include "sql/parser/keywords.h"
#include "sql/parser/unparse_impl.h"

namespace thalweg::sql {
namespace {

std::string UpperOf(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return upper;
}

/// Words that begin something else than a name where an expression may stand.
bool StartsSomethingElse(std::string_view upper) {
  static constexpr std::string_view kWords[] = {"ARRAY",
                                                "CAST",
                                                "CURRENT_DATE",
                                                "CURRENT_TIME",
                                                "CURRENT_TIMESTAMP",
                                                "DATE",
                                                "INTERVAL",
                                                "LOCALTIME",
                                                "LOCALTIMESTAMP",
                                                "MAP",
                                                "PARTITION",
                                                "RANGE",
                                                "ROW",
                                                "ROWS",
                                                "TIME",
                                                "TIMESTAMP",
                                                "TRY_CAST",
                                                "UNNEST"};
  return std::find(std::begin(kWords), std::end(kWords), upper) != std::end(kWords);
}

/// A word that is a keyword behind, or in the place of, a table or column and thus needs quotes.
bool NeedsQuotes(std::string_view name) {
  const auto starts = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto continues = [&](char c) { return starts(c) || (c >= '0' && c <= '9'); };
  if (name.empty() || !starts(name[0]) || !std::all_of(name.begin(), name.end(), continues)) {
    return true;
  }
  const std::string upper = UpperOf(name);
  return EndsItem(upper) || StartsSomethingElse(upper);
}

Precedence TightnessOf(const ast::Expression& expression) {
  if (const auto* operation = expression.As<ast::Operation>()) {
    return PrecedenceOf(operation->op);
  }
  if (expression.As<ast::Between>() != nullptr || expression.As<ast::In>() != nullptr ||
      expression.As<ast::Like>() != nullptr) {
    return Precedence::kComparison;
  }
  const auto* number = expression.As<ast::NumberLiteral>();
  if (number != nullptr && number->text[0] == '-') {
    return Precedence::kUnary;
  }
  return Precedence::kPrimary;
}

}  // namespace

std::string QuoteIdentifier(std::string_view name) {
  return NeedsQuotes(name) ? InBackQuotes(name) : std::string(name);
}

std::string InBackQuotes(std::string_view name) {
  std::string quoted = "`";
  for (const char c : name) {
    quoted.append(c == '`' ? 2 : 1, c);
  }
  return quoted + '`';
}

std::string QuoteString(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    quoted.append(c == '\'' ? 2 : 1, c);
  }
  return quoted + '\'';
}

void SqlWriter::Write(const ast::Identifier& name) {
  Put(QuoteIdentifier(name.name));
}

void SqlWriter::Write(const ast::QualifiedName& name) {
  for (std::size_t i = 0; i < name.parts.size(); ++i) {
    Put(i == 0 ? "" : ".");
    Write(name.parts[i]);
  }
}

void SqlWriter::Write(const ast::Expression& expression, Precedence least) {
  const bool enclosed = TightnessOf(expression) < least;
  Put(enclosed ? "(" : "");
  std::visit([this](const auto& node) { Node(node); }, expression.node);
  Put(enclosed ? ")" : "");
}

void SqlWriter::List(const std::vector<ast::ExpressionPtr>& expressions) {
  List(expressions, [this](const ast::ExpressionPtr& each) { Write(*each); });
}

void SqlWriter::List(const std::vector<ast::Identifier>& names) {
  List(names, [this](const ast::Identifier& each) { Write(each); });
}

void SqlWriter::List(const std::vector<ast::OrderItem>& items) {
  List(items, [this](const ast::OrderItem& item) {
    Write(*item.expression);
    Put(item.direction == ast::SortDirection::kDescending ? " DESC" : "");
    Put(item.nulls == ast::NullOrder::kFirst  ? " NULLS FIRST"
        : item.nulls == ast::NullOrder::kLast ? " NULLS LAST"
                                              : "");
  });
}

void SqlWriter::Node(const ast::NullLiteral& /*node*/) {
  Put("NULL");
}
void SqlWriter::Node(const ast::BooleanLiteral& node) {
  Put(node.value ? "TRUE" : "FALSE");
}
void SqlWriter::Node(const ast::NumberLiteral& node) {
  Put(node.text);
}
void SqlWriter::Node(const ast::StringLiteral& node) {
  Put(QuoteString(node.value));
}
void SqlWriter::Node(const ast::BinaryLiteral& node) {
  static constexpr char kDigits[] = "0123456789abcdef";
  Put("X'");
  for (const char c : node.bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text_ += kDigits[byte >> 4];
    text_ += kDigits[byte & 0xF];
  }
  Put("'");
}
void SqlWriter::Node(const ast::DateLiteral& node) {
  Put("DATE " + QuoteString(node.text));
}
void SqlWriter::Node(const ast::TimeLiteral& node) {
  Put("TIME " + QuoteString(node.text));
}
void SqlWriter::Node(const ast::TimestampLiteral& node) {
  Put("TIMESTAMP " + QuoteString(node.text));
}
void SqlWriter::Node(const ast::IntervalLiteral& node) {
  Put(node.negative ? "INTERVAL -" : "INTERVAL ");
  Put(QuoteString(node.text) + ' ');
  Put(TextOf(node.from));
  if (node.to) {
    Put(" TO ");
    Put(TextOf(*node.to));
  }
}
void SqlWriter::Node(const ast::ColumnName& node) {
  Write(node.name);
}
void SqlWriter::Node(const ast::Star& node) {
  if (node.qualifier) {
    Write(*node.qualifier);
    Put(".");
  }
  Put("*");
}

void SqlWriter::Node(const ast::Operation& node) {
  using ast::Operator;
  const Precedence precedence = PrecedenceOf(node.op);
  const std::string op(TextOf(node.op));
  if (node.op == Operator::kNot) {
    Put("NOT ");
    Write(*node.operands[0], Precedence::kNot);
  } else if (node.op == Operator::kNegate || node.op == Operator::kPlus) {
    Put(op);
    // `--` would begin a comment, and -(5) is not the number -5.
    const bool number = node.operands[0]->As<ast::NumberLiteral>() != nullptr;
    Put(number ? "(" : "");
    Write(*node.operands[0], number ? Precedence::kLowest : Precedence::kPrimary);
    Put(number ? ")" : "");
  } else if (node.operands.size() == 1) {
    // `a = b IS NULL` is (a = b) IS NULL, but few know it.
    Write(*node.operands[0], Precedence::kAdditive);
    Put(' ' + op);
  } else {
    // A chain of AND or OR is one node: an operand that is one itself was in parentheses.
    const bool chain = node.op == Operator::kAnd || node.op == Operator::kOr;
    for (std::size_t i = 0; i < node.operands.size(); ++i) {
      Put(i == 0 ? "" : ' ' + op + ' ');
      Write(*node.operands[i], i > 0 || chain ? Above(precedence) : precedence);
    }
  }
}

void SqlWriter::Node(const ast::Between& node) {
  Write(*node.operand, Precedence::kAdditive);
  Put(node.negated ? " NOT BETWEEN " : " BETWEEN ");
  Put(node.symmetric ? "SYMMETRIC " : "");
  Write(*node.low, Precedence::kAdditive);
  Put(" AND ");
  Write(*node.high, Precedence::kAdditive);
}

void SqlWriter::Node(const ast::In& node) {
  Write(*node.operand, Precedence::kAdditive);
  Put(node.negated ? " NOT IN (" : " IN (");
  if (node.query != nullptr) {
    Write(*node.query);
  } else {
    List(node.list);
  }
  Put(")");
}

void SqlWriter::Node(const ast::Like& node) {
  Write(*node.operand, Precedence::kAdditive);
  Put(node.negated ? " NOT" : "");
  Put(node.kind == ast::PatternKind::kLike ? " LIKE " : " SIMILAR TO ");
  Write(*node.pattern, Precedence::kAdditive);
  if (node.escape != nullptr) {
    Put(" ESCAPE ");
    Write(*node.escape, Precedence::kAdditive);
  }
}

void SqlWriter::Node(const ast::Exists& node) {
  Put("EXISTS (");
  Write(*node.query);
  Put(")");
}
void SqlWriter::Node(const ast::ScalarQuery& node) {
  Put("(");
  Write(*node.query);
  Put(")");
}

void SqlWriter::Node(const ast::Case& node) {
  Put("CASE");
  if (node.operand != nullptr) {
    Put(" ");
    Write(*node.operand);
  }
  for (const ast::CaseBranch& branch : node.branches) {
    Put(" WHEN ");
    Write(*branch.when);
    Put(" THEN ");
    Write(*branch.then);
  }
  if (node.otherwise != nullptr) {
    Put(" ELSE ");
    Write(*node.otherwise);
  }
  Put(" END");
}

void SqlWriter::Node(const ast::Cast& node) {
  Put(node.safe ? "TRY_CAST(" : "CAST(");
  Write(*node.operand);
  Put(" AS " + node.type.ToString() + ')');
}
void SqlWriter::Node(const ast::ElementAt& node) {
  Write(*node.collection, Precedence::kPrimary);
  Put("[");
  Write(*node.index);
  Put("]");
}
void SqlWriter::Node(const ast::FieldAccess& node) {
  // A field of a name would be read as a part of the name, one of a number as its fraction.
  const auto* call = node.row->As<ast::Call>();
  const bool plain = (call != nullptr && call->parenthesized && !call->over) ||
                     node.row->As<ast::ElementAt>() != nullptr ||
                     node.row->As<ast::FieldAccess>() != nullptr;
  Put(plain ? "" : "(");
  Write(*node.row);
  Put(plain ? "." : ").");
  Write(node.field);
}
void SqlWriter::Node(const ast::RowConstructor& node) {
  Put(node.keyword ? "ROW(" : "(");
  List(node.fields);
  Put(")");
}
void SqlWriter::Node(const ast::ArrayConstructor& node) {
  Put("ARRAY[");
  List(node.elements);
  Put("]");
}
void SqlWriter::Node(const ast::MapConstructor& node) {
  Put("MAP[");
  List(node.entries);
  Put("]");
}
void SqlWriter::Node(const ast::Symbol& node) {
  Put(node.text);
}
void SqlWriter::Node(const ast::TableArgument& node) {
  Put("TABLE ");
  if (node.table) {
    Write(*node.table);
  } else {
    Put("(");
    Write(*node.query);
    Put(")");
  }
  if (!node.partition_by.empty()) {
    Put(" PARTITION BY (");
    List(node.partition_by);
    Put(")");
  }
  if (!node.order_by.empty()) {
    Put(" ORDER BY (");
    List(node.order_by);
    Put(")");
  }
}
void SqlWriter::Node(const ast::Descriptor& node) {
  Put("DESCRIPTOR(");
  List(node.columns);
  Put(")");
}

std::string ToSql(const ast::Expression& expression) {
  SqlWriter writer;
  writer.Write(expression);
  return writer.Take();
}
std::string ToSql(const ast::Query& query) {
  SqlWriter writer;
  writer.Write(query);
  return writer.Take();
}
std::string ToSql(const ast::QualifiedName& name) {
  SqlWriter writer;
  writer.Write(name);
  return writer.Take();
}
std::string ToSql(const ast::Identifier& name) {
  return QuoteIdentifier(name.name);
}

}  // namespace thalweg::sql
