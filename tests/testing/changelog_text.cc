// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/changelog_text.h"

#include <cctype>

#include "base/check.h"
#include "columnar/batch_builder.h"
#include "columnar/datum.h"
#include "columnar/text.h"

namespace thalweg::testing {
namespace {

using columnar::Batch;
using columnar::ChangeKind;
using columnar::DataType;
using columnar::Datum;

class Reader {
 public:
  Reader(const columnar::SchemaPtr& schema, std::string_view text)
      : builder_(schema), text_(text) {}

  Batch Read() {
    for (Blanks(); !text_.empty(); Blanks()) {
      if (Skip("mark(")) {
        builder_.AddMark(std::stoll(Until(')')));
        Expect(")");
      } else {
        Row();
      }
    }
    return builder_.Finish();
  }

 private:
  void Row() {
    ChangeKind kind = ChangeKind::kInsert;
    for (const ChangeKind candidate : {ChangeKind::kInsert,
                                       ChangeKind::kUpdateBefore,
                                       ChangeKind::kUpdateAfter,
                                       ChangeKind::kDelete}) {
      if (Skip(columnar::ToString(candidate))) {
        kind = candidate;
        break;
      }
    }
    Expect("[");
    std::vector<Datum> values;
    for (std::size_t i = 0; i < builder_.schema()->size(); ++i) {
      if (i > 0) {
        Expect(",");
      }
      Blanks();
      values.push_back(Value(builder_.schema()->type(i)));
      Blanks();
    }
    Expect("]");
    builder_.AppendRow(values, kind);
  }

  Datum Value(const DataType& type) {
    if (Skip("NULL")) {
      return Datum::Null();
    }
    if (Skip("'")) {
      const std::string text = Until('\'');
      Expect("'");
      return type.physical() == columnar::Physical::kString ? Datum(text) : Parse(type, text);
    }
    std::size_t size = 0;
    while (size < text_.size() && text_[size] != ',' && text_[size] != ']') {
      ++size;
    }
    const std::string token(text_.substr(0, size));
    text_.remove_prefix(size);
    if (type.IsTimestamp()) {
      return Datum(columnar::FromEventMillis(type, std::stoll(token)));
    }
    return Parse(type, token);
  }

  static Datum Parse(const DataType& type, const std::string& text) {
    StatusOr<Datum> value = columnar::ParseDatum(type, text);
    CHECK_OK(value);
    return *value;
  }

  void Blanks() {
    while (!text_.empty() && std::isspace(static_cast<unsigned char>(text_[0])) != 0) {
      text_.remove_prefix(1);
    }
  }
  bool Skip(std::string_view token) {
    if (!text_.starts_with(token)) {
      return false;
    }
    text_.remove_prefix(token.size());
    return true;
  }
  void Expect(std::string_view token) { CHECK(Skip(token)); }
  std::string Until(char end) {
    const std::size_t size = text_.find(end);
    CHECK_NE(size, std::string_view::npos);
    std::string token(text_.substr(0, size));
    text_.remove_prefix(size);
    return token;
  }

  columnar::BatchBuilder builder_;
  std::string_view text_;
};

std::string ValueText(const columnar::Column& column, std::size_t row) {
  if (column.IsNull(row)) {
    return "NULL";
  }
  if (column.type().IsTimestamp()) {
    return std::to_string(columnar::ToEventMillis(
        column.type(), column.Values<std::int64_t>()[row * column.stride()]));
  }
  const std::string text = columnar::TextAt(column, row);
  return column.physical() == columnar::Physical::kString ? "'" + text + "'" : text;
}

std::string RowText(const Batch& batch, std::size_t row) {
  std::string text = "[";
  for (std::size_t i = 0; i < batch.column_count(); ++i) {
    text += (i == 0 ? "" : ", ") + ValueText(*batch.column(i), row);
  }
  return text + "]";
}

}  // namespace

Batch BatchOf(const columnar::SchemaPtr& schema, std::string_view text) {
  return Reader(schema, text).Read();
}

std::vector<std::string> TextOf(const Batch& batch) {
  std::vector<std::string> lines;
  std::size_t next_mark = 0;
  for (std::size_t row = 0; row <= batch.row_count(); ++row) {
    while (next_mark < batch.marks().size() && batch.marks()[next_mark].row == row) {
      lines.push_back("mark(" + std::to_string(batch.marks()[next_mark++].watermark) + ")");
    }
    if (row < batch.row_count()) {
      lines.push_back(columnar::ToString(batch.change_kind(row)) + RowText(batch, row));
    }
  }
  return lines;
}

void FoldedChangelog::Add(const Batch& batch) {
  for (std::size_t row = 0; row < batch.row_count(); ++row) {
    const std::string text = RowText(batch, row);
    std::int64_t& count = rows_[text];
    count += columnar::IsAddition(batch.change_kind(row)) ? 1 : -1;
    if (count == 0) {
      rows_.erase(text);
    }
  }
}

}  // namespace thalweg::testing
