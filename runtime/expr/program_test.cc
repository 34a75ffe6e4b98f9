// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/program.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "columnar/batch_builder.h"
#include "columnar/column.h"
#include "columnar/datum.h"
#include "runtime/expr/expr_test_util.h"
#include "runtime/expr/expression_text.h"
#include "runtime/expr/predicate.h"
#include "runtime/expr/typed_graph.h"

namespace thalweg::runtime {
namespace {

using columnar::DataType;
using columnar::Datum;
using columnar::SchemaPtr;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::thalweg::testing::BatchOf;

SchemaPtr Pairs() {
  return columnar::Schema::Make({{"a", DataType::BigInt()},
                                 {"b", DataType::BigInt()},
                                 {"s", DataType::String()},
                                 {"p", DataType::Boolean()},
                                 {"q", DataType::Boolean()}});
}

proto::Expression Col(const std::string& name) {
  return C(Pairs(), name);
}
proto::Expression Ratio() {
  return F("/", {Col("a"), Col("b")});
}

TEST(ProgramTest, AndOrKnowThreeValues) {
  const columnar::Batch batch = BatchOf(Pairs(),
                                        "[0, 0, '', TRUE, TRUE] [0, 0, '', TRUE, FALSE] "
                                        "[0, 0, '', TRUE, NULL] [0, 0, '', FALSE, TRUE] "
                                        "[0, 0, '', FALSE, FALSE] [0, 0, '', FALSE, NULL] "
                                        "[0, 0, '', NULL, TRUE] [0, 0, '', NULL, FALSE] "
                                        "[0, 0, '', NULL, NULL]");
  EXPECT_EQ(Evaluate(F("AND", {Col("p"), Col("q")}), batch),
            "TRUE, FALSE, NULL, FALSE, FALSE, FALSE, NULL, FALSE, NULL");
  EXPECT_EQ(Evaluate(F("OR", {Col("p"), Col("q")}), batch),
            "TRUE, TRUE, TRUE, TRUE, FALSE, NULL, TRUE, NULL, NULL");
  EXPECT_EQ(Evaluate(F("NOT", {Col("q")}), batch),
            "FALSE, TRUE, NULL, FALSE, TRUE, NULL, FALSE, TRUE, NULL");
  // The same by the lazy way: a right side that could fail.
  const auto lazy = [](const std::string& name) {
    const DataType string = DataType::String();
    return F("CAST", {F("CAST", {Col(name)}, string)}, DataType::Boolean());
  };
  EXPECT_EQ(Evaluate(F("AND", {Col("p"), lazy("q")}), batch),
            "TRUE, FALSE, NULL, FALSE, FALSE, FALSE, NULL, FALSE, NULL");
  EXPECT_EQ(Evaluate(F("OR", {Col("p"), lazy("q")}), batch),
            "TRUE, TRUE, TRUE, TRUE, FALSE, NULL, TRUE, NULL, NULL");
}

TEST(ProgramTest, BranchesAreEvaluatedOnlyForRowsThatNeedThem) {
  const columnar::Batch batch =
      BatchOf(Pairs(), "[6, 3, '', TRUE, NULL] [5, 0, '', FALSE, NULL] [NULL, 0, '', NULL, NULL]");
  const proto::Expression safe = F("<>", {Col("b"), L(0)});
  EXPECT_EQ(Evaluate(F("AND", {safe, F(">", {Ratio(), L(1)})}), batch), "TRUE, FALSE, FALSE");
  EXPECT_EQ(Evaluate(F("OR", {F("=", {Col("b"), L(0)}), F(">", {Ratio(), L(1)})}), batch),
            "TRUE, TRUE, TRUE");
  EXPECT_EQ(Evaluate(F("CASE", {safe, Ratio(), L(-1)}), batch), "2, -1, -1");
  EXPECT_THAT(Evaluate(Ratio(), batch), HasSubstr("Division by zero for '5', '0' in (a / b)"));
}

TEST(ProgramTest, CaseTakesTheFirstConditionThatIsTrue) {
  const columnar::Batch batch = BatchOf(
      Pairs(),
      "[1, 0, 'x', NULL, TRUE] [2, 0, 'a rather long text', TRUE, TRUE] [3, 0, NULL, FALSE, NULL]");
  const proto::Expression text = L(DataType::String().NotNull(), "neither");
  EXPECT_EQ(
      Evaluate(F("CASE", {Col("p"), Col("s"), Col("q"), text, L(DataType::String(), Datum())}),
               batch),
      "neither, a rather long text, NULL");
  EXPECT_EQ(Evaluate(F("CASE", {Col("p"), Col("a"), L(DataType::Int().NotNull(), 9)}), batch),
            "9, 2, 9");
  // Lazy, with strings from both branches.
  EXPECT_EQ(Evaluate(F("CASE", {Col("p"), F("UPPER", {Col("s")}), F("LOWER", {text})}), batch),
            "neither, A RATHER LONG TEXT, neither");
}

TEST(ProgramTest, EqualPartsAreOneNode) {
  const SchemaPtr schema = Pairs();
  TypedGraph graph(*schema);
  const auto sum = graph.Add(F("+", {Col("a"), Col("b")}));
  const auto twice =
      graph.Add(F("*", {F("+", {Col("a"), Col("b")}), F("+", {Col("a"), Col("b")})}));
  ASSERT_TRUE(sum.ok() && twice.ok());
  EXPECT_THAT(graph.node(*twice).arguments, ElementsAre(*sum, *sum));
}

TEST(ProgramTest, ConstantsAreFoldedUnlessTheyFail) {
  const SchemaPtr schema = Pairs();
  TypedGraph graph(*schema);
  const auto folded = graph.Add(F("*", {L(6), F("+", {L(3), L(4)})}));
  ASSERT_TRUE(folded.ok());
  ASSERT_NE(graph.node(*folded).constant, nullptr);
  EXPECT_EQ(columnar::DatumAt(*graph.node(*folded).constant, 0), Datum(42));
  const columnar::Batch batch = BatchOf(Pairs(), "[1, 1, '', TRUE, TRUE]");
  EXPECT_EQ(Evaluate(F("CASE", {Col("p"), L(1), F("/", {L(1), L(0)})}), batch), "1");
  EXPECT_THAT(Evaluate(F("/", {L(1), L(0)}), batch), HasSubstr("Division by zero"));
}

TEST(ProgramTest, ConstantColumnsGiveConstantResults) {
  const SchemaPtr schema = columnar::Schema::Make({{"a", DataType::BigInt()}});
  const columnar::Batch batch(schema,
                              {columnar::Column::Constant(DataType::BigInt(), 3, Datum(5))});
  const auto program = Program::Compile(F("+", {C(schema, "a"), L(1)}), *schema);
  ASSERT_TRUE(program.ok());
  const auto columns = program->Evaluate(batch);
  ASSERT_TRUE(columns.ok());
  EXPECT_TRUE((*columns)[0]->IsConstant());
  EXPECT_EQ((*columns)[0]->length(), 3U);
  EXPECT_EQ(columnar::DatumAt(*(*columns)[0], 2), Datum(6));
}

TEST(ProgramTest, RefusesWhatThePlanGotWrong) {
  const auto compile = [](const proto::Expression& expression) {
    return std::string(MessageOf(Program::Compile(expression, *Pairs()).status()));
  };
  proto::Expression missing = Col("a");
  missing.set_column(9);
  EXPECT_THAT(compile(missing), HasSubstr("Column 9 is not among the 5 columns"));
  proto::Expression mistyped = Col("a");
  columnar::ToProto(DataType::Int(), mistyped.mutable_type());
  EXPECT_THAT(compile(mistyped), HasSubstr("Column a is BIGINT, but the expression takes it"));
  proto::Expression wrong = F("+", {Col("a"), Col("b")});
  columnar::ToProto(DataType::Int(), wrong.mutable_type());
  EXPECT_THAT(compile(wrong), HasSubstr("(a + b) is BIGINT, but the plan takes it for INT"));
  proto::Expression unknown = F("ABS", {Col("a")});
  unknown.mutable_call()->set_function("NOPE");
  EXPECT_THAT(compile(unknown), HasSubstr("No function is named 'NOPE'"));
  EXPECT_THAT(compile(proto::Expression()), HasSubstr("has no type"));
  proto::Expression deep = Col("a");
  for (std::size_t i = 0; i <= kMaxExpressionDepth; ++i) {
    proto::Expression next;
    *next.mutable_type() = deep.type();
    next.mutable_call()->set_function("ABS");
    next.mutable_call()->add_arguments()->Swap(&deep);
    deep.Swap(&next);
  }
  EXPECT_THAT(compile(deep), HasSubstr("nested deeper than 512 levels"));
}

TEST(ProgramTest, WritesExpressionsForPeople) {
  const std::vector<std::string> names = {"a", "b"};
  EXPECT_EQ(ToText(F("CAST", {Ratio()}, DataType::Int()), names), "CAST((a / b) AS INT)");
  EXPECT_EQ(ToText(F("IS NULL", {Col("s")}), names), "(#2 IS NULL)");
  EXPECT_EQ(ToText(F("AND", {F("=", {Col("a"), L(1)}), F("NOT", {Col("p")})}), names),
            "((a = 1) AND NOT(#3))");
}

TEST(PredicateTest, KeepsWhatIsTrueAndNothingElse) {
  const columnar::Batch batch =
      BatchOf(Pairs(), "[1, 0, '', TRUE, NULL] [2, 0, '', NULL, NULL] [3, 0, '', TRUE, NULL]");
  Selection selection;
  const auto column = Predicate::Compile(Col("p"), *Pairs());
  ASSERT_TRUE(column.ok());
  ASSERT_TRUE(column->Select(batch, &selection).ok());
  EXPECT_THAT(selection, ElementsAre(0, 2));
  const auto never = Predicate::Compile(L(DataType::Boolean(), Datum()), *Pairs());
  ASSERT_TRUE(never->Select(batch, &selection).ok());
  EXPECT_THAT(selection, IsEmpty());
  const auto always = Predicate::Compile(L(DataType::Boolean().NotNull(), true), *Pairs());
  ASSERT_TRUE(always->Select(batch, &selection).ok());
  EXPECT_THAT(selection, ElementsAre(0, 1, 2));
  EXPECT_THAT(std::string(MessageOf(Predicate::Compile(Col("a"), *Pairs()).status())),
              HasSubstr("must be a BOOLEAN, not BIGINT"));
}

// Lazy and eager evaluation must agree: a random tree whose leaves are wrapped so that they count
// as able to fail, against the same tree without.
class RandomTree {
 public:
  explicit RandomTree(std::uint64_t seed) : random_(seed) {}

