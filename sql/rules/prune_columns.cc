// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/check.h"
#include "sql/rules/rules.h"

namespace thalweg::sql {
namespace {

using columnar::DataType;

/// Columns, or fields inside ROW columns, that somebody reads.
using Demand = std::set<ScanPath>;

/// A relation that gives all that was demanded, and in which column each of it is.
struct Pruned {
  RelPtr rel;
  std::map<ScanPath, std::uint32_t> place;
};

Pruned Prune(const RelPtr& rel, const Demand& demand);

ScanPath Whole(std::uint32_t column) {
  return {.column = column, .fields = {}};
}

/// The path that a chain of FIELD over a column is.
std::optional<ScanPath> PathOf(const Expr& expression) {
  if (expression.is_column()) {
    return Whole(expression.column);
  }
  if (!expression.is_call("FIELD")) {
    return std::nullopt;
  }
  std::optional<ScanPath> path = PathOf(*expression.arguments[0]);
  if (path.has_value()) {
    path->fields.push_back(static_cast<std::uint32_t>(expression.arguments[1]->value.integer()));
  }
  return path;
}

void AddPaths(const Expr& expression, Demand* demand) {
  if (std::optional<ScanPath> path = PathOf(expression); path.has_value()) {
    demand->insert(*std::move(path));
    return;
  }
  for (const ExprPtr& argument : expression.arguments) {
    AddPaths(*argument, demand);
  }
}

/// The expression over what a pruned relation gives.
ExprPtr Over(const Pruned& input, const ExprPtr& expression) {
  if (const std::optional<ScanPath> path = PathOf(*expression); path.has_value()) {
    return ColumnOf(*input.rel, input.place.at(*path), expression->span);
  }
  if (expression->is_literal()) {
    return expression;
  }
  ExprList arguments;
  for (const ExprPtr& argument : expression->arguments) {
    arguments.push_back(Over(input, argument));
  }
  return MakeCall(expression->function, std::move(arguments), expression->type, expression->span);
}

ExprPtr FieldOf(ExprPtr row, std::uint32_t field) {
  if (row->is_call("ROW")) {
    return row->arguments[field];
  }
  const DataType& inner = row->type.fields()[field].type;
  const DataType type = inner.WithNullable(inner.nullable() || row->type.nullable());
  return MakeCall("FIELD",
                  {std::move(row), MakeLiteral(DataType::Int().NotNull(), columnar::Datum(field))},
                  type);
}

ExprPtr At(ExprPtr value, const std::vector<std::uint32_t>& fields) {
  for (const std::uint32_t field : fields) {
    value = FieldOf(std::move(value), field);
  }
  return value;
}

std::string NameOf(const Rel& rel, const ScanPath& path) {
  std::string name = rel.columns[path.column].name;
  DataType type = rel.columns[path.column].type;
  for (const std::uint32_t field : path.fields) {
    const columnar::Field inner = type.fields()[field];
    name += "." + inner.name;
    type = inner.type;
  }
  return name;
}

/// For nodes that give whole columns: `place` tells where each is; fields are taken above.
Pruned FromWhole(RelPtr rel,
                 const std::map<std::uint32_t, std::uint32_t>& place,
                 const Demand& demand) {
  Pruned pruned;
  ExprList columns = ColumnsOf(*rel);
  std::vector<std::string> names = NamesOf(*rel);
  for (const ScanPath& path : demand) {
    const std::uint32_t column = place.at(path.column);
    if (path.fields.empty()) {
      pruned.place[path] = column;
      continue;
    }
    pruned.place[path] = static_cast<std::uint32_t>(columns.size());
    names.push_back(NameOf(*rel, {.column = column, .fields = path.fields}));
    columns.push_back(At(ColumnOf(*rel, column), path.fields));
  }
  pruned.rel = columns.size() == rel->columns.size()
                   ? std::move(rel)
                   : MakeProject(std::move(rel), std::move(columns), std::move(names));
  return pruned;
}

/// Just what is demanded, for readers that keep rows: what a condition needed is not for them.
Pruned Trimmed(Pruned pruned) {
  std::set<std::uint32_t> wanted;
  for (const auto& [path, column] : pruned.place) {
    wanted.insert(column);
  }
  if (wanted.empty() || wanted.size() == pruned.rel->columns.size()) {
    return pruned;
  }
  ExprList columns;
  std::vector<std::string> names;
  std::map<std::uint32_t, std::uint32_t> moved;
  for (const std::uint32_t column : wanted) {
    moved[column] = static_cast<std::uint32_t>(columns.size());
    columns.push_back(ColumnOf(*pruned.rel, column));
    names.push_back(pruned.rel->columns[column].name);
  }
  for (auto& [path, column] : pruned.place) {
    column = moved.at(column);
  }
  pruned.rel = MakeProject(std::move(pruned.rel), std::move(columns), std::move(names));
  return pruned;
}

/// Of what an input gives, only what is asked of it here: a node may give more places than that.
Pruned PruneToDemand(const RelPtr& rel, const Demand& demand) {
  Pruned pruned = Prune(rel, demand);
  std::erase_if(pruned.place, [&](const auto& entry) { return !demand.contains(entry.first); });
  return Trimmed(std::move(pruned));
}

class Pruner {
 public:
  Pruner(const RelPtr& rel, const Demand& demand) : rel_(*rel), demand_(demand) {}

