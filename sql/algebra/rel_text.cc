// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "runtime/expr/expression_text.h"
#include "sql/algebra/rel.h"

namespace thalweg::sql {
namespace {

std::string NamesAt(const std::vector<std::uint32_t>& columns, const Rel& input) {
  std::string text;
  for (const std::uint32_t column : columns) {
    text += (text.empty() ? "" : ", ") + input.columns[column].name;
  }
  return text;
}

std::string OrderText(const std::vector<OrderKey>& order, const Rel& input) {
  std::string text;
  for (const OrderKey& key : order) {
    text += (text.empty() ? "" : ", ") + input.columns[key.column].name +
            (key.descending ? " DESC" : "");
  }
  return text;
}

std::string LimitText(std::uint64_t offset, const std::optional<std::uint64_t>& limit) {
  std::string text;
  if (offset != 0) {
    text += ", offset " + std::to_string(offset);
  }
  if (limit.has_value()) {
    text += ", limit " + std::to_string(*limit);
  }
  return text;
}

std::string CallText(const AggregateCallRel& call, const Rel& input) {
  std::string text = call.function + "(" + (call.distinct ? "DISTINCT " : "");
  text += call.arguments.empty() ? "*" : NamesAt(call.arguments, input);
  text += ")";
  if (call.filter.has_value()) {
    text += " FILTER (" + input.columns[*call.filter].name + ")";
  }
  return text;
}

const char* KindText(proto::JoinKind kind) {
  switch (kind) {
    case proto::JOIN_LEFT:
      return "LeftJoin";
    case proto::JOIN_RIGHT:
      return "RightJoin";
    case proto::JOIN_FULL:
      return "FullJoin";
    case proto::JOIN_SEMI:
      return "SemiJoin";
    case proto::JOIN_ANTI:
      return "AntiJoin";
    default:
      return "Join";
  }
}

struct Describer {
  const Rel& rel;

  std::string operator()(const Scan& scan) const {
    std::string text = "Scan " + scan.table->path.object + "(";
    for (std::size_t i = 0; i < rel.columns.size(); ++i) {
      text += (i == 0 ? "" : ", ") + rel.columns[i].name;
    }
    return text + ")";
  }
  std::string operator()(const ValuesRel& values) const {
    return "Values(" + std::to_string(values.rows.size()) + " rows)";
  }
  std::string operator()(const ProjectRel& project) const {
    std::string text = "Project(";
    for (std::size_t i = 0; i < project.expressions.size(); ++i) {
      const std::string expression = ToText(*project.expressions[i], rel.input()->columns);
      text += (i == 0 ? "" : ", ") + expression;
      if (expression != rel.columns[i].name) {
        text += " AS " + rel.columns[i].name;
      }
    }
    return text + ")";
  }
  std::string operator()(const FilterRel& filter) const {
    return "Filter(" + ToText(*filter.condition, rel.input()->columns) + ")";
  }
  std::string operator()(const JoinRel& join) const {
    std::vector<RelColumn> both = rel.input(0)->columns;
    both.insert(both.end(), rel.input(1)->columns.begin(), rel.input(1)->columns.end());
    return std::string(KindText(join.kind)) + "(" +
           (join.condition == nullptr ? "all pairs" : ToText(*join.condition, both)) + ")";
  }
  std::string operator()(const AggregateRel& aggregate) const {
    std::string text = aggregate.window == nullptr ? "Aggregate(" : "WindowAggregate(";
    if (aggregate.window != nullptr) {
      text += aggregate.window->ToString() + ", ";
    }
    text += "by: " + NamesAt(aggregate.keys, *rel.input());
    for (const AggregateCallRel& call : aggregate.calls) {
      text += ", " + CallText(call, *rel.input());
    }
    return text + ")";
  }
  std::string operator()(const WindowTableRel& window) const {
    return "WindowTable(" + window.window->ToString() + " on " +
           rel.input()->columns[window.time_column].name + ")";
  }
  std::string operator()(const RowNumberRel& rank) const {
    return std::string(rank.limit.has_value() ? "Rank" : "RowNumber") +
           "(by: " + NamesAt(rank.keys, *rel.input()) +
           ", order: " + OrderText(rank.order, *rel.input()) + LimitText(rank.offset, rank.limit) +
           (rank.emits_rank ? ", with number)" : ")");
  }
  std::string operator()(const UnionRel&) const { return "UnionAll"; }
  std::string operator()(const SortRel& sort) const {
    return "Sort(" + OrderText(sort.order, *rel.input()) + LimitText(sort.offset, sort.limit) + ")";
  }
};

void Append(const Rel& rel, std::size_t depth, std::string* text) {
  *text += std::string(depth * 2, ' ') + std::visit(Describer{rel}, rel.node) + "\n";
  for (const RelPtr& input : rel.inputs) {
    Append(*input, depth + 1, text);
  }
}

}  // namespace

std::string ToText(const Rel& rel) {
  std::string text;
  Append(rel, 0, &text);
  return text;
}

std::string ToText(const Expr& expression, const std::vector<RelColumn>& columns) {
  const StatusOr<proto::Expression> proto = ToProto(expression);
  if (!proto.ok()) {
    return DigestOf(expression);
  }
  std::vector<std::string> names;
  for (const RelColumn& column : columns) {
    names.push_back(column.name);
  }
  return runtime::ToText(*proto, names);
}

}  // namespace thalweg::sql
