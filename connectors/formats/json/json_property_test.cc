// SPDX-License-Identifier: Apache-2.0
//
// Random lines and random damage: both walkers and an independent decoder must agree on which lines
// are rows, and on every value.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "columnar/batch_builder.h"
#include "columnar/datum.h"
#include "connectors/formats/json/json_decoder.h"
#include "connectors/formats/json/json_reference.h"
#include "connectors/formats/json/json_writer.h"
#include "tests/testing/random_batch.h"

namespace thalweg::connectors {
namespace {

using columnar::DataType;
using columnar::Datum;
using columnar::Schema;
using columnar::SchemaPtr;
using columnar::TypeKind;

/// Text of JSON lines, drawn from a seed.
class LineMaker {
 public:
  LineMaker(SchemaPtr schema, std::uint64_t seed) : schema_(std::move(schema)), random_(seed) {}

  /// How the lines of one producer look; drawn anew for each file.
  void DrawStyle() {
    shuffled_ = random_.Chance(3);
    blanks_ = random_.Chance(3);
    strangers_ = random_.Chance(3);
  }

  std::string Line() {
    std::string out;
    AddObject(schema_->fields(), 0, out);
    return out;
  }

  std::string Damaged(std::string line) {
    static constexpr std::string_view kBytes = "\"\\{}[],:0-.e tfnu/\t\x01\x7f\x80\xc3\xa9x";
    for (std::uint64_t times = 1 + random_.Uniform(2); times > 0 && !line.empty(); --times) {
      const std::size_t at = random_.Uniform(line.size());
      switch (random_.Uniform(4)) {
        case 0:
          line[at] = kBytes[random_.Uniform(kBytes.size())];
          break;
        case 1:
          line.erase(at, 1);
          break;
        case 2:
          line.insert(at, 1, kBytes[random_.Uniform(kBytes.size())]);
          break;
        default:
          line.resize(at);
      }
    }
    return line;
  }

  Random& random() { return random_; }

 private:
  void Blank(std::string& out) {
    for (std::uint64_t n = blanks_ ? random_.Uniform(3) : 0; n > 0; --n) {
      out += " \t\r"[random_.Uniform(3)];
    }
  }

  void AddString(std::string& out) {
    static constexpr std::string_view kPieces[] = {"a",
                                                   "longer piece of text ",
                                                   "\\n",
                                                   "\\\"",
                                                   "\\\\",
                                                   "\\u00e9",
                                                   "\\ud83d\\ude00",
                                                   "é",
                                                   "東",
                                                   "{",
                                                   "]",
                                                   ",",
                                                   "\x7f",
                                                   "/",
                                                   "0123456789"};
    out += '"';
    for (std::uint64_t n = random_.Uniform(6); n > 0; --n) {
      out += kPieces[random_.Uniform(std::size(kPieces))];
    }
    out += '"';
  }

  void AddStranger(int depth, std::string& out) {
    switch (random_.Uniform(depth > 3 ? 3 : 5)) {
      case 0:
        out += "null";
        return;
      case 1:
        return AddString(out);
      case 2:
        out += random_.Chance(2) ? "-12.5e1" : "true";
        return;
      case 3:
        out += "[";
        AddStranger(depth + 1, out);
        Blank(out);
        out += "]";
        return;
      default:
        out += "{\"k\":";
        AddStranger(depth + 1, out);
        out += "}";
    }
  }

  void AddObject(const std::vector<columnar::Field>& fields, int depth, std::string& out) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (!random_.Chance(20)) {
        order.push_back(i);
      }
    }
    for (std::size_t i = order.size(); shuffled_ && i > 1; --i) {
      std::swap(order[i - 1], order[random_.Uniform(i)]);
    }
    out += '{';
    Blank(out);
    bool first = true;
    const auto key = [&](const std::string& name) {
      if (!std::exchange(first, false)) {
        out += ',';
        Blank(out);
      }
      out += '"' + name + '"';
      Blank(out);
      out += ':';
      Blank(out);
    };
    for (const std::size_t i : order) {
      if (strangers_ && random_.Chance(3)) {
        key("stranger");
        AddStranger(0, out);
      }
      key(fields[i].name);
      AddValue(fields[i].type, depth + 1, out);
      Blank(out);
    }
    out += '}';
  }

