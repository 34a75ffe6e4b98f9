// SPDX-License-Identifier: Apache-2.0
//
// Calls as SQL.
#include <string>
#include <string_view>

#include "sql/parser/unparse_impl.h"

namespace thalweg::sql {
namespace {

std::string NameOf(const ast::Call& call) {
  if (call.function.parts.size() != 1 || call.function.parts[0].quoted) {
    return "";
  }
  std::string upper = call.function.parts[0].name;
  for (char& c : upper) {
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return upper;
}

const ast::Symbol* SymbolAt(const ast::Call& call, std::size_t i) {
  return i < call.arguments.size() ? call.arguments[i].value->As<ast::Symbol>() : nullptr;
}

}  // namespace

void SqlWriter::Node(const ast::Call& node) {
  // Functions are written as they were: LEFT(s, 2) is a call though LEFT is a keyword, and quotes
  // around TRIM make it another function.
  for (std::size_t i = 0; i < node.function.parts.size(); ++i) {
    const ast::Identifier& part = node.function.parts[i];
    Put(i == 0 ? "" : ".");
    Put(part.quoted ? InBackQuotes(part.name) : part.name);
  }
  if (!node.parenthesized) {
    return;
  }
  Put("(");
  if (!SpecialCall(node)) {
    Arguments(node);
  }
  Put(")");
  if (!node.within_group.empty()) {
    Put(" WITHIN GROUP (ORDER BY ");
    List(node.within_group);
    Put(")");
  }
  if (node.filter != nullptr) {
    Put(" FILTER (WHERE ");
    Write(*node.filter);
    Put(")");
  }
  Put(node.nulls == ast::NullTreatment::kRespect  ? " RESPECT NULLS"
      : node.nulls == ast::NullTreatment::kIgnore ? " IGNORE NULLS"
                                                  : "");
  if (node.over) {
    Put(" OVER ");
    Window(*node.over);
  }
}

void SqlWriter::Arguments(const ast::Call& call) {
  Put(call.distinct ? "DISTINCT " : "");
  List(call.arguments, [this](const ast::Argument& argument) {
    if (argument.name) {
      Write(*argument.name);
      Put(" => ");
    }
    Write(*argument.value);
  });
  if (!call.order_by.empty()) {
    Put(" ORDER BY ");
    List(call.order_by);
  }
  if (call.json) {
    Json(*call.json);
  }
}

/// Calls whose arguments are not a list.
bool SqlWriter::SpecialCall(const ast::Call& call) {
  const std::string name = NameOf(call);
  const auto argument = [&](std::size_t i) { Write(*call.arguments[i].value); };
  if (name == "EXTRACT" && SymbolAt(call, 0) != nullptr) {
    argument(0);
    Put(" FROM ");
    argument(1);
    return true;
  }
  if (name == "TRIM" && SymbolAt(call, 0) != nullptr) {
    argument(0);
    Put(" ");
    argument(1);
    Put(" FROM ");
    argument(2);
    return true;
  }
  if (name == "POSITION") {
    Write(*call.arguments[0].value, Precedence::kAdditive);
    Put(" IN ");
    argument(1);
    return true;
  }
  if (name == "OVERLAY") {
    argument(0);
    Put(" PLACING ");
    argument(1);
    Put(" FROM ");
    argument(2);
    if (call.arguments.size() > 3) {
      Put(" FOR ");
      argument(3);
    }
    return true;
  }
  if (SymbolAt(call, 1) != nullptr) {  // FLOOR, CEIL.
    argument(0);
    Put(" TO ");
    argument(1);
    return true;
  }
  if (name == "JSON_OBJECT" || name == "JSON_OBJECTAGG") {
    JsonArguments(call);
    return true;
  }
  return false;
}

void SqlWriter::JsonArguments(const ast::Call& call) {
  for (std::size_t i = 0; i + 1 < call.arguments.size(); i += 2) {
    Put(i == 0 ? "KEY " : ", KEY ");
    Write(*call.arguments[i].value);
    Put(" VALUE ");
    Write(*call.arguments[i + 1].value);
  }
  if (call.json) {
    Json(*call.json);
  }
}

void SqlWriter::Json(const ast::JsonBehavior& behavior) {
  static constexpr std::string_view kTexts[] = {
      "NULL", "ERROR", "DEFAULT ", "TRUE", "FALSE", "UNKNOWN", "EMPTY ARRAY", "EMPTY OBJECT"};
  Put(" ");
  Put(kTexts[static_cast<std::size_t>(behavior.fallback)]);
  if (behavior.default_value != nullptr) {
    Write(*behavior.default_value);
  }
}

void SqlWriter::Json(const ast::JsonClauses& clauses) {
  if (clauses.returning) {
    Put(" RETURNING " + clauses.returning->ToString());
  }
  if (clauses.wrapper) {
    Put(*clauses.wrapper == ast::JsonWrapper::kWithout       ? " WITHOUT ARRAY WRAPPER"
        : *clauses.wrapper == ast::JsonWrapper::kConditional ? " WITH CONDITIONAL ARRAY WRAPPER"
                                                             : " WITH UNCONDITIONAL ARRAY WRAPPER");
  }
  if (clauses.on_empty) {
    Json(*clauses.on_empty);
    Put(" ON EMPTY");
  }
  if (clauses.on_error) {
    Json(*clauses.on_error);
    Put(" ON ERROR");
  }
  if (clauses.on_null) {
    Put(*clauses.on_null == ast::JsonOnNull::kAbsent ? " ABSENT ON NULL" : " NULL ON NULL");
  }
}

void SqlWriter::PartitionAndOrder(const std::vector<ast::ExpressionPtr>& partition_by,
                                  const std::vector<ast::OrderItem>& order_by) {
  const auto space = [this] { Put(text_.back() == '(' ? "" : " "); };
  if (!partition_by.empty()) {
    space();
    Put("PARTITION BY ");
    List(partition_by);
  }
  if (!order_by.empty()) {
    space();
    Put("ORDER BY ");
    List(order_by);
  }
}

void SqlWriter::Window(const ast::WindowSpec& window) {
  if (window.bare) {
    Write(*window.base);
    return;
  }
  Put("(");
  if (window.base) {
    Write(*window.base);
  }
  PartitionAndOrder(window.partition_by, window.order_by);
  if (window.frame) {
    Put(text_.back() == '(' ? "" : " ");
    Put(window.frame->unit == ast::FrameUnit::kRows ? "ROWS BETWEEN " : "RANGE BETWEEN ");
    Bound(window.frame->start);
    Put(" AND ");
    Bound(window.frame->end);
  }
  Put(")");
}

void SqlWriter::Bound(const ast::FrameBound& bound) {
  if (bound.offset != nullptr) {
    Write(*bound.offset, Precedence::kAdditive);
  }
  switch (bound.kind) {
    case ast::FrameBoundKind::kUnboundedPreceding:
      return Put("UNBOUNDED PRECEDING");
    case ast::FrameBoundKind::kPreceding:
      return Put(" PRECEDING");
    case ast::FrameBoundKind::kCurrentRow:
      return Put("CURRENT ROW");
    case ast::FrameBoundKind::kFollowing:
      return Put(" FOLLOWING");
    case ast::FrameBoundKind::kUnboundedFollowing:
      return Put("UNBOUNDED FOLLOWING");
  }
}

}  // namespace thalweg::sql
