// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/expression_text.h"

#include <cctype>

#include "columnar/text.h"
#include "columnar/type_proto.h"

namespace thalweg::runtime {
namespace {

std::string TypeText(const proto::DataType& type) {
  const auto known = columnar::TypeFromProto(type);
  return known.ok() ? known->Nullable().ToString() : "unknown type";
}

std::string LiteralText(const proto::Expression& expression) {
  const proto::Literal& literal = expression.literal();
  switch (literal.value_case()) {
    case proto::Literal::kBoolean:
      return literal.boolean() ? "TRUE" : "FALSE";
    case proto::Literal::kInteger:
      return std::to_string(literal.integer());
    case proto::Literal::kReal: {
      std::string text;
      columnar::AppendDouble(literal.real(), &text);
      return text;
    }
    case proto::Literal::kText:
      return "'" + literal.text() + "'";
    case proto::Literal::kBinary:
      return "<" + std::to_string(literal.binary().size()) + " bytes>";
    case proto::Literal::kDecimal:
      return literal.decimal();
    case proto::Literal::VALUE_NOT_SET:
      break;
  }
  return "NULL";
}

bool IsSymbol(const std::string& function) {
  return !function.empty() && std::isalpha(static_cast<unsigned char>(function[0])) == 0;
}

std::string CallText(const proto::Expression& expression, std::span<const std::string> columns) {
  const proto::Call& call = expression.call();
  const std::string& name = call.function();
  const auto argument = [&](int i) { return ToText(call.arguments(i), columns); };
  const int count = call.arguments_size();
  if (name == "CAST" && count == 1) {
    return "CAST(" + argument(0) + " AS " + TypeText(expression.type()) + ")";
  }
  if ((name == "IS NULL" || name == "IS NOT NULL") && count == 1) {
    return "(" + argument(0) + " " + name + ")";
  }
  const bool infix = (IsSymbol(name) || name == "AND" || name == "OR") && count > 1;
  std::string text = infix ? "(" : name + "(";
  for (int i = 0; i < count; ++i) {
    text += (i == 0 ? "" : infix ? " " + name + " " : ", ") + argument(i);
  }
  return text + ")";
}

}  // namespace

std::string ToText(const proto::Expression& expression, std::span<const std::string> columns) {
  switch (expression.node_case()) {
    case proto::Expression::kColumn:
      return expression.column() < columns.size() ? columns[expression.column()]
                                                  : "#" + std::to_string(expression.column());
    case proto::Expression::kLiteral:
      return LiteralText(expression);
    case proto::Expression::kCall:
      return CallText(expression, columns);
    case proto::Expression::NODE_NOT_SET:
      break;
  }
  return "nothing";
}

}  // namespace thalweg::runtime
