// SPDX-License-Identifier: Apache-2.0
//
// Queries and tables as SQL.
#include <string>
#include <string_view>
#include <variant>

#include "sql/parser/unparse.h"
#include "sql/parser/unparse_impl.h"

namespace thalweg::sql {
namespace {

bool HasClauses(const ast::Query& query) {
  return !query.with.empty() || !query.order_by.empty() || query.limit != nullptr ||
         query.offset != nullptr;
}

}  // namespace

void SqlWriter::Write(const ast::Query& query) {
  if (!query.with.empty()) {
    Put("WITH ");
    List(query.with, [this](const ast::CommonTable& table) {
      Write(table.name);
      if (!table.columns.empty()) {
        Put(" (");
        List(table.columns);
        Put(")");
      }
      Put(" AS (");
      Write(*table.query);
      Put(")");
    });
    Put(" ");
  }
  std::visit([this](const auto& body) { Body(body); }, query.body);
  if (!query.order_by.empty()) {
    Put(" ORDER BY ");
    List(query.order_by);
  }
  if (query.limit != nullptr) {
    Put(" LIMIT ");
    Write(*query.limit);
  }
  if (query.offset != nullptr) {
    Put(" OFFSET ");
    Write(*query.offset);
  }
}

void SqlWriter::Body(const ast::QueryPtr& query) {
  Put("(");
  Write(*query);
  Put(")");
}

void SqlWriter::Body(const ast::Values& values) {
  Put("VALUES ");
  List(values.rows, [this](const std::vector<ast::ExpressionPtr>& row) {
    Put("(");
    List(row);
    Put(")");
  });
}

void SqlWriter::SetOperand(const ast::Query& query, bool right, const ast::SetOperation& parent) {
  const auto* child = query.As<ast::SetOperation>();
  const auto rank = [](const ast::SetOperation& operation) {
    return operation.op == ast::SetOperator::kIntersect ? 1 : 0;
  };
  const bool looser =
      child != nullptr && (right ? rank(*child) <= rank(parent) : rank(*child) < rank(parent));
  const bool enclosed = HasClauses(query) || looser;
  Put(enclosed ? "(" : "");
  Write(query);
  Put(enclosed ? ")" : "");
}

void SqlWriter::Body(const ast::SetOperation& operation) {
  SetOperand(*operation.left, /*right=*/false, operation);
  Put(operation.op == ast::SetOperator::kUnion    ? " UNION "
      : operation.op == ast::SetOperator::kExcept ? " EXCEPT "
                                                  : " INTERSECT ");
  Put(operation.all ? "ALL " : "");
  SetOperand(*operation.right, /*right=*/true, operation);
}

void SqlWriter::Body(const ast::Select& select) {
  Put("SELECT ");
  if (!select.hints.empty()) {
    Hints(select.hints);
    Put(" ");
  }
  Put(select.distinct ? "DISTINCT " : "");
  List(select.items, [this](const ast::SelectItem& item) {
    Write(*item.expression);
    if (item.alias) {
      Put(" AS ");
      Write(*item.alias);
    }
  });
  if (select.from != nullptr) {
    Put(" FROM ");
    Table(*select.from);
  }
  if (select.where != nullptr) {
    Put(" WHERE ");
    Write(*select.where);
  }
  if (!select.group_by.empty()) {
    Put(" GROUP BY ");
    List(select.group_by, [this](const ast::GroupingElement& element) { Grouping(element); });
  }
  if (select.having != nullptr) {
    Put(" HAVING ");
    Write(*select.having);
  }
  if (!select.windows.empty()) {
    Put(" WINDOW ");
    List(select.windows, [this](const ast::NamedWindow& window) {
      Write(window.name);
      Put(" AS ");
      Window(window.spec);
    });
  }
  if (select.qualify != nullptr) {
    Put(" QUALIFY ");
    Write(*select.qualify);
  }
}

void SqlWriter::Grouping(const ast::GroupingElement& element) {
  using Kind = ast::GroupingElement::Kind;
  if (element.kind == Kind::kExpressions) {
    const bool alone = element.expressions.size() == 1;
    Put(alone ? "" : "(");
    List(element.expressions);
    Put(alone ? "" : ")");
    return;
  }
  Put(element.kind == Kind::kRollup ? "ROLLUP ("
      : element.kind == Kind::kCube ? "CUBE ("
                                    : "GROUPING SETS (");
  List(element.elements, [this](const ast::GroupingElement& child) { Grouping(child); });
  Put(")");
}

void SqlWriter::Hints(const std::vector<ast::Hint>& hints) {
  Put("/*+ ");
  List(hints, [this](const ast::Hint& hint) {
    Write(hint.name);
    if (hint.options.empty()) {
      return;
    }
    Put("(");
    List(hint.options, [this](const ast::HintOption& option) {
      Put(QuoteString(option.key));
      if (option.value) {
        Put(" = " + QuoteString(*option.value));
      }
    });
    Put(")");
  });
  Put(" */");
}

void SqlWriter::Table(const ast::TableReference& table) {
  const auto* join = table.As<ast::Join>();
  const bool enclosed = join != nullptr && table.alias;
  Put(enclosed ? "(" : "");
  std::visit([this](const auto& node) { TableNode(node); }, table.node);
  Put(enclosed ? ")" : "");
  if (table.alias) {
    Put(" AS ");
    Write(*table.alias);
    if (!table.columns.empty()) {
      Put(" (");
      List(table.columns);
      Put(")");
    }
  }
}

void SqlWriter::TableNode(const ast::NamedTable& table) {
  Write(table.name);
  if (!table.hints.empty()) {
    Put(" ");
    Hints(table.hints);
  }
  if (table.system_time != nullptr) {
    Put(" FOR SYSTEM_TIME AS OF ");
    Write(*table.system_time, Precedence::kAdditive);
  }
}
void SqlWriter::TableNode(const ast::DerivedTable& table) {
  Put(table.lateral ? "LATERAL (" : "(");
  Write(*table.query);
  Put(")");
}
void SqlWriter::TableNode(const ast::TableFunction& table) {
  Put(table.lateral ? "LATERAL TABLE(" : "TABLE(");
  Write(*table.call);
  Put(")");
}
void SqlWriter::TableNode(const ast::Unnest& table) {
  Put("UNNEST(");
  List(table.collections);
  Put(table.with_ordinality ? ") WITH ORDINALITY" : ")");
}

void SqlWriter::TableNode(const ast::Join& join) {
  static constexpr std::string_view kWords[] = {
      "JOIN ", "LEFT JOIN ", "RIGHT JOIN ", "FULL JOIN ", "CROSS JOIN "};
  Table(*join.left);
  if (join.kind == ast::JoinKind::kComma) {
    Put(", ");
  } else {
    Put(join.natural ? " NATURAL " : " ");
    Put(kWords[static_cast<std::size_t>(join.kind)]);
  }
  // A join on the right side was in parentheses; a comma binds less than the words.
  const bool enclosed =
      join.right->As<ast::Join>() != nullptr && join.kind != ast::JoinKind::kComma;
  Put(enclosed ? "(" : "");
  Table(*join.right);
  Put(enclosed ? ")" : "");
  if (join.on != nullptr) {
    Put(" ON ");
    Write(*join.on);
  } else if (!join.using_columns.empty()) {
    Put(" USING (");
    List(join.using_columns);
    Put(")");
  }
}

void SqlWriter::TableNode(const ast::MatchRecognize& match) {
  const bool enclosed = match.input->As<ast::Join>() != nullptr && !match.input->alias;
  Put(enclosed ? "(" : "");
  Table(*match.input);
  Put(enclosed ? ")" : "");
  Put(" MATCH_RECOGNIZE (");
  PartitionAndOrder(match.partition_by, match.order_by);
  if (!match.measures.empty()) {
    Put(" MEASURES ");
    List(match.measures, [this](const ast::Measure& measure) {
      Write(*measure.expression);
      Put(" AS ");
      Write(measure.name);
    });
  }
  Put(match.all_rows ? " ALL ROWS PER MATCH" : " ONE ROW PER MATCH");
  switch (match.after_match) {
    case ast::AfterMatch::kDefault:
      break;
    case ast::AfterMatch::kNextRow:
      Put(" AFTER MATCH SKIP TO NEXT ROW");
      break;
    case ast::AfterMatch::kPastLastRow:
      Put(" AFTER MATCH SKIP PAST LAST ROW");
      break;
    case ast::AfterMatch::kToFirst:
    case ast::AfterMatch::kToLast:
      Put(match.after_match == ast::AfterMatch::kToFirst ? " AFTER MATCH SKIP TO FIRST "
                                                         : " AFTER MATCH SKIP TO LAST ");
      Write(*match.skip_to);
      break;
  }
  Put(" PATTERN (");
  Pattern(match.pattern);
  Put(")");
  if (match.within != nullptr) {
    Put(" WITHIN ");
    Write(*match.within);
  }
  Put(" DEFINE ");
  List(match.definitions, [this](const ast::PatternDefinition& definition) {
    Write(definition.variable);
    Put(" AS ");
    Write(*definition.condition);
  });
  Put(")");
}

void SqlWriter::Pattern(const ast::RowPattern& pattern) {
  using Kind = ast::RowPattern::Kind;
  if (pattern.kind == Kind::kVariable) {
    Write(pattern.variable);
    return;
  }
  const std::string_view between = pattern.kind == Kind::kAlternatives ? " | " : " ";
  for (std::size_t i = 0; i < pattern.children.size(); ++i) {
    const ast::RowPattern& child = pattern.children[i];
    const bool enclosed = child.kind == Kind::kAlternatives ||
                          (child.kind == Kind::kSequence && pattern.kind != Kind::kAlternatives) ||
                          (child.kind == Kind::kRepeat && pattern.kind == Kind::kRepeat);
    Put(i == 0 ? "" : between);
    Put(enclosed ? "(" : "");
    Pattern(child);
    Put(enclosed ? ")" : "");
  }
  if (pattern.kind == Kind::kRepeat) {
    Put("{" + std::to_string(pattern.min) + ",");
    Put((pattern.max ? std::to_string(*pattern.max) : "") + "}");
    Put(pattern.reluctant ? "?" : "");
  }
}

}  // namespace thalweg::sql
