// SPDX-License-Identifier: Apache-2.0
//
// Each function on rows of values: flat and constant arguments, NULLs, the edges of types.
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/datum.h"
#include "runtime/expr/aggregate.h"
#include "runtime/expr/expr_test_util.h"

namespace thalweg::runtime {
namespace {

using columnar::DataType;
using columnar::Datum;
using columnar::SchemaPtr;
using ::testing::HasSubstr;
using ::thalweg::testing::BatchOf;

SchemaPtr Numbers() {
  return columnar::Schema::Make({{"i", DataType::Int()},
                                 {"l", DataType::BigInt()},
                                 {"d", DataType::Double()},
                                 {"m", DataType::Decimal(10, 2)},
                                 {"s", DataType::String()},
                                 {"b", DataType::Boolean()},
                                 {"h", DataType::SmallInt()}});
}

class FunctionsTest : public ::testing::Test {
 protected:
  proto::Expression Col(const std::string& name) const { return C(schema_, name); }
  std::string Of(const proto::Expression& expression) const { return Evaluate(expression, batch_); }
  proto::Expression CastTo(const DataType& type, const proto::Expression& value) const {
    return F("CAST", {value}, type);
  }

  const SchemaPtr schema_ = Numbers();
  const columnar::Batch batch_ =
      BatchOf(schema_,
              "[7, 100, 2.5, 1.25, 'Straße 1', TRUE, 300] "
              "[-2147483648, -9223372036854775808, -0.0, -99999999.99, '', FALSE, -32768] "
              "[NULL, NULL, NULL, NULL, NULL, NULL, NULL]");
};

TEST_F(FunctionsTest, IntegersWrapAround) {
  EXPECT_EQ(Of(F("-", {Col("i"), L(DataType::Int().NotNull(), 1)})), "6, 2147483647, NULL");
  EXPECT_EQ(Of(F("*", {Col("l"), L(-1)})), "-100, -9223372036854775808, NULL");
  EXPECT_EQ(Of(F("*", {Col("h"), Col("h")})), "24464, 0, NULL");
  EXPECT_EQ(Of(F("ABS", {Col("i")})), "7, -2147483648, NULL");
  EXPECT_EQ(Of(F("/", {Col("l"), L(-1)})), "-100, -9223372036854775808, NULL");
  EXPECT_EQ(Of(F("%", {Col("l"), L(-1)})), "0, 0, NULL");
}

TEST_F(FunctionsTest, MixedNumbersMeetInTheWiderType) {
  EXPECT_EQ(TypeOf(F("+", {Col("i"), Col("l")})), DataType::BigInt());
  EXPECT_EQ(TypeOf(F("+", {Col("i"), Col("d")})), DataType::Double());
  EXPECT_EQ(TypeOf(F("*", {Col("m"), Col("d")})), DataType::Double());
  EXPECT_EQ(TypeOf(F("*", {Col("m"), Col("m")})), DataType::Decimal(21, 4));
  EXPECT_EQ(TypeOf(F("+", {Col("m"), Col("i")})), DataType::Decimal(13, 2));
  EXPECT_EQ(Of(F("+", {Col("i"), Col("l")})), "107, 9223372034707292160, NULL");
  EXPECT_EQ(Of(F("+", {Col("i"), Col("d")})), "9.5, -2.147483648E9, NULL");
}

TEST_F(FunctionsTest, DivisionCutsIntegersAndFailsOnZero) {
  EXPECT_EQ(Of(F("/", {Col("i"), L(DataType::Int().NotNull(), 2)})), "3, -1073741824, NULL");
  EXPECT_EQ(Of(F("/", {Col("d"), L(0)})), "Infinity, NaN, NULL");
  EXPECT_THAT(Of(F("/", {L(1), F("-", {Col("l"), L(100)})})),
              HasSubstr("Division by zero for '1', '0' in (1 / (l - 100))"));
  EXPECT_THAT(Of(F("/", {Col("m"), F("-", {Col("m"), Col("m")})})), HasSubstr("Division by zero"));
  EXPECT_EQ(Of(F("MOD", {Col("i"), L(DataType::Int().NotNull(), 4)})), "3, 0, NULL");
  EXPECT_EQ(TypeOf(F("MOD", {Col("l"), Col("i")})), DataType::Int());
}

TEST_F(FunctionsTest, DecimalsAreExact) {
  EXPECT_EQ(Of(F("*", {Col("m"), Col("m")})), "1.5625, 9999999998000000.0001, NULL");
  EXPECT_EQ(Of(F("+", {Col("m"), Col("i")})), "8.25, -2247483647.99, NULL");
  EXPECT_EQ(Of(F("-", {Col("m"), L(DataType::Decimal(3, 1).NotNull(), 5)})),
            "0.75, -100000000.49, NULL");
}

TEST_F(FunctionsTest, ComparisonsKnowNullAndNaN) {
  EXPECT_EQ(Of(F("<", {Col("i"), Col("l")})), "TRUE, FALSE, NULL");
  EXPECT_EQ(Of(F("=", {Col("m"), L(DataType::Decimal(4, 3).NotNull(), 1250)})),
            "TRUE, FALSE, NULL");
  EXPECT_EQ(Of(F("=", {Col("d"), L(0)})), "FALSE, TRUE, NULL");
  const proto::Expression nan = F("/", {Col("d"), F("-", {Col("d"), Col("d")})});
  EXPECT_EQ(Of(F("=", {nan, nan})), "TRUE, FALSE, NULL");
  EXPECT_EQ(Of(F(">=", {Col("s"), L(DataType::String().NotNull(), "Straß")})), "TRUE, FALSE, NULL");
  EXPECT_EQ(Of(F("<>", {Col("s"), Col("s")})), "FALSE, FALSE, NULL");
  EXPECT_EQ(Of(F("IS NULL", {Col("s")})), "FALSE, FALSE, TRUE");
  EXPECT_EQ(Of(F("IS NOT NULL", {Col("s")})), "TRUE, TRUE, FALSE");
  EXPECT_EQ(Of(F("=", {Col("i"), L(DataType::Int(), Datum())})), "NULL, NULL, NULL");
}

TEST_F(FunctionsTest, TextIsUnicode) {
  EXPECT_EQ(Of(F("UPPER", {Col("s")})), "STRASSE 1, , NULL");
  EXPECT_EQ(Of(F("LOWER", {L(DataType::String().NotNull(), "ÄPFEL, A RATHER LONG TEXT")})),
            "äpfel, a rather long text, äpfel, a rather long text, äpfel, a rather long text");
  EXPECT_EQ(Of(F("CHAR_LENGTH", {Col("s")})), "8, 0, NULL");
}

TEST_F(FunctionsTest, CastsNarrowAsJavaDoes) {
  EXPECT_EQ(Of(CastTo(DataType::TinyInt(), Col("i"))), "7, 0, NULL");
  EXPECT_EQ(Of(CastTo(DataType::Int(), L(DataType::Double().NotNull(), 3e10))),
            "2147483647, 2147483647, 2147483647");
  EXPECT_EQ(Of(CastTo(DataType::BigInt(), Col("d"))), "2, 0, NULL");
  EXPECT_EQ(Of(CastTo(DataType::Int(), Col("m"))), "1, -99999999, NULL");
  EXPECT_EQ(Of(CastTo(DataType::Decimal(3, 1), Col("m"))), "1.3, NULL, NULL");
  EXPECT_EQ(Of(CastTo(DataType::Decimal(20, 1), Col("d"))), "2.5, 0.0, NULL");
  EXPECT_EQ(Of(CastTo(DataType::Int(), Col("b"))), "1, 0, NULL");
  EXPECT_EQ(Of(CastTo(DataType::Boolean(), Col("i"))), "TRUE, TRUE, NULL");
}

TEST_F(FunctionsTest, CastsReadAndWriteText) {
  EXPECT_EQ(Of(CastTo(DataType::String(), Col("d"))), "2.5, -0.0, NULL");
  EXPECT_EQ(Of(CastTo(DataType::VarChar(3), Col("s"))), "Str, , NULL");
  EXPECT_EQ(Of(CastTo(DataType::Char(3), Col("b"))), "TRU, FAL, NULL");
  EXPECT_EQ(Of(CastTo(DataType::BigInt(), CastTo(DataType::String(), Col("l")))),
            "100, -9223372036854775808, NULL");
  EXPECT_THAT(Of(CastTo(DataType::Int(), Col("s"))), HasSubstr("Straße 1"));
}

TEST_F(FunctionsTest, CastsOfTimeKeepTheMoment) {
  const SchemaPtr schema = columnar::Schema::Make(
      {{"t", DataType::Timestamp(3)}, {"n", DataType::Timestamp(9)}, {"d", DataType::Date()}});
  const columnar::Batch batch =
      BatchOf(schema, "['1969-12-31 23:59:59.999', '2020-01-01 00:00:00.123456789', '1970-01-02']");
  EXPECT_EQ(Evaluate(F("CAST", {C(schema, "t")}, DataType::Date()), batch), "1969-12-31");
  EXPECT_EQ(Evaluate(F("CAST", {C(schema, "n")}, DataType::Timestamp(3)), batch),
            "2020-01-01 00:00:00.123");
  EXPECT_EQ(Evaluate(F("CAST", {C(schema, "t")}, DataType::Timestamp(9)), batch),
            "1969-12-31 23:59:59.999000000");
  EXPECT_EQ(Evaluate(F("<", {C(schema, "t"), C(schema, "n")}), batch), "TRUE");
  EXPECT_EQ(Evaluate(F("CAST", {C(schema, "d")}, DataType::Timestamp(0)), batch),
            "1970-01-02 00:00:00");
}

TEST(FunctionRegistryTest, TellsWhatAFunctionTakes) {
  const FunctionRegistry& registry = FunctionRegistry::Get();
  const std::vector<DataType> types = {DataType::String(), DataType::Int()};
  const auto refused = registry.TypesOf("+", types, DataType::Boolean());
  EXPECT_EQ(MessageOf(refused.status()),
            "number + number does not take (STRING, INT): both must be numbers");
  EXPECT_THAT(std::string(MessageOf(registry.TypesOf("NOPE", types, types[0]).status())),
              HasSubstr("No function is named 'NOPE'"));
  EXPECT_THAT(std::string(MessageOf(registry.TypesOf("ABS", types, types[0]).status())),
              HasSubstr("wrong number of arguments"));
}

TEST(FunctionRegistryTest, EveryFunctionIsDocumented) {
  for (const ScalarFunction* function : FunctionRegistry::Get().All()) {
    EXPECT_FALSE(function->signature.empty()) << function->name;
    EXPECT_TRUE(function->documentation.ends_with(".")) << function->name;
    EXPECT_LE(function->min_arguments, function->max_arguments) << function->name;
  }
  for (const AggregateFunction& function : AllAggregates()) {
    EXPECT_FALSE(function.signature.empty()) << function.name;
    EXPECT_TRUE(function.documentation.ends_with(".")) << function.name;
  }
}

}  // namespace
}  // namespace thalweg::runtime
