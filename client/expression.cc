// SPDX-License-Identifier: Apache-2.0
#include "client/expression.h"

#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <variant>

#include "columnar/type_proto.h"
#include "runtime/expr/function_registry.h"
#include "runtime/expr/literal.h"

namespace thalweg::client {

using columnar::DataType;
using columnar::Datum;

struct Expr::Node {
  struct Column {
    std::string name;
  };
  struct Constant {
    DataType type;
    Datum value;
  };
  struct Function {
    std::string name;
    std::vector<Expr> arguments;
    std::optional<DataType> target;  // Of CAST.
  };
  std::variant<Column, Constant, Function> kind;
};

namespace {

Expr Make(decltype(Expr::Node::kind) kind) {
  return Expr(std::make_shared<const Expr::Node>(Expr::Node{std::move(kind)}));
}

StatusOr<proto::Expression> ResolveColumn(const std::string& name, const columnar::Schema& schema) {
  const std::optional<std::size_t> index = schema.IndexOf(name);
  if (!index.has_value()) {
    return InvalidArgument("There is no column '" + name + "' in " + schema.ToString());
  }
  proto::Expression expression;
  columnar::ToProto(schema.type(*index), expression.mutable_type());
  expression.set_column(static_cast<std::uint32_t>(*index));
  return expression;
}

StatusOr<proto::Expression> ResolveConstant(const Expr::Node::Constant& constant) {
  proto::Expression expression;
  ASSIGN_OR_RETURN(*expression.mutable_literal(),
                   runtime::LiteralOf(constant.type, constant.value));
  columnar::ToProto(constant.type, expression.mutable_type());
  return expression;
}

StatusOr<proto::Expression> ResolveCall(const Expr::Node::Function& function,
                                        const columnar::Schema& schema) {
  proto::Expression expression;
  proto::Call& call = *expression.mutable_call();
  call.set_function(function.name);
  std::vector<DataType> types;
  for (const Expr& argument : function.arguments) {
    ASSIGN_OR_RETURN(*call.add_arguments(), Resolve(argument, schema));
    ASSIGN_OR_RETURN(const DataType type,
                     columnar::TypeFromProto(call.arguments().rbegin()->type()));
    types.push_back(type);
  }
  // Only CAST looks at the wanted type.
  const DataType wanted = function.target.value_or(DataType::Boolean());
  ASSIGN_OR_RETURN(const runtime::CallTypes resolved,
                   runtime::FunctionRegistry::Get().TypesOf(function.name, types, wanted));
  columnar::ToProto(resolved.result, expression.mutable_type());
  return expression;
}

}  // namespace

Expr Col(std::string name) {
  return Make(Expr::Node::Column{std::move(name)});
}

Expr Lit(bool value) {
  return Lit(DataType::Boolean().NotNull(), Datum(value));
}
Expr Lit(int value) {
  return Lit(DataType::Int().NotNull(), Datum(value));
}
Expr Lit(std::int64_t value) {
  const bool fits = value >= std::numeric_limits<std::int32_t>::min() &&
                    value <= std::numeric_limits<std::int32_t>::max();
  return Lit((fits ? DataType::Int() : DataType::BigInt()).NotNull(), Datum(value));
}
Expr Lit(double value) {
  return Lit(DataType::Double().NotNull(), Datum(value));
}
Expr Lit(std::string_view text) {
  return Lit(DataType::String().NotNull(), Datum(text));
}
Expr Lit(DataType type, Datum value) {
  return Make(Expr::Node::Constant{std::move(type), std::move(value)});
}

Expr Call(std::string function, std::vector<Expr> arguments) {
  return Make(Expr::Node::Function{std::move(function), std::move(arguments), std::nullopt});
}
Expr Cast(Expr value, DataType type) {
  return Make(Expr::Node::Function{"CAST", {std::move(value)}, std::move(type)});
}
Expr IsNull(Expr value) {
  return Call("IS NULL", {std::move(value)});
}
Expr IsNotNull(Expr value) {
  return Call("IS NOT NULL", {std::move(value)});
}
Expr Case(std::vector<Expr> branches, Expr otherwise) {
  branches.push_back(std::move(otherwise));
  return Call("CASE", std::move(branches));
}

Expr operator+(Expr a, Expr b) {
  return Call("+", {std::move(a), std::move(b)});
}
Expr operator-(Expr a, Expr b) {
  return Call("-", {std::move(a), std::move(b)});
}
Expr operator*(Expr a, Expr b) {
  return Call("*", {std::move(a), std::move(b)});
}
Expr operator/(Expr a, Expr b) {
  return Call("/", {std::move(a), std::move(b)});
}
Expr operator%(Expr a, Expr b) {
  return Call("%", {std::move(a), std::move(b)});
}
Expr operator==(Expr a, Expr b) {
  return Call("=", {std::move(a), std::move(b)});
}
Expr operator!=(Expr a, Expr b) {
  return Call("<>", {std::move(a), std::move(b)});
}
Expr operator<(Expr a, Expr b) {
  return Call("<", {std::move(a), std::move(b)});
}
Expr operator<=(Expr a, Expr b) {
  return Call("<=", {std::move(a), std::move(b)});
}
Expr operator>(Expr a, Expr b) {
  return Call(">", {std::move(a), std::move(b)});
}
Expr operator>=(Expr a, Expr b) {
  return Call(">=", {std::move(a), std::move(b)});
}
Expr operator&&(Expr a, Expr b) {
  return Call("AND", {std::move(a), std::move(b)});
}
Expr operator||(Expr a, Expr b) {
  return Call("OR", {std::move(a), std::move(b)});
}
Expr operator!(Expr a) {
  return Call("NOT", {std::move(a)});
}

StatusOr<proto::Expression> Resolve(const Expr& expression, const columnar::Schema& schema) {
  const auto& kind = expression.node().kind;
  if (const auto* column = std::get_if<Expr::Node::Column>(&kind)) {
    return ResolveColumn(column->name, schema);
  }
  if (const auto* constant = std::get_if<Expr::Node::Constant>(&kind)) {
    return ResolveConstant(*constant);
  }
  return ResolveCall(std::get<Expr::Node::Function>(kind), schema);
}

}  // namespace thalweg::client
