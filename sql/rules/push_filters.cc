// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>

#include "sql/rules/rules.h"

namespace thalweg::sql {
namespace {

/// A condition that would grow beyond this stays where it is.
constexpr std::uint32_t kMaxPushedSize = 4096;

RelPtr Push(const RelPtr& rel, ExprList conditions);

bool OnlyBelow(const Expr& condition, std::size_t bound) {
  const std::set<std::uint32_t> columns = ColumnsOf(condition);
  return columns.empty() || *columns.rbegin() < bound;
}

bool OnlyFrom(const Expr& condition, std::size_t bound) {
  const std::set<std::uint32_t> columns = ColumnsOf(condition);
  return !columns.empty() && *columns.begin() >= bound;
}

/// The values 1 to `limit` behind `offset` that conditions on a row number leave.
class RankBounds {
 public:
  explicit RankBounds(std::uint32_t column) : column_(column) {}

  /// Whether the condition is one on the number alone, and taken in.
  bool Take(const Expr& condition) {
    static constexpr std::pair<const char*, const char*> kMirrored[] = {
        {"<", ">"}, {"<=", ">="}, {">", "<"}, {">=", "<="}, {"=", "="}};
    if (condition.kind != Expr::Kind::kCall || condition.arguments.size() != 2) {
      return false;
    }
    for (const auto& [name, mirrored] : kMirrored) {
      if (condition.function != name) {
        continue;
      }
      const Expr& a = *condition.arguments[0];
      const Expr& b = *condition.arguments[1];
      if (IsNumber(a) && IsConstant(b)) {
        return Bound(name, b.value.integer());
      }
      if (IsConstant(a) && IsNumber(b)) {
        return Bound(mirrored, a.value.integer());
      }
    }
    return false;
  }

  std::int64_t low() const { return low_; }
  const std::optional<std::int64_t>& high() const { return high_; }

 private:
  bool IsNumber(const Expr& value) const { return value.is_column() && value.column == column_; }
  static bool IsConstant(const Expr& value) {
    return value.is_literal() && value.type.IsInteger() && !value.value.is_null();
  }

  bool Bound(std::string_view comparison, std::int64_t value) {
    if (comparison == "=") {
      Raise(value);
      Lower(value);
    } else if (comparison == "<=") {
      Lower(value);
    } else if (comparison == "<") {
      Lower(value - 1);
    } else if (comparison == ">=") {
      Raise(value);
    } else {
      Raise(value + 1);
    }
    return true;
  }
  void Raise(std::int64_t value) { low_ = std::max(low_, value); }
  void Lower(std::int64_t value) { high_ = std::min(high_.value_or(value), value); }

  const std::uint32_t column_;
  std::int64_t low_ = 1;
  std::optional<std::int64_t> high_;
};

class Pusher {
 public:
  Pusher(const RelPtr& rel, ExprList conditions) : rel_(rel), conditions_(std::move(conditions)) {}

  RelPtr Run() { return std::visit(*this, rel_->node); }

  RelPtr operator()(const Scan&) { return Above(rel_, conditions_); }
  RelPtr operator()(const ValuesRel&) { return Above(rel_, conditions_); }

  RelPtr operator()(const FilterRel& filter) {
    ExprList all = ConjunctsOf(filter.condition);
    all.insert(all.end(), conditions_.begin(), conditions_.end());
    return Push(rel_->input(), std::move(all));
  }

  RelPtr operator()(const ProjectRel& project) {
    ExprList below;
    ExprList above;
    for (const ExprPtr& condition : conditions_) {
      bool may = IsDeterministic(*condition);
      std::uint64_t size = condition->size;
      for (const std::uint32_t column : ColumnsOf(*condition)) {
        may = may && IsDeterministic(*project.expressions[column]);
        size += project.expressions[column]->size;
      }
      if (may && size <= kMaxPushedSize) {
        below.push_back(Substitute(condition, project.expressions));
      } else {
        above.push_back(condition);
      }
    }
    return Above(
        MakeProject(Push(rel_->input(), std::move(below)), project.expressions, NamesOf(*rel_)),
        above);
  }

  RelPtr operator()(const JoinRel& join) {
    const std::size_t width = rel_->input(0)->columns.size();
    const bool inner = join.kind == proto::JOIN_INNER;
    const bool semi = join.kind == proto::JOIN_SEMI;
    const bool anti = join.kind == proto::JOIN_ANTI;
    // Rows of a side that is padded with NULLs may not be dropped before the join.
    const bool left_kept = join.kind == proto::JOIN_LEFT || join.kind == proto::JOIN_FULL || anti;
    const bool right_kept = join.kind == proto::JOIN_RIGHT || join.kind == proto::JOIN_FULL;
    ExprList left;
    ExprList right;
    ExprList on;
    ExprList above;
    for (const ExprPtr& condition : ConjunctsOf(join.condition)) {
      if (!left_kept && OnlyBelow(*condition, width) && IsDeterministic(*condition) &&
          !ColumnsOf(*condition).empty()) {
        left.push_back(condition);
      } else if (!right_kept && OnlyFrom(*condition, width) && IsDeterministic(*condition)) {
        right.push_back(Shift(condition, -static_cast<std::int64_t>(width)));
      } else {
        on.push_back(condition);
      }
    }
    for (const ExprPtr& condition : conditions_) {
      if (!IsDeterministic(*condition)) {
        above.push_back(condition);
      } else if (OnlyBelow(*condition, width) &&
                 (inner || semi || anti || join.kind == proto::JOIN_LEFT)) {
        left.push_back(condition);
      } else if (OnlyFrom(*condition, width) && (inner || join.kind == proto::JOIN_RIGHT)) {
        right.push_back(Shift(Retyped(condition, *rel_), -static_cast<std::int64_t>(width)));
      } else if (inner) {
        on.push_back(condition);
      } else {
        above.push_back(condition);
      }
    }
    JoinRel pushed = join;
    pushed.condition = AllOf(on);
    return Above(MakeJoin(Push(rel_->input(0), std::move(left)),
                          Push(rel_->input(1), std::move(right)),
                          std::move(pushed)),
                 above);
  }

