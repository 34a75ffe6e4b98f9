// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "runtime/expr/type_rules.h"
#include "sql/rules/rules.h"

namespace thalweg::sql {
namespace {

using columnar::DataType;

/// One side of a join with columns added for keys that are computed.
class Side {
 public:
  explicit Side(RelPtr rel)
      : rel_(std::move(rel)), columns_(ColumnsOf(*rel_)), names_(NamesOf(*rel_)) {}

  std::uint32_t Add(const ExprPtr& key) {
    if (key->is_column()) {
      return key->column;
    }
    for (std::size_t i = rel_->columns.size(); i < columns_.size(); ++i) {
      if (DigestOf(*columns_[i]) == DigestOf(*key)) {
        return static_cast<std::uint32_t>(i);
      }
    }
    columns_.push_back(key);
    names_.push_back("$key" + std::to_string(columns_.size()));
    return static_cast<std::uint32_t>(columns_.size() - 1);
  }

  std::size_t original_width() const { return rel_->columns.size(); }
  std::size_t width() const { return columns_.size(); }
  const DataType& type(std::uint32_t column) const { return columns_[column]->type; }
  RelPtr Finish() const {
    return width() == original_width() ? rel_ : MakeProject(rel_, columns_, names_);
  }

 private:
  RelPtr rel_;
  ExprList columns_;
  std::vector<std::string> names_;
};

bool IsEquality(const Expr& condition) {
  return condition.is_call("=") || condition.is_call("IS NOT DISTINCT FROM");
}

bool AllBelow(const Expr& value, std::size_t bound) {
  const std::set<std::uint32_t> columns = ColumnsOf(value);
  return !columns.empty() && *columns.rbegin() < bound;
}
bool AllFrom(const Expr& value, std::size_t bound) {
  const std::set<std::uint32_t> columns = ColumnsOf(value);
  return !columns.empty() && *columns.begin() >= bound;
}

RelPtr Normalize(const RelPtr& rel, const JoinRel& join) {
  Side left(rel->input(0));
  Side right(rel->input(1));
  const std::size_t width = left.original_width();
  struct Key {
    std::uint32_t left;
    std::uint32_t right;
    std::string function;
    DataType type;
  };
  std::vector<Key> keys;
  ExprList residual;
  for (const ExprPtr& condition : ConjunctsOf(join.condition)) {
    if (!IsEquality(*condition)) {
      residual.push_back(condition);
      continue;
    }
    ExprPtr a = condition->arguments[0];
    ExprPtr b = condition->arguments[1];
    if (AllFrom(*a, width) && AllBelow(*b, width)) {
      std::swap(a, b);
    }
    const std::vector<DataType> types = {a->type, b->type};
    const auto common = runtime::CommonType(types);
    if (!AllBelow(*a, width) || !AllFrom(*b, width) || !common.has_value() ||
        !IsDeterministic(*condition) || a->type.kind() == columnar::TypeKind::kMap) {
      residual.push_back(condition);
      continue;
    }
    b = Shift(b, -static_cast<std::int64_t>(width));
    if (!runtime::SameType(a->type, b->type) && !(a->type.IsCharacter() && b->type.IsCharacter())) {
      a = MakeCast(a, common->WithNullable(a->type.nullable()));
      b = MakeCast(b, common->WithNullable(b->type.nullable()));
    }
    const std::uint32_t left_key = left.Add(a);
    const std::uint32_t right_key = right.Add(b);
    keys.push_back({left_key, right_key, condition->function, condition->type});
  }
  if (keys.empty()) {
    const ExprPtr zero = MakeLiteral(DataType::Int().NotNull(), columnar::Datum(0));
    const std::uint32_t left_key = left.Add(zero);
    const std::uint32_t right_key = right.Add(zero);
    keys.push_back({left_key, right_key, "=", DataType::Boolean().NotNull()});
  }
  if (left.width() == width && right.width() == right.original_width()) {
    return rel;
  }
  const auto shift = static_cast<std::int64_t>(left.width()) - static_cast<std::int64_t>(width);
  JoinRel normal = join;
  ExprList conditions;
  for (const Key& key : keys) {
    conditions.push_back(MakeCall(
        key.function,
        {MakeColumn(key.left, left.type(key.left)),
         MakeColumn(static_cast<std::uint32_t>(left.width() + key.right), right.type(key.right))},
        key.type));
  }
  for (const ExprPtr& condition : residual) {
    conditions.push_back(Rewrite(condition, [&](const Expr& column) -> ExprPtr {
      if (column.column < width) {
        return nullptr;
      }
      return MakeColumn(
          static_cast<std::uint32_t>(column.column + shift), column.type, column.span);
    }));
  }
  normal.condition = AllOf(conditions);
  const bool right_too = join.kind != proto::JOIN_SEMI && join.kind != proto::JOIN_ANTI;
  RelPtr joined = MakeJoin(left.Finish(), right.Finish(), std::move(normal));
  ExprList columns;
  for (std::size_t i = 0; i < rel->columns.size(); ++i) {
    columns.push_back(
        ColumnOf(*joined, i < width || !right_too ? i : i + static_cast<std::size_t>(shift)));
  }
  return MakeProject(std::move(joined), std::move(columns), NamesOf(*rel));
}

}  // namespace

RelPtr NormalizeJoins(const RelPtr& rel) {
  RelPtr result = WithInputs(rel, NormalizeJoins);
  const auto* join = result->As<JoinRel>();
  return join == nullptr ? result : Normalize(result, *join);
}

}  // namespace thalweg::sql
