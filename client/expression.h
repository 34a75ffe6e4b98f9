// SPDX-License-Identifier: Apache-2.0
//
// Expressions as a C++ program writes them. They have names and no types until a stream resolves
// them against its columns.
//
//   bids.Filter(Col("price") > Lit(100) && !IsNull(Col("bidder")))
#ifndef THALWEG_CLIENT_EXPRESSION_H_
#define THALWEG_CLIENT_EXPRESSION_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "columnar/datum.h"
#include "columnar/type.h"
#include "proto/plan.pb.h"

namespace thalweg::client {

/// An immutable tree; copies share it.
class Expr {
 public:
  struct Node;
  explicit Expr(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
  const Node& node() const { return *node_; }

 private:
  std::shared_ptr<const Node> node_;
};

/// A column of the stream, by name.
Expr Col(std::string name);

/// A constant. Integers are INT when they fit, else BIGINT; text is STRING.
Expr Lit(bool value);
Expr Lit(int value);
Expr Lit(std::int64_t value);
Expr Lit(double value);
Expr Lit(std::string_view text);
inline Expr Lit(const char* text) {
  return Lit(std::string_view(text));
}
/// A constant of any type but ROW, ARRAY and MAP; a null Datum gives a typed NULL.
Expr Lit(columnar::DataType type, columnar::Datum value);

/// A function of the registry, by its canonical name. Arguments are cast implicitly where the
/// function's type rule says so.
Expr Call(std::string function, std::vector<Expr> arguments);
Expr Cast(Expr value, columnar::DataType type);
Expr IsNull(Expr value);
Expr IsNotNull(Expr value);
/// CASE WHEN conditions[0] THEN ... ELSE otherwise END. `branches`: condition, value, condition,
/// value, ...
Expr Case(std::vector<Expr> branches, Expr otherwise);

Expr operator+(Expr a, Expr b);
Expr operator-(Expr a, Expr b);
Expr operator*(Expr a, Expr b);
Expr operator/(Expr a, Expr b);
Expr operator%(Expr a, Expr b);
Expr operator==(Expr a, Expr b);
Expr operator!=(Expr a, Expr b);
Expr operator<(Expr a, Expr b);
Expr operator<=(Expr a, Expr b);
Expr operator>(Expr a, Expr b);
Expr operator>=(Expr a, Expr b);
Expr operator&&(Expr a, Expr b);  // Three-valued, and never short-circuits in C++.
Expr operator||(Expr a, Expr b);
Expr operator!(Expr a);

/// Finds columns, types and implicit casts. kInvalidArgument: no such column or function, or types
/// that it does not take.
StatusOr<proto::Expression> Resolve(const Expr& expression, const columnar::Schema& schema);

}  // namespace thalweg::client

#endif  // THALWEG_CLIENT_EXPRESSION_H_