  void AddValue(const DataType& type, int depth, std::string& out) {
    if (random_.Chance(8)) {
      out += "null";
      return;
    }
    switch (type.kind()) {
      case TypeKind::kBoolean:
        out += random_.Chance(2) ? "true" : "false";
        return;
      case TypeKind::kTinyInt:
        return AddInteger(8, out);
      case TypeKind::kInt:
        return AddInteger(32, out);
      case TypeKind::kBigInt:
        return AddInteger(64, out);
      case TypeKind::kDouble:
        AddInteger(40, out);
        out += random_.Chance(2) ? ".25" : "e-3";
        return;
      case TypeKind::kDate:
        out += random_.Chance(9) ? "\"2021-02-29\"" : "\"2021-02-28\"";
        return;
      case TypeKind::kTimestamp:
        out += "\"20" + std::to_string(10 + random_.Uniform(80)) +
               "-07-04 12:" + std::to_string(10 + random_.Uniform(52)) + ":05." +
               std::to_string(random_.Uniform(1000)) + "\"";
        return;
      case TypeKind::kRow:
        return AddObject(type.fields(), depth, out);
      case TypeKind::kArray:
        return AddItems("[", "]", "", type.fields()[0].type, depth, out);
      case TypeKind::kMap:
        return AddItems("{", "}", "key", type.fields()[1].type, depth, out);
      default:
        return AddString(out);
    }
  }

  /// Now and then one that does not fit so many bits.
  void AddInteger(std::uint64_t bits, std::string& out) {
    out += random_.Chance(3) ? "-" : "";
    const std::uint64_t used =
        random_.Chance(30) ? std::min<std::uint64_t>(bits, 62) + 1 : random_.Uniform(bits - 1) + 1;
    out += std::to_string(random_.Next() >> (64 - used));
  }

  void AddItems(const char* open,
                const char* close,
                const std::string& key,
                const DataType& type,
                int depth,
                std::string& out) {
    out += open;
    Blank(out);
    for (std::uint64_t i = 0, n = random_.Uniform(4); i < n; ++i) {
      out += i > 0 ? "," : "";
      Blank(out);
      if (!key.empty()) {
        out += '"' + key + std::to_string(random_.Chance(9) ? 0 : i) + "\":";
      }
      AddValue(type, depth + 1, out);
      Blank(out);
    }
    out += close;
  }

  const SchemaPtr schema_;
  SeededRandom random_;
  bool shuffled_ = false;
  bool blanks_ = false;
  bool strangers_ = false;
};

SchemaPtr TestSchema() {
  const DataType text = DataType::String();
  return Schema::Make(
      {{"id", DataType::BigInt()},
       {"name", text},
       {"small", DataType::TinyInt()},
       {"number", DataType::Int()},
       {"at", DataType::Timestamp(3)},
       {"day", DataType::Date()},
       {"real", DataType::Double()},
       {"flag", DataType::Boolean()},
       {"inner",
        DataType::Row({{"id", DataType::BigInt()},
                       {"texts", DataType::Array(text)},
                       {"deep", DataType::Row({{"x", DataType::Int()}, {"y", text}})}})},
       {"matrix", DataType::Array(DataType::Array(DataType::BigInt()))},
       {"rows", DataType::Array(DataType::Row({{"a", text}, {"b", DataType::Array(text)}}))},
       {"map", DataType::Map(text, DataType::Row({{"v", DataType::BigInt()}}))}});
}

/// Row or nothing for each line.
std::vector<std::optional<Datum>> DecodeLines(const SchemaPtr& schema,
                                              const std::vector<std::string>& lines,
                                              bool use_template) {
  JsonDecoder decoder(schema, JsonOptions());
  if (!use_template) {
    decoder.DisableTemplate();
  }
  std::string text;
  for (const std::string& line : lines) {
    text += line + "\n";
  }
  const std::size_t size = text.size();
  text.append(JsonDecoder::kPadding, '}');
  std::vector<bool> is_row;
  for (std::size_t at = 0; at < size;) {
    const auto outcome =
        decoder.Decode(std::string_view(text).substr(at, size - at), columnar::kMaxBatchRows);
    is_row.resize(is_row.size() + outcome.line_count - (outcome.bad ? 1 : 0), true);
    if (outcome.bad) {
      is_row.push_back(false);
    }
    at += outcome.consumed;
  }
  const columnar::Batch batch = decoder.Finish();
  std::vector<std::optional<Datum>> rows;
  std::size_t row = 0;
  for (const bool decoded : is_row) {
    if (!decoded) {
      rows.push_back(std::nullopt);
      continue;
    }
    Datum::List values;
    for (const columnar::ColumnPtr& column : batch.columns()) {
      values.push_back(columnar::DatumAt(*column, row));
    }
    rows.emplace_back(Datum(std::move(values)));
    ++row;
  }
  return rows;
}

