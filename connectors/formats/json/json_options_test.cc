// SPDX-License-Identifier: Apache-2.0
#include "connectors/formats/json/json_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::connectors {
namespace {

using columnar::DataType;
using columnar::Schema;
using ::testing::HasSubstr;

TEST(JsonOptionsTest, ReadsFlinksNames) {
  const auto json = ParseJsonOptions({{"json.ignore-parse-errors", "true"},
                                      {"json.timestamp-format.standard", "ISO-8601"},
                                      {"json.map-null-key.mode", "LITERAL"},
                                      {"json.map-null-key.literal", "none"},
                                      {"json.encode.ignore-null-fields", "true"}});
  ASSERT_TRUE(json.ok());
  EXPECT_TRUE(json->ignore_parse_errors());
  EXPECT_FALSE(json->fail_on_missing_field());
  EXPECT_EQ(json->timestamp_standard(), proto::TIMESTAMP_ISO_8601);
  EXPECT_EQ(json->map_null_key_mode(), proto::MAP_NULL_KEY_LITERAL);
  EXPECT_EQ(json->map_null_key_literal(), "none");
  EXPECT_TRUE(json->ignore_null_fields());
}

TEST(JsonOptionsTest, RefusesWhatContradictsItselfOrIsUnknown) {
  EXPECT_THAT(std::string(MessageOf(ParseJsonOptions({{"json.ignore-parse-errors", "true"},
                                                      {"json.fail-on-missing-field", "true"}})
                                        .status())),
              HasSubstr("cannot both be true"));
  EXPECT_THAT(std::string(MessageOf(
                  ParseJsonOptions({{"json.timestamp-format.standard", "RFC"}}).status())),
              HasSubstr("SQL or ISO-8601"));
}

TEST(JsonOptionsTest, KeysOfMapsMustBeText) {
  EXPECT_TRUE(
      CheckJsonSchema(Schema({{"m", DataType::Map(DataType::String(), DataType::Int())}})).ok());
  const DataType bad = DataType::Array(DataType::Map(DataType::Int(), DataType::Int()));
  EXPECT_EQ(CheckJsonSchema(Schema({{"m", bad}})).code(), StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace thalweg::connectors
