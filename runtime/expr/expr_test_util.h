// SPDX-License-Identifier: Apache-2.0
//
// Expressions in few words, for the tests of this folder.
#ifndef THALWEG_RUNTIME_EXPR_EXPR_TEST_UTIL_H_
#define THALWEG_RUNTIME_EXPR_EXPR_TEST_UTIL_H_

#include <string>
#include <vector>

#include "base/check.h"
#include "columnar/text.h"
#include "columnar/type_proto.h"
#include "runtime/expr/function_registry.h"
#include "runtime/expr/literal.h"
#include "runtime/expr/program.h"
#include "tests/testing/changelog_text.h"

namespace thalweg::runtime {

inline columnar::DataType TypeOf(const proto::Expression& expression) {
  const auto type = columnar::TypeFromProto(expression.type());
  CHECK_OK(type);
  return *type;
}

/// A column by name.
inline proto::Expression C(const columnar::SchemaPtr& schema, const std::string& name) {
  const std::size_t column = *schema->IndexOf(name);
  proto::Expression expression;
  columnar::ToProto(schema->type(column), expression.mutable_type());
  expression.set_column(static_cast<std::uint32_t>(column));
  return expression;
}

/// A constant.
inline proto::Expression L(const columnar::DataType& type, const columnar::Datum& value) {
  proto::Expression expression;
  columnar::ToProto(type, expression.mutable_type());
  const auto literal = LiteralOf(type, value);
  CHECK_OK(literal);
  *expression.mutable_literal() = *literal;
  return expression;
}
inline proto::Expression L(std::int64_t value) {
  return L(columnar::DataType::BigInt().NotNull(), columnar::Datum(value));
}

/// A call whose type is what the registry says.
inline proto::Expression F(const std::string& function,
                           const std::vector<proto::Expression>& arguments,
                           const columnar::DataType& wanted = columnar::DataType::Boolean()) {
  proto::Expression expression;
  std::vector<columnar::DataType> types;
  for (const proto::Expression& argument : arguments) {
    *expression.mutable_call()->add_arguments() = argument;
    types.push_back(TypeOf(argument));
  }
  expression.mutable_call()->set_function(function);
  const auto resolved = FunctionRegistry::Get().TypesOf(function, types, wanted);
  CHECK_OK(resolved);
  columnar::ToProto(resolved->result, expression.mutable_type());
  return expression;
}

/// The results of all rows as text, or the error.
inline std::string Evaluate(const proto::Expression& expression, const columnar::Batch& batch) {
  const auto program = Program::Compile(expression, *batch.schema());
  if (!program.ok()) {
    return std::string(MessageOf(program.status()));
  }
  const auto columns = program->Evaluate(batch);
  if (!columns.ok()) {
    return std::string(MessageOf(columns.status()));
  }
  CHECK_EQ((*columns)[0]->length(), batch.row_count());
  std::string text;
  for (std::size_t row = 0; row < batch.row_count(); ++row) {
    text += (row == 0 ? "" : ", ") + columnar::TextAt(*(*columns)[0], row);
  }
  return text;
}

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_EXPR_TEST_UTIL_H_