  Pruned Run() { return std::visit(*this, rel_.node); }

  Pruned operator()(const Scan& scan) {
    Pruned pruned;
    std::vector<ScanPath> paths;
    for (const ScanPath& path : demand_) {
      ScanPath whole = scan.paths[path.column];
      whole.fields.insert(whole.fields.end(), path.fields.begin(), path.fields.end());
      pruned.place[path] = static_cast<std::uint32_t>(paths.size());
      paths.push_back(std::move(whole));
    }
    if (paths.empty()) {
      paths.push_back(Cheapest(scan));
    }
    pruned.rel = MakeScan(scan.table, scan.options, std::move(paths));
    return pruned;
  }

  Pruned operator()(const ValuesRel& values) {
    std::set<std::uint32_t> kept = WholeColumns();
    if (kept.empty()) {
      kept.insert(0);
    }
    std::vector<ExprList> rows(values.rows.size());
    std::vector<RelColumn> columns;
    std::map<std::uint32_t, std::uint32_t> place;
    for (const std::uint32_t column : kept) {
      place[column] = static_cast<std::uint32_t>(columns.size());
      columns.push_back(rel_.columns[column]);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i].push_back(values.rows[i][column]);
      }
    }
    return FromWhole(MakeValues(std::move(rows), std::move(columns)), place, demand_);
  }

  Pruned operator()(const ProjectRel& project) {
    ExprList expressions;
    std::vector<std::string> names;
    Pruned pruned;
    Demand below;
    for (const ScanPath& path : demand_) {
      pruned.place[path] = static_cast<std::uint32_t>(expressions.size());
      expressions.push_back(At(project.expressions[path.column], path.fields));
      names.push_back(NameOf(rel_, path));
      AddPaths(*expressions.back(), &below);
    }
    if (expressions.empty()) {
      expressions.push_back(MakeLiteral(DataType::Int().NotNull(), columnar::Datum(0)));
      names.emplace_back("ZERO");
    }
    const Pruned input = Prune(rel_.input(), below);
    for (ExprPtr& expression : expressions) {
      expression = Over(input, expression);
    }
    pruned.rel = MakeProject(input.rel, std::move(expressions), std::move(names));
    return pruned;
  }

  Pruned operator()(const FilterRel& filter) {
    Demand below = demand_;
    AddPaths(*filter.condition, &below);
    Pruned input = Prune(rel_.input(), below);
    input.rel = MakeFilter(input.rel, Over(input, filter.condition));
    return input;
  }

  Pruned operator()(const JoinRel& join) {
    const auto width = static_cast<std::uint32_t>(rel_.input(0)->columns.size());
    Demand both = demand_;
    if (join.condition != nullptr) {
      AddPaths(*join.condition, &both);
    }
    Demand left_demand;
    Demand right_demand;
    for (const ScanPath& path : both) {
      if (path.column < width) {
        left_demand.insert(path);
      } else {
        right_demand.insert({.column = path.column - width, .fields = path.fields});
      }
    }
    const Pruned left = PruneToDemand(rel_.input(0), left_demand);
    const Pruned right = PruneToDemand(rel_.input(1), right_demand);
    Pruned pruned;
    for (const auto& [path, column] : left.place) {
      pruned.place[path] = column;
    }
    const auto new_width = static_cast<std::uint32_t>(left.rel->columns.size());
    for (const auto& [path, column] : right.place) {
      pruned.place[{.column = path.column + width, .fields = path.fields}] = column + new_width;
    }
    JoinRel joined = join;
    if (join.condition != nullptr) {
      joined.condition = OverJoined(pruned, left, right, join.condition);
    }
    pruned.rel = MakeJoin(left.rel, right.rel, std::move(joined));
    return pruned;
  }

