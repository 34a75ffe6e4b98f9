// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_SQL_BINDER_EXPRESSION_BINDER_H_
#define THALWEG_SQL_BINDER_EXPRESSION_BINDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "sql/binder/scope.h"
#include "sql/expression/expression.h"
#include "sql/parser/ast.h"

namespace thalweg::sql {

/// An aggregate function as it is used in an expression, its parts over the columns of FROM.
struct AggregateUse {
  std::string function;
  ExprList arguments;
  bool distinct = false;
  ExprPtr filter;  // Null: none.
  columnar::DataType type = columnar::DataType::BigInt();

  std::string Digest() const;
};

/// ROW_NUMBER() OVER (PARTITION BY ... ORDER BY ...).
struct RowNumberUse {
  struct Order {
    ExprPtr value;
    bool descending = false;
    bool nulls_first = true;
  };
  ExprList partition_by;
  std::vector<Order> order_by;
  SourceSpan span;
};

/// A call of a group window of old, such as TUMBLE_START(ts, INTERVAL '1' HOUR), in SELECT.
enum class GroupWindowPart : std::uint8_t { kStart, kEnd, kRowtime, kProctime };
struct GroupWindowUse {
  GroupWindowPart part = GroupWindowPart::kStart;
  std::string digest;  // Of the window.
  SourceSpan span;
};

/// Columns that stand for what is computed elsewhere.
inline constexpr std::uint32_t kAggregateBase = 1U << 28U;
inline constexpr std::uint32_t kRowNumberBase = 2U << 28U;
inline constexpr std::uint32_t kGroupWindowBase = 3U << 28U;

/// Where an expression may use more than the columns of its scope; what it uses is added here, and
/// stands in the expression as a column kAggregateBase + i and so on.
struct Uses {
  std::vector<AggregateUse> aggregates;
  std::vector<RowNumberUse> row_numbers;
  std::vector<GroupWindowUse> group_windows;
};

/// Finds names, types, functions and implicit casts. Errors have a place.
class ExpressionBinder {
 public:
  /// `uses` null: aggregates and ROW_NUMBER are refused, as `place` ("WHERE") does not take them.
  ExpressionBinder(const Environment& environment,
                   const Scope& scope,
                   std::string_view place,
                   Uses* uses = nullptr)
      : environment_(environment), scope_(scope), place_(place), uses_(uses) {}

  StatusOr<ExprPtr> Bind(const ast::Expression& expression);
  StatusOr<ExprPtr> Bind(const ast::ExpressionPtr& expression) { return Bind(*expression); }
  /// The same, and it must be a BOOLEAN.
  StatusOr<ExprPtr> BindCondition(const ast::Expression& expression);

 private:
  StatusOr<ExprList> BindAll(const ast::ExpressionPtr* begin, std::size_t count);
  StatusOr<ExprList> BindAll(const std::vector<ast::ExpressionPtr>& expressions) {
    return BindAll(expressions.data(), expressions.size());
  }
  /// MakeTypedCall() with a place.
  StatusOr<ExprPtr> Typed(const std::string& function,
                          ExprList arguments,
                          SourceSpan span,
                          const std::optional<columnar::DataType>& wanted = std::nullopt);
  StatusOr<ExprPtr> Negated(StatusOr<ExprPtr> condition, bool negated, SourceSpan span);

  StatusOr<ExprPtr> BindOperation(const ast::Operation& operation, SourceSpan span);
  StatusOr<ExprPtr> BindBetween(const ast::Between& between, SourceSpan span);
  StatusOr<ExprPtr> BindIn(const ast::In& in, SourceSpan span);
  StatusOr<ExprPtr> BindLike(const ast::Like& like, SourceSpan span);
  StatusOr<ExprPtr> BindCase(const ast::Case& expression, SourceSpan span);
  StatusOr<ExprPtr> BindCast(const ast::Cast& cast, SourceSpan span);
  StatusOr<ExprPtr> BindCall(const ast::Call& call, SourceSpan span);
  StatusOr<ExprPtr> BindAggregate(const std::string& name, const ast::Call& call, SourceSpan span);
  StatusOr<ExprPtr> BindOver(const std::string& name, const ast::Call& call, SourceSpan span);
  StatusOr<ExprPtr> BindJson(const std::string& name, const ast::Call& call, SourceSpan span);
  StatusOr<ExprPtr> BindGroupWindowPart(const std::string& name,
                                        const ast::Call& call,
                                        SourceSpan span);
  StatusOr<ExprPtr> BindPlainCall(const std::string& name, const ast::Call& call, SourceSpan span);

  const Environment& environment_;
  const Scope& scope_;
  const std::string place_;
  Uses* const uses_;
  bool inside_aggregate_ = false;
};

/// Upper case, by which functions are found.
std::string FunctionName(const ast::QualifiedName& name);

/// The digest of a group window that is written as TUMBLE(time, size) and the like.
StatusOr<std::string> GroupWindowDigest(const Environment& environment,
                                        const Scope& scope,
                                        std::string_view kind,
                                        const ast::Call& call);

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_BINDER_EXPRESSION_BINDER_H_