std::string ToText(const std::optional<Datum>& row) {
  return row ? row->ToString() : "bad";
}

TEST(JsonPropertyTest, BothWalkersAgreeWithAnIndependentDecoder) {
  const SchemaPtr schema = TestSchema();
  std::size_t good = 0;
  std::size_t bad = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    LineMaker maker(schema, seed);
    maker.DrawStyle();
    std::vector<std::string> lines;
    for (int i = 0; i < 60; ++i) {
      std::string line = maker.Line();
      if (maker.random().Chance(3)) {
        line = maker.Damaged(std::move(line));
      }
      if (line.find_first_not_of(" \t\r") != std::string::npos) {
        lines.push_back(std::move(line));
      }
    }
    const auto with_template = DecodeLines(schema, lines, /*use_template=*/true);
    const auto without = DecodeLines(schema, lines, /*use_template=*/false);
    ASSERT_EQ(with_template.size(), lines.size());
    ASSERT_EQ(without.size(), lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const auto expected = ReferenceDecode(*schema, lines[i]);
      ASSERT_EQ(ToText(without[i]), ToText(expected)) << "seed " << seed << ": " << lines[i];
      ASSERT_EQ(ToText(with_template[i]), ToText(expected)) << "seed " << seed << ": " << lines[i];
      (expected ? good : bad) += 1;
    }
  }
  EXPECT_GT(good, 1000U);
  EXPECT_GT(bad, 300U);
}

/// A value that JSON carries: a year of four digits, and no more digits of a second than the type
/// has; nullopt where that is hard.
std::optional<Datum> Carried(Datum value, const DataType& type) {
  if (!value.is_null() && type.IsTimestamp()) {
    std::int64_t unit = columnar::TimestampUnitsPerSecond(type);
    const std::int64_t seconds = value.integer() / unit;
    for (int digits = type.precision(); digits > 0; --digits) {
      unit /= 10;
    }
    if (seconds < -62'000'000'000 || seconds > 253'000'000'000) {
      return std::nullopt;
    }
    return Datum(value.integer() / unit * unit);
  }
  if (!value.is_null() && type.kind() == TypeKind::kDate &&
      (value.integer() < -700'000 || value.integer() > 2'900'000)) {
    return std::nullopt;
  }
  return value;
}

TEST(JsonPropertyTest, WhatIsWrittenIsReadBack) {
  for (const DataType& type : testing::AllTypes()) {
    const SchemaPtr schema = Schema::Make({{"v", type}, {"n", DataType::BigInt()}});
    if (!CheckJsonSchema(*schema).ok() || type.physical() == columnar::Physical::kRow ||
        type.physical() == columnar::Physical::kList) {
      continue;  // Nested types hold the leaves of all others: covered one by one.
    }
    SeededRandom random(11);
    for (const bool iso : {false, true}) {
      JsonOptions options;
      options.set_timestamp_standard(iso ? proto::TIMESTAMP_ISO_8601 : proto::TIMESTAMP_SQL);
      columnar::BatchBuilder builder(schema);
      for (int i = 0; i < 300; ++i) {
        if (auto value = Carried(testing::RandomDatum(type, random), type)) {
          builder.AppendRow({*std::move(value), i});
        }
      }
      const columnar::Batch batch = builder.Finish();
      JsonWriter writer(schema, options);
      std::string text;
      ASSERT_TRUE(writer.Append(batch, &text).ok());
      const std::size_t size = text.size();
      text.append(JsonDecoder::kPadding, '\0');
      JsonDecoder decoder(schema, options);
      const auto outcome =
          decoder.Decode(std::string_view(text).substr(0, size), columnar::kMaxBatchRows);
      ASSERT_FALSE(outcome.bad) << type.ToString() << ": "
                                << Describe(*outcome.bad,
                                            std::string_view(text).substr(outcome.bad->begin,
                                                                          outcome.bad->size));
      EXPECT_TRUE(columnar::Equal(decoder.Finish(), batch)) << type.ToString() << "\n" << text;
    }
  }
}

}  // namespace
}  // namespace thalweg::connectors