  Pruned operator()(const AggregateRel& aggregate) {
    const auto key_count = static_cast<std::uint32_t>(aggregate.keys.size());
    const auto call_count = static_cast<std::uint32_t>(aggregate.calls.size());
    AggregateRel kept = aggregate;
    kept.calls.clear();
    std::map<std::uint32_t, std::uint32_t> place;
    std::vector<std::string> names;
    for (std::uint32_t i = 0; i < key_count; ++i) {
      place[i] = i;
      names.push_back(rel_.columns[i].name);
    }
    const std::set<std::uint32_t> wanted = WholeColumns();
    for (std::uint32_t i = 0; i < call_count; ++i) {
      // Something must be left to group by, or to compute.
      const bool last_chance = key_count == 0 && i + 1 == call_count && kept.calls.empty();
      if (wanted.contains(key_count + i) || last_chance) {
        place[key_count + i] = static_cast<std::uint32_t>(names.size());
        names.push_back(rel_.columns[key_count + i].name);
        kept.calls.push_back(aggregate.calls[i]);
      }
    }
    for (std::uint32_t i = 0; i < 3; ++i) {
      place[key_count + call_count + i] = static_cast<std::uint32_t>(names.size() + i);
    }
    Demand below;
    for (const std::uint32_t key : kept.keys) {
      below.insert(Whole(key));
    }
    for (const AggregateCallRel& call : kept.calls) {
      for (const std::uint32_t argument : call.arguments) {
        below.insert(Whole(argument));
      }
      if (call.filter.has_value()) {
        below.insert(Whole(*call.filter));
      }
    }
    if (kept.time_column.has_value()) {
      below.insert(Whole(*kept.time_column));
    } else if (kept.window != nullptr) {
      below.insert(Whole(kept.window_start));
      below.insert(Whole(kept.window_end));
    }
    const Pruned input = Prune(rel_.input(), below);
    const auto move = [&](std::uint32_t* column) { *column = input.place.at(Whole(*column)); };
    for (std::uint32_t& key : kept.keys) {
      move(&key);
    }
    for (AggregateCallRel& call : kept.calls) {
      for (std::uint32_t& argument : call.arguments) {
        move(&argument);
      }
      if (call.filter.has_value()) {
        move(&*call.filter);
      }
    }
    if (kept.time_column.has_value()) {
      move(&*kept.time_column);
    } else if (kept.window != nullptr) {
      move(&kept.window_start);
      move(&kept.window_end);
    }
    return FromWhole(MakeAggregate(input.rel, std::move(kept), std::move(names)), place, demand_);
  }

  Pruned operator()(const WindowTableRel& window) {
    const auto width = static_cast<std::uint32_t>(rel_.input()->columns.size());
    Demand below = Below(width);
    below.insert(Whole(window.time_column));
    Pruned input = Prune(rel_.input(), below);
    WindowTableRel moved = window;
    moved.time_column = input.place.at(Whole(window.time_column));
    const auto new_width = static_cast<std::uint32_t>(input.rel->columns.size());
    input.rel = MakeWindowTable(input.rel, std::move(moved));
    for (std::uint32_t i = 0; i < 3; ++i) {
      input.place[Whole(width + i)] = new_width + i;
    }
    return input;
  }

  Pruned operator()(const RowNumberRel& rank) {
    const auto width = static_cast<std::uint32_t>(rel_.input()->columns.size());
    Demand below = Below(width);
    for (const std::uint32_t key : rank.keys) {
      below.insert(Whole(key));
    }
    for (const OrderKey& key : rank.order) {
      below.insert(Whole(key.column));
    }
    Pruned input = PruneToDemand(rel_.input(), below);
    RowNumberRel moved = rank;
    for (std::uint32_t& key : moved.keys) {
      key = input.place.at(Whole(key));
    }
    for (OrderKey& key : moved.order) {
      key.column = input.place.at(Whole(key.column));
    }
    moved.emits_rank = rank.emits_rank && demand_.contains(Whole(width));
    // Without a limit the number is what it is there for, and its absence is told later.
    moved.emits_rank |= !rank.limit.has_value();
    const auto new_width = static_cast<std::uint32_t>(input.rel->columns.size());
    if (moved.emits_rank) {
      input.place[Whole(width)] = new_width;
    }
    input.rel = MakeRowNumber(input.rel, std::move(moved), rel_.columns.back().name);
    return input;
  }