  /// The same tree twice: eager and lazy.
  std::pair<proto::Expression, proto::Expression> Boolean(int depth) {
    const std::uint64_t choice = depth == 0 ? random_.Uniform(2) : random_.Uniform(6);
    switch (choice) {
      case 0:
        return Leaf(random_.Uniform(2) == 0 ? "p" : "q");
      case 1: {
        const proto::Expression less = F("<", {Col("a"), Col("b")});
        return {less, Lazy(less)};
      }
      case 2: {
        const auto a = Boolean(depth - 1);
        return {F("NOT", {a.first}), F("NOT", {a.second})};
      }
      case 5: {
        const auto a = Boolean(depth - 1);
        const auto b = Boolean(depth - 1);
        const auto c = Boolean(depth - 1);
        return {F("CASE", {a.first, b.first, c.first}), F("CASE", {a.second, b.second, c.second})};
      }
      default: {
        const auto a = Boolean(depth - 1);
        const auto b = Boolean(depth - 1);
        const std::string name = choice == 3 ? "AND" : "OR";
        return {F(name, {a.first, b.first}), F(name, {a.second, b.second})};
      }
    }
  }

 private:
  std::pair<proto::Expression, proto::Expression> Leaf(const std::string& name) {
    return {Col(name), Lazy(Col(name))};
  }
  static proto::Expression Lazy(const proto::Expression& expression) {
    return F("CAST", {F("CAST", {expression}, DataType::String())}, DataType::Boolean());
  }

  SeededRandom random_;
};

TEST(ProgramModelTest, LazyEvaluationChangesNoResult) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SeededRandom random(seed);
    columnar::BatchBuilder rows(Pairs());
    for (std::uint64_t n = 1 + random.Uniform(30); n > 0; --n) {
      const auto boolean = [&] {
        const std::uint64_t x = random.Uniform(3);
        return x == 0 ? Datum() : Datum(x == 1);
      };
      rows.AppendRow({Datum(std::int64_t(random.Uniform(3))),
                      Datum(std::int64_t{1}),
                      Datum("t"),
                      boolean(),
                      boolean()});
    }
    const columnar::Batch batch = rows.Finish();
    const auto [eager, lazy] = RandomTree(seed).Boolean(4);
    ASSERT_EQ(Evaluate(eager, batch), Evaluate(lazy, batch)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace thalweg::runtime