  RelPtr operator()(const AggregateRel& aggregate) {
    ExprList keys;
    for (const std::uint32_t key : aggregate.keys) {
      keys.push_back(ColumnOf(*rel_->input(), key));
    }
    return Split(keys.size(), keys, /*mapped=*/true);
  }

  RelPtr operator()(const WindowTableRel&) {
    return Split(rel_->input()->columns.size(), {}, /*mapped=*/false);
  }

  RelPtr operator()(const RowNumberRel& rank) {
    const auto number = static_cast<std::uint32_t>(rel_->input()->columns.size());
    RowNumberRel limited = rank;
    RankBounds bounds(number);
    ExprList below;
    ExprList above;
    ExprList on_number;
    for (const ExprPtr& condition : conditions_) {
      const std::set<std::uint32_t> columns = ColumnsOf(*condition);
      const bool on_keys = std::all_of(columns.begin(), columns.end(), [&](std::uint32_t column) {
        return std::find(rank.keys.begin(), rank.keys.end(), column) != rank.keys.end();
      });
      if (on_keys && !columns.empty() && IsDeterministic(*condition)) {
        below.push_back(condition);
      } else if (!rank.limit.has_value() && bounds.Take(*condition)) {
        on_number.push_back(condition);
      } else {
        above.push_back(condition);
      }
    }
    const bool top_n = bounds.high().has_value() && *bounds.high() >= bounds.low();
    if (top_n) {
      limited.offset = static_cast<std::uint64_t>(bounds.low() - 1);
      limited.limit = static_cast<std::uint64_t>(*bounds.high() - bounds.low() + 1);
    } else {
      above.insert(above.end(), on_number.begin(), on_number.end());
    }
    RelPtr result =
        MakeRowNumber(Push(rel_->input(), std::move(below)), limited, rel_->columns.back().name);
    if (top_n && *limited.limit == 1 && limited.emits_rank) {
      // The number is known.
      ExprList columns = ColumnsOf(*result);
      columns.back() = MakeLiteral(columns.back()->type,
                                   columnar::Datum(static_cast<std::int64_t>(bounds.low())));
      std::vector<std::string> names = NamesOf(*result);
      result = MakeProject(std::move(result), std::move(columns), std::move(names));
    }
    return Above(std::move(result), above);
  }

  RelPtr operator()(const UnionRel&) {
    std::vector<RelPtr> inputs;
    for (const RelPtr& input : rel_->inputs) {
      inputs.push_back(Push(input, conditions_));
    }
    return MakeUnion(std::move(inputs));
  }

  RelPtr operator()(const SortRel& sort) {
    if (sort.limit.has_value() || sort.offset != 0) {
      return Above(MakeSort(Push(rel_->input(), {}), sort), conditions_);
    }
    return MakeSort(Push(rel_->input(), conditions_), sort);
  }

 private:
  static RelPtr Above(RelPtr rel, const ExprList& conditions) {
    return MakeFilter(std::move(rel), AllOf(conditions));
  }

  /// Columns with the types that the relation gives them.
  static ExprPtr Retyped(const ExprPtr& condition, const Rel& rel) {
    return Rewrite(condition,
                   [&](const Expr& column) { return ColumnOf(rel, column.column, column.span); });
  }

  /// What is only over the first `count` columns goes below.
  RelPtr Split(std::size_t count, const ExprList& mapping, bool mapped) {
    ExprList below;
    ExprList above;
    for (const ExprPtr& condition : conditions_) {
      if (OnlyBelow(*condition, count) && !ColumnsOf(*condition).empty() &&
          IsDeterministic(*condition)) {
        below.push_back(mapped ? Substitute(condition, mapping) : condition);
      } else {
        above.push_back(condition);
      }
    }
    return Above(Rebuild(*rel_, {Push(rel_->input(), std::move(below))}), above);
  }

  const RelPtr& rel_;
  const ExprList conditions_;
};

RelPtr Push(const RelPtr& rel, ExprList conditions) {
  return Pusher(rel, std::move(conditions)).Run();
}

}  // namespace

RelPtr PushFilters(const RelPtr& rel) {
  return Push(rel, {});
}

}  // namespace thalweg::sql