  Pruned operator()(const UnionRel&) {
    Demand wanted = demand_;
    if (wanted.empty()) {
      wanted.insert(Whole(0));
    }
    Pruned pruned;
    std::vector<RelPtr> inputs;
    for (const RelPtr& input : rel_.inputs) {
      const Pruned one = Prune(input, wanted);
      ExprList columns;
      std::vector<std::string> names;
      for (const ScanPath& path : wanted) {
        pruned.place[path] = static_cast<std::uint32_t>(columns.size());
        columns.push_back(ColumnOf(*one.rel, one.place.at(path)));
        names.push_back(NameOf(rel_, path));
      }
      inputs.push_back(MakeProject(one.rel, std::move(columns), std::move(names)));
    }
    pruned.rel = MakeUnion(std::move(inputs));
    return pruned;
  }

  Pruned operator()(const SortRel& sort) {
    Demand below = demand_;
    for (const OrderKey& key : sort.order) {
      below.insert(Whole(key.column));
    }
    Pruned input = Prune(rel_.input(), below);
    SortRel moved = sort;
    for (OrderKey& key : moved.order) {
      key.column = input.place.at(Whole(key.column));
    }
    input.rel = MakeSort(input.rel, std::move(moved));
    return input;
  }

 private:
  std::set<std::uint32_t> WholeColumns() const {
    std::set<std::uint32_t> columns;
    for (const ScanPath& path : demand_) {
      columns.insert(path.column);
    }
    return columns;
  }

  Demand Below(std::uint32_t width) const {
    Demand below;
    for (const ScanPath& path : demand_) {
      if (path.column < width) {
        below.insert(path);
      }
    }
    return below;
  }

  /// The condition of a join, whose node is not made yet.
  static ExprPtr OverJoined(const Pruned& joined,
                            const Pruned& left,
                            const Pruned& right,
                            const ExprPtr& expression) {
    if (const std::optional<ScanPath> path = PathOf(*expression); path.has_value()) {
      const std::uint32_t column = joined.place.at(*path);
      const auto width = static_cast<std::uint32_t>(left.rel->columns.size());
      const DataType& type =
          column < width ? left.rel->columns[column].type : right.rel->columns[column - width].type;
      return MakeColumn(column, type, expression->span);
    }
    if (expression->is_literal()) {
      return expression;
    }
    ExprList arguments;
    for (const ExprPtr& argument : expression->arguments) {
      arguments.push_back(OverJoined(joined, left, right, argument));
    }
    return MakeCall(expression->function, std::move(arguments), expression->type, expression->span);
  }

  /// What to read when only the number of rows counts.
  static ScanPath Cheapest(const Scan& scan) {
    std::optional<ScanPath> physical;
    for (const ScanPath& path : scan.paths) {
      const TableColumn& column = scan.table->columns[path.column];
      if (column.kind == ast::ColumnKind::kComputed) {
        continue;
      }
      const columnar::Physical kind = column.type.physical();
      if (kind < columnar::Physical::kString) {
        return path;
      }
      if (!physical.has_value()) {
        physical = path;
      }
    }
    return physical.has_value() ? *physical : scan.paths[0];
  }

  const Rel& rel_;
  const Demand& demand_;
};

Pruned Prune(const RelPtr& rel, const Demand& demand) {
  return Pruner(rel, demand).Run();
}

}  // namespace

RelPtr PruneColumns(const RelPtr& rel) {
  Demand all;
  for (std::uint32_t i = 0; i < rel->columns.size(); ++i) {
    all.insert(Whole(i));
  }
  const Pruned pruned = Prune(rel, all);
  ExprList columns;
  for (const ScanPath& path : all) {
    columns.push_back(ColumnOf(*pruned.rel, pruned.place.at(path)));
  }
  return MakeProject(pruned.rel, std::move(columns), NamesOf(*rel));
}

}  // namespace thalweg::sql
