// SPDX-License-Identifier: Apache-2.0
#include "connectors/values/values.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/batch_builder.h"
#include "columnar/datum.h"
#include "proto/connectors.pb.h"
#include "tests/testing/changelog_text.h"

namespace thalweg::connectors {
namespace {

using columnar::DataType;
using columnar::Datum;
using runtime::SourceProgress;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LineOutput final : public runtime::Output {
 public:
  bool HasRoom() const override { return true; }
  void Emit(columnar::Batch batch) override {
    for (std::string& line : testing::TextOf(batch)) {
      lines.push_back(std::move(line));
    }
  }
  void EmitWatermark(EventMillis /*watermark*/) override {}

  std::vector<std::string> lines;
};

columnar::SchemaPtr Schema() {
  return columnar::Schema::Make(
      {{"a", DataType::BigInt()}, {"b", DataType::String()}, {"c", DataType::Decimal(4, 1)}});
}

std::unique_ptr<runtime::Reader> Open(const std::string& spec) {
  auto reader = MakeValuesSource()->OpenReader(spec, Schema(), {});
  CHECK_OK(reader);
  return *std::move(reader);
}

TEST(ValuesTest, GivesItsRowsOnce) {
  const std::string spec =
      ValuesSpecOf(testing::BatchOf(Schema(), "[1, 'one', 1.5] [NULL, NULL, NULL] [3, '', 0.0]"));
  auto enumerator = MakeValuesSource()->OpenEnumerator(spec, {});
  ASSERT_TRUE(enumerator.ok());
  std::vector<runtime::Split> splits;
  ASSERT_TRUE((*enumerator)->Poll(MonoTime(), 10, &splits).ok());
  ASSERT_EQ(splits.size(), 1U);
  const auto reader = Open(spec);
  LineOutput output;
  EXPECT_EQ(*reader->Read(MonoTime(), output), SourceProgress::kEnd);
  EXPECT_THAT(output.lines, IsEmpty());
  ASSERT_TRUE(reader->AddSplit(splits[0]).ok());
  EXPECT_EQ(*reader->Read(MonoTime(), output), SourceProgress::kMoved);
  EXPECT_EQ(*reader->Read(MonoTime(), output), SourceProgress::kEnd);
  EXPECT_THAT(output.lines,
              ElementsAre("+I[1, 'one', 1.5]", "+I[NULL, NULL, NULL]", "+I[3, '', 0.0]"));
}

TEST(ValuesTest, GoesOnBehindARestore) {
  columnar::BatchBuilder first(Schema());
  for (int i = 0; i < 8'192; ++i) {
    first.AppendRow({Datum(i), Datum("x"), Datum()});
  }
  proto::ValuesSpec spec;
  ASSERT_TRUE(spec.ParseFromString(ValuesSpecOf(first.Finish())));
  proto::ValuesSpec last;
  ASSERT_TRUE(last.ParseFromString(ValuesSpecOf(testing::BatchOf(Schema(), "[7, 'last', 2.0]"))));
  spec.add_rows(last.rows(0));
  const auto reader = Open(spec.SerializeAsString());
  ASSERT_TRUE(reader->AddSplit({.id = "values", .spec = ""}).ok());
  LineOutput output;
  EXPECT_EQ(*reader->Read(MonoTime(), output), SourceProgress::kMoved);
  EXPECT_EQ(output.lines.size(), 8'192U);
  const runtime::StateEntries entries = reader->Snapshot();
  const auto restored = Open(spec.SerializeAsString());
  ASSERT_TRUE(restored->Restore(entries).ok());
  LineOutput rest;
  EXPECT_EQ(*restored->Read(MonoTime(), rest), SourceProgress::kMoved);
  EXPECT_EQ(*restored->Read(MonoTime(), rest), SourceProgress::kEnd);
  EXPECT_THAT(rest.lines, ElementsAre("+I[7, 'last', 2.0]"));
}

TEST(ValuesTest, DamagedRowsAreAnError) {
  proto::ValuesSpec spec;
  spec.add_rows("no row");
  const auto reader = Open(spec.SerializeAsString());
  ASSERT_TRUE(reader->AddSplit({.id = "values", .spec = ""}).ok());
  LineOutput output;
  EXPECT_FALSE(reader->Read(MonoTime(), output).ok());
}

}  // namespace
}  // namespace thalweg::connectors
