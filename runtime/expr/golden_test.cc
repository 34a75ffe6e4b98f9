// SPDX-License-Identifier: Apache-2.0
//
// The tables in testdata/, one topic a file. A line is an expression and its result:
//
//   UPPER('a') --> A                            as text
//   `/`(7, 2) --> 3 :: INT                      and as type
//   `/`(7, 0) !!> Division by zero              or a part of the error's message
//
// `zone Europe/Berlin` and `now 2024-02-29 12:00:00.123` set what the lines below read. Each line
// runs four times: with its constants as they are, all of them as columns, and every other one as a
// column. Columns have a row of NULLs in between.
#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "columnar/batch.h"
#include "columnar/column_builder.h"
#include "columnar/text.h"
#include "columnar/type_proto.h"
#include "runtime/expr/golden_expression.h"
#include "runtime/expr/literal.h"
#include "runtime/expr/program.h"

namespace thalweg::runtime {
namespace {

using columnar::DataType;
using columnar::Datum;

constexpr std::array<std::size_t, 3> kRowsWithValues = {0, 2, 3};
constexpr std::size_t kNullRow = 1;

enum class Form { kConstants, kColumns, kEvenColumns, kOddColumns };

/// An expression with some of its constants made columns.
struct Prepared {
  proto::Expression expression;
  std::vector<columnar::Field> fields;
  std::vector<Datum> values;
};

StatusOr<Prepared> Prepare(std::string_view text, Form form) {
  Prepared prepared;
  std::size_t index = 0;
  const ConstantMaker make = [&](const GoldenConstant& constant) -> StatusOr<proto::Expression> {
    const bool even = index++ % 2 == 0;
    const bool column =
        !constant.fixed && (form == Form::kColumns || (form == Form::kEvenColumns && even) ||
                            (form == Form::kOddColumns && !even));
    proto::Expression expression;
    if (!column) {
      columnar::ToProto(constant.type, expression.mutable_type());
      ASSIGN_OR_RETURN(*expression.mutable_literal(), LiteralOf(constant.type, constant.value));
      return expression;
    }
    columnar::ToProto(constant.type.Nullable(), expression.mutable_type());
    expression.set_column(static_cast<std::uint32_t>(prepared.fields.size()));
    prepared.fields.push_back(
        {"c" + std::to_string(prepared.fields.size()), constant.type.Nullable()});
    prepared.values.push_back(constant.value);
    return expression;
  };
  ASSIGN_OR_RETURN(prepared.expression, ReadGoldenExpression(text, make));
  return prepared;
}

columnar::Batch BatchOf(const Prepared& prepared) {
  std::vector<columnar::Field> fields = prepared.fields;
  fields.push_back({"unused", DataType::Int()});
  std::vector<columnar::ColumnPtr> columns;
  for (std::size_t i = 0; i < prepared.values.size(); ++i) {
    const Datum& value = prepared.values[i];
    columns.push_back(columnar::ColumnOf(prepared.fields[i].type, {value, Datum(), value, value}));
  }
  columns.push_back(columnar::ColumnOf(DataType::Int(), {1, 2, 3, 4}));
  return columnar::Batch(columnar::Schema::Make(std::move(fields)), std::move(columns));
}

struct Surroundings {
  TimeZone zone;
  WallTime now;
};

/// All rows with values have the same result, or each its error's message.
std::string ResultOf(const Prepared& prepared, const Surroundings& surroundings) {
  const columnar::Batch batch = BatchOf(prepared);
  SeededRandom random(1);
  const auto program = Program::Compile(prepared.expression, *batch.schema());
  if (!program.ok()) {
    return std::string(MessageOf(program.status()));
  }
  const auto columns = program->Evaluate(
      batch, {.now = surroundings.now, .zone = &surroundings.zone, .random = &random});
  if (!columns.ok()) {
    return std::string(MessageOf(columns.status()));
  }
  const columnar::Column& result = *(*columns)[0];
  EXPECT_EQ(result.length(), batch.row_count());
  std::string text = columnar::TextAt(result, kRowsWithValues[0]);
  for (const std::size_t row : kRowsWithValues) {
    EXPECT_EQ(columnar::TextAt(result, row), text) << "in row " << row;
  }
  const ScalarFunction* root =
      prepared.expression.has_call()
          ? FunctionRegistry::Get().Find(prepared.expression.call().function())
          : nullptr;
  if (root != nullptr && root->null_rule == NullRule::kPropagate) {
    for (const proto::Expression& argument : prepared.expression.call().arguments()) {
      EXPECT_TRUE(argument.node_case() != proto::Expression::kColumn || result.IsNull(kNullRow))
          << "A NULL argument gives " << columnar::TextAt(result, kNullRow);
    }
  }
  return text;
}

class GoldenTest : public ::testing::TestWithParam<std::string> {
 protected:
  void CheckLine(std::string_view line) {
    for (const auto& [separator, fails] : {std::pair(" --> ", false), std::pair(" !!> ", true)}) {
      const std::size_t at = line.find(separator);
      if (at != std::string_view::npos) {
        CheckCase(line.substr(0, at), line.substr(at + 5), fails);
        return;
      }
    }
    ADD_FAILURE() << "No result in this line";
  }

