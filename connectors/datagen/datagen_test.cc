// SPDX-License-Identifier: Apache-2.0
#include "connectors/datagen/datagen.h"

#include <algorithm>
#include <limits>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/datum.h"
#include "connectors/datagen/values.h"
#include "tests/testing/random_batch.h"

namespace thalweg::connectors {
namespace {

using columnar::DataType;
using columnar::Datum;
using columnar::Schema;
using columnar::SchemaPtr;
using runtime::SourceProgress;
using ::testing::HasSubstr;

class Rows final : public runtime::Output {
 public:
  bool HasRoom() const override { return true; }
  void Emit(columnar::Batch batch) override {
    for (std::size_t row = 0; row < batch.row_count(); ++row) {
      Datum::List values;
      for (const columnar::ColumnPtr& column : batch.columns()) {
        values.push_back(columnar::DatumAt(*column, row));
      }
      rows.emplace_back(std::move(values));
    }
  }
  void EmitWatermark(EventMillis /*watermark*/) override {}

  std::vector<Datum> rows;
};

StatusOr<std::string> Plan(const SchemaPtr& schema, Configuration options) {
  return MakeDatagenSource()->Plan({std::move(options), schema});
}

std::vector<runtime::Split> SplitsOf(const std::string& spec) {
  std::vector<runtime::Split> splits;
  const auto enumerator = *MakeDatagenSource()->OpenEnumerator(spec, {});
  while (*enumerator->Poll(MonoTime(), 10, &splits) != SourceProgress::kEnd) {
  }
  return splits;
}

std::unique_ptr<runtime::Reader> OpenReader(const std::string& spec, const SchemaPtr& schema) {
  return *MakeDatagenSource()->OpenReader(spec, schema, {});
}

/// All rows of a bounded source, read by one reader.
std::vector<Datum> ReadAll(const std::string& spec, const SchemaPtr& schema) {
  const auto reader = OpenReader(spec, schema);
  for (const runtime::Split& split : SplitsOf(spec)) {
    EXPECT_TRUE(reader->AddSplit(split).ok());
  }
  Rows rows;
  while (*reader->Read(MonoTime(), rows) == SourceProgress::kMoved) {
  }
  return rows.rows;
}

std::vector<Datum> Sorted(std::vector<Datum> rows) {
  std::sort(rows.begin(), rows.end(), [](const Datum& a, const Datum& b) {
    return a.list()[0].integer() < b.list()[0].integer();
  });
  return rows;
}

SchemaPtr IdAndMore() {
  return Schema::Make({{"id", DataType::BigInt()},
                       {"price", DataType::Int()},
                       {"name", DataType::String()},
                       {"at", DataType::Timestamp(3)}});
}

Configuration IdOptions(const char* rows) {
  return {{"number-of-rows", rows},
          {"rows-per-second", "0"},
          {"fields.id.kind", "sequence"},
          {"fields.price.min", "1"},
          {"fields.price.max", "6"},
          {"fields.name.length", "20"},
          {"fields.name.null-rate", "0.25"},
          {"fields.at.kind", "sequence"},
          {"fields.at.step", "250"}};
}

TEST(DatagenTest, MakesEachRowOnceInOrder) {
  const SchemaPtr schema = IdAndMore();
  const auto rows = ReadAll(*Plan(schema, IdOptions("20000")), schema);
  ASSERT_EQ(rows.size(), 20'000U);
  int nulls = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Datum::List& row = rows[i].list();
    ASSERT_EQ(row[0].integer(), static_cast<std::int64_t>(i));
    ASSERT_GE(row[1].integer(), 1);
    ASSERT_LE(row[1].integer(), 6);
    ASSERT_TRUE(row[2].is_null() || row[2].text().size() == 20);
    ASSERT_EQ(row[3].integer(), 1'577'836'800'000'000 + static_cast<std::int64_t>(i) * 250'000);
    nulls += row[2].is_null() ? 1 : 0;
  }
  EXPECT_NEAR(nulls, 5000, 300);
}

TEST(DatagenTest, AnyReaderMakesTheSameRows) {
  const SchemaPtr schema = IdAndMore();
  const std::string spec = *Plan(schema, IdOptions("3000"));
  const auto alone = ReadAll(spec, schema);
  std::vector<Datum> shared;
  const auto splits = SplitsOf(spec);
  for (std::size_t reader_index = 0; reader_index < 3; ++reader_index) {
    const auto reader = OpenReader(spec, schema);
    for (std::size_t i = reader_index; i < splits.size(); i += 3) {
      ASSERT_TRUE(reader->AddSplit(splits[i]).ok());
    }
    Rows rows;
    while (*reader->Read(MonoTime(), rows) == SourceProgress::kMoved) {
    }
    EXPECT_TRUE(std::is_sorted(rows.rows.begin(), rows.rows.end(), [](auto& a, auto& b) {
      return a.list()[0].integer() < b.list()[0].integer();
    }));
    shared.insert(shared.end(), rows.rows.begin(), rows.rows.end());
  }
  EXPECT_EQ(Sorted(shared), alone);
}

TEST(DatagenTest, ARestoreGoesOnBehindTheLastRow) {
  const SchemaPtr schema = IdAndMore();
  const std::string spec = *Plan(schema, IdOptions("30000"));
  const auto alone = ReadAll(spec, schema);
  Rows rows;
  runtime::StateEntries entries;
  {
    const auto reader = OpenReader(spec, schema);
    for (const runtime::Split& split : SplitsOf(spec)) {
      ASSERT_TRUE(reader->AddSplit(split).ok());
    }
    ASSERT_EQ(*reader->Read(MonoTime(), rows), SourceProgress::kMoved);
    entries = reader->Snapshot();
  }
  for (std::size_t owner = 0; owner < 2; ++owner) {
    runtime::StateEntries own;
    for (std::size_t i = owner; i < entries.size(); i += 2) {
      own.push_back(entries[i]);
    }
    const auto reader = OpenReader(spec, schema);
    ASSERT_TRUE(reader->Restore(own).ok());
    while (*reader->Read(MonoTime(), rows) == SourceProgress::kMoved) {
    }
  }
  EXPECT_EQ(Sorted(rows.rows), alone);
}

TEST(DatagenTest, ARestoredEnumeratorHandsOutEachSplitOnce) {
  const SchemaPtr schema = IdAndMore();
  const std::string spec = *Plan(schema, IdOptions("3000"));
  std::vector<runtime::Split> splits;
  const auto first = *MakeDatagenSource()->OpenEnumerator(spec, {});
  ASSERT_TRUE(first->Poll(MonoTime(), 10, &splits).ok());
  const auto second = *MakeDatagenSource()->OpenEnumerator(spec, {});
  ASSERT_TRUE(second->Restore(first->Snapshot()).ok());
  while (*second->Poll(MonoTime(), 10, &splits) != SourceProgress::kEnd) {
  }
  std::set<std::string> ids;
  for (const runtime::Split& split : splits) {
    EXPECT_TRUE(ids.insert(split.id).second) << split.id;
  }
  EXPECT_EQ(ids.size(), SplitsOf(spec).size());
}

TEST(DatagenTest, RowsComeAtTheirRateByTheClockThatIsPassedIn) {
  const SchemaPtr schema = IdAndMore();
  Configuration options = IdOptions("10000");
  options.Set("rows-per-second", "1000");
  const std::string spec = *Plan(schema, options);
  const auto reader = OpenReader(spec, schema);
  for (const runtime::Split& split : SplitsOf(spec)) {
    ASSERT_TRUE(reader->AddSplit(split).ok());
  }
  Rows rows;
  MonoTime now{Microseconds(5'000'000)};
  ASSERT_EQ(*reader->Read(now, rows), SourceProgress::kMoved);
  EXPECT_EQ(rows.rows.size(), 1U);
  ASSERT_EQ(*reader->Read(now, rows), SourceProgress::kWait);
  ASSERT_EQ(reader->WakeAt(), now + Microseconds(1000));
  now += Microseconds(250'000);
  ASSERT_EQ(*reader->Read(now, rows), SourceProgress::kMoved);
  EXPECT_EQ(rows.rows.size(), 251U);
  EXPECT_EQ(rows.rows.back().list()[0].integer(), 250);
}

TEST(DatagenTest, TheFirstSequenceThatEndsEndsTheSource) {
  const SchemaPtr schema = Schema::Make({{"a", DataType::BigInt()}, {"b", DataType::Double()}});
  const auto rows = ReadAll(*Plan(schema,
                                  {{"rows-per-second", "0"},
                                   {"fields.a.kind", "sequence"},
                                   {"fields.a.start", "10"},
                                   {"fields.a.end", "30"},
                                   {"fields.a.step", "4"}}),
                            schema);
  ASSERT_EQ(rows.size(), 6U);  // 10, 14, 18, 22, 26, 30.
  EXPECT_EQ(rows[5].list()[0].integer(), 30);
}

TEST(DatagenTest, OtherSeedsMakeOtherRows) {
  const SchemaPtr schema = IdAndMore();
  Configuration options = IdOptions("100");
  const auto first = ReadAll(*Plan(schema, options), schema);
  options.Set("seed", "2");
  const auto second = ReadAll(*Plan(schema, options), schema);
  ASSERT_EQ(first.size(), second.size());
  EXPECT_NE(first, second);
}

TEST(DatagenTest, MakesValuesOfEveryType) {
  const SchemaPtr schema = testing::SchemaOf(testing::AllTypes());
  const auto rows =
      ReadAll(*Plan(schema, {{"number-of-rows", "500"}, {"rows-per-second", "0"}}), schema);
  ASSERT_EQ(rows.size(), 500U);
  for (std::size_t column = 0; column < schema->size(); ++column) {
    EXPECT_FALSE(rows[0].list()[column].is_null()) << schema->type(column).ToString();
  }
}

TEST(DatagenTest, PartsOfRowsAndListsHaveOptionsToo) {
  const SchemaPtr schema = Schema::Make({{"bid", DataType::Row({{"price", DataType::Int()}})},
                                         {"tags", DataType::Array(DataType::VarChar(5))}});
  const auto rows = ReadAll(*Plan(schema,
                                  {{"number-of-rows", "50"},
                                   {"rows-per-second", "0"},
                                   {"fields.bid.price.min", "7"},
                                   {"fields.bid.price.max", "7"},
                                   {"fields.tags.length", "2"},
                                   {"fields.tags.element.length", "4"}}),
                            schema);
  for (const Datum& row : rows) {
    EXPECT_EQ(row.list()[0], Datum(Datum::List{7}));
    ASSERT_EQ(row.list()[1].list().size(), 2U);
    EXPECT_EQ(row.list()[1].list()[0].text().size(), 4U);
  }
}

TEST(DatagenTest, RandomTimestampsLieInThePastOfTheirStart) {
  const SchemaPtr schema = Schema::Make({{"at", DataType::Timestamp(3)}});
  const auto rows = ReadAll(*Plan(schema,
                                  {{"number-of-rows", "200"},
                                   {"rows-per-second", "0"},
                                   {"fields.at.start", "1970-01-01 00:00:10"},
                                   {"fields.at.max-past", "10 s"}}),
                            schema);
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (const Datum& row : rows) {
    least = std::min(least, row.list()[0].integer());
    EXPECT_GE(row.list()[0].integer(), 0);
    EXPECT_LE(row.list()[0].integer(), 10'000'000);
  }
  EXPECT_LT(least, 1'000'000);
}

TEST(DatagenTest, WantedColumnsHaveTheValuesThatTheyHaveAmongAll) {
  const SchemaPtr schema = IdAndMore();
  const SchemaPtr wanted = Schema::Make({{"name", DataType::String()}, {"id", DataType::BigInt()}});
  const auto whole = ReadAll(*Plan(schema, IdOptions("500")), schema);
  runtime::TableRequest table{.options = IdOptions("500"), .schema = schema};
  table.read = wanted;
  const auto part = ReadAll(*MakeDatagenSource()->Plan(table), wanted);
  ASSERT_EQ(part.size(), whole.size());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    EXPECT_EQ(part[i], (Datum::List{whole[i].list()[2], whole[i].list()[0]}));
  }
  table.read = Schema::Make({{"nobody", DataType::Int()}});
  EXPECT_THAT(std::string(MessageOf(MakeDatagenSource()->Plan(table).status())),
              HasSubstr("'nobody'"));
}

TEST(DatagenTest, IsBoundedByRowsOrByASequence) {
  const SchemaPtr schema = IdAndMore();
  const auto is_bounded = [&](Configuration options) {
    return MakeDatagenSource()->TraitsOf({std::move(options), schema})->bounded;
  };
  EXPECT_FALSE(is_bounded({}));
  EXPECT_TRUE(is_bounded({{"number-of-rows", "3"}}));
  EXPECT_TRUE(is_bounded({{"fields.id.kind", "sequence"}, {"fields.id.end", "9"}}));
}

TEST(DatagenTest, SaysWhichOptionIsWrong) {
  const SchemaPtr schema = IdAndMore();
  const auto error = [&](const char* key, const char* value) {
    return std::string(MessageOf(Plan(schema, {{key, value}}).status()));
  };
  EXPECT_THAT(error("fields.prise.min", "1"), HasSubstr("fields.price.min"));
  EXPECT_THAT(error("fields.price.kind", "serial"), HasSubstr("random or sequence"));
  EXPECT_THAT(error("fields.price.min", "x"), HasSubstr("fields.price.min"));
  EXPECT_THAT(error("fields.price.max", "-3000000000"), HasSubstr("fields.price.max"));
  EXPECT_THAT(error("fields.name.null-rate", "2"), HasSubstr("from 0 to 1"));
  EXPECT_THAT(error("fields.name.length", "0"), HasSubstr("fields.name.length"));
  EXPECT_THAT(error("rows-per-second", "-1"), HasSubstr("rows-per-second"));
}

}  // namespace
}  // namespace thalweg::connectors