  void CheckCase(std::string_view expression, std::string_view expected, bool fails) {
    const std::size_t colons = expected.rfind(" :: ");
    std::string_view type;
    if (colons != std::string_view::npos) {
      type = expected.substr(colons + 4);
      expected = expected.substr(0, colons);
    }
    for (const Form form :
         {Form::kConstants, Form::kColumns, Form::kEvenColumns, Form::kOddColumns}) {
      SCOPED_TRACE(static_cast<int>(form));
      const auto prepared = Prepare(expression, form);
      if (!prepared.ok()) {
        ASSERT_TRUE(fails) << MessageOf(prepared.status());
        EXPECT_THAT(std::string(MessageOf(prepared.status())),
                    ::testing::HasSubstr(std::string(expected)));
        continue;
      }
      if (!type.empty() && form == Form::kConstants) {  // Columns are nullable, constants are not.
        const auto declared = columnar::TypeFromProto(prepared->expression.type());
        ASSERT_TRUE(declared.ok());
        EXPECT_EQ(declared->ToString(), type);
      }
      const std::string result = ResultOf(*prepared, surroundings_);
      if (fails) {
        EXPECT_THAT(result, ::testing::HasSubstr(std::string(expected)));
      } else {
        EXPECT_EQ(result, expected);
      }
    }
  }

  Surroundings surroundings_;
};

TEST_P(GoldenTest, Table) {
  std::ifstream file(GetParam());
  ASSERT_TRUE(file.good()) << GetParam();
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    SCOPED_TRACE(GetParam() + ":" + std::to_string(number) + " " + line);
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    if (line.starts_with("zone ")) {
      const auto zone = TimeZone::Load(line.substr(5));
      ASSERT_TRUE(zone.ok());
      surroundings_.zone = *zone;
    } else if (line.starts_with("now ")) {
      const auto now = columnar::ParseDatum(DataType::Timestamp(6), line.substr(4));
      ASSERT_TRUE(now.ok());
      surroundings_.now = WallTime(Milliseconds(now->integer() / 1'000));
    } else {
      CheckLine(line);
    }
  }
}

std::vector<std::string> Tables() {
  std::vector<std::string> tables;
  for (const auto& entry : std::filesystem::directory_iterator(THALWEG_GOLDEN_TABLES)) {
    tables.push_back(entry.path().string());
  }
  std::sort(tables.begin(), tables.end());
  return tables;
}

INSTANTIATE_TEST_SUITE_P(Tables,
                         GoldenTest,
                         ::testing::ValuesIn(Tables()),
                         [](const ::testing::TestParamInfo<std::string>& table) {
                           return std::filesystem::path(table.param).stem().string();
                         });

/// Which functions the tables call: a new one needs golden cases.
TEST(GoldenTablesTest, CoverEveryFunction) {
  std::string all;
  for (const std::string& table : Tables()) {
    std::ifstream file(table);
    all.append(std::istreambuf_iterator<char>(file), {});
  }
  for (const ScalarFunction* function : FunctionRegistry::Get().All()) {
    const std::string name(function->name);
    EXPECT_TRUE(all.find(name + "(") != std::string::npos ||
                all.find("`" + name + "`(") != std::string::npos)
        << name << " has no line in runtime/expr/testdata";
  }
}

}  // namespace
}  // namespace thalweg::runtime
