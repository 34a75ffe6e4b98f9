// SPDX-License-Identifier: Apache-2.0
#include "connectors/formats/csv/csv_decoder.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "absl/strings/escaping.h"
#include "columnar/batch_builder.h"
#include "columnar/text.h"
#include "columnar/time_text.h"
#include "connectors/formats/csv/csv_scanner.h"
#include "connectors/formats/records/utf8.h"

namespace thalweg::connectors {
namespace {

using columnar::ColumnBuilder;
using columnar::DataType;
using columnar::Datum;
using columnar::TypeKind;

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

std::string ExpectationOf(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return "true or false was expected";
    case TypeKind::kFloat:
    case TypeKind::kDouble:
      return "a number was expected";
    case TypeKind::kDecimal:
      return "a decimal of this precision was expected";
    case TypeKind::kBinary:
    case TypeKind::kVarBinary:
      return "base64 was expected";
    case TypeKind::kDate:
      return "a date was expected, yyyy-MM-dd";
    case TypeKind::kTime:
      return "a time was expected, HH:mm:ss";
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return "a timestamp was expected, yyyy-MM-dd HH:mm:ss";
    case TypeKind::kArray:
    case TypeKind::kRow:
      return "a part does not fit its type, or there are too many or too few";
    default:
      return "an integer of this size was expected";
  }
}

/// One wanted column. Values are appended; a row that is given up takes its values back.
class Target {
 public:
  Target(const columnar::Field& field,
         std::size_t place,
         char element_delimiter,
         ColumnBuilder* out)
      : place_(place),
        element_delimiter_(element_delimiter),
        name_(field.name),
        type_(field.type),
        is_nested_(field.type.kind() == TypeKind::kArray || field.type.kind() == TypeKind::kRow),
        out_(out) {
    if (type_.IsTimestamp()) {
      timestamps_.emplace(type_);
    }
  }

  std::size_t place() const { return place_; }
  const std::string& name() const { return name_; }
  const DataType& type() const { return type_; }
  /// Nested values are read into a box first, as they cannot be taken back.
  bool is_nested() const { return is_nested_; }

  bool Append(std::string_view text) {
    if (type_.IsCharacter()) {
      out_->AppendString(text);
      return true;
    }
    switch (type_.kind()) {
      case TypeKind::kInt:
        return AppendInteger<std::int32_t>(text);
      case TypeKind::kBigInt:
        return AppendInteger<std::int64_t>(text);
      case TypeKind::kTimestamp:
      case TypeKind::kTimestampLtz: {
        const auto value = timestamps_->Parse(Trim(text));
        if (value.has_value()) {
          out_->Append(*value);
        }
        return value.has_value();
      }
      case TypeKind::kBinary:
      case TypeKind::kVarBinary:
        return AppendBase64(text);
      default:
        return columnar::ParseText(text, out_).ok();
    }
  }

  bool CanBeNull() const { return type_.nullable(); }
  void AppendNull() { out_->AppendNull(); }

  bool ReadBox(std::string_view text) {
    Datum::List list;
    const std::vector<columnar::Field>& fields = type_.fields();
    const bool is_row = type_.kind() == TypeKind::kRow;
    for (std::size_t begin = 0; begin <= text.size() && !(text.empty() && !is_row);) {
      const std::size_t end = std::min(text.find(element_delimiter_, begin), text.size());
      if (is_row && list.size() == fields.size()) {
        return false;
      }
      std::optional<Datum> part =
          ReadPart(text.substr(begin, end - begin), fields[is_row ? list.size() : 0].type);
      if (!part.has_value()) {
        return false;
      }
      list.push_back(*std::move(part));
      begin = end + 1;
    }
    if (is_row && list.size() != fields.size()) {
      return false;
    }
    box_ = std::move(list);
    return true;
  }
  void ClearBox() { box_ = Datum(); }
  void AppendBox() { out_->AppendDatum(box_); }

  /// Takes back the value of a row that is given up. REQUIRES: !is_nested().
  void TakeBack(std::size_t row) {
    out_->SetValid(row);
    out_->SetLength(row);
  }

 private:
  template <class T>
  bool AppendInteger(std::string_view text) {
    std::string_view digits = Trim(text);
    if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-') {
      digits.remove_prefix(1);
    }
    T value;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) {
      return false;
    }
    out_->Append(value);
    return true;
  }

  bool AppendBase64(std::string_view text) {
    std::string bytes;
    if (!absl::Base64Unescape({text.data(), text.size()}, &bytes)) {
      return false;
    }
    out_->AppendString(bytes);
    return true;
  }

  /// A part of an ARRAY or a ROW; empty: NULL, but for texts.
  static std::optional<Datum> ReadPart(std::string_view text, const DataType& type) {
    if (text.empty() && !type.IsCharacter()) {
      return type.nullable() ? std::optional(Datum()) : std::nullopt;
    }
    if (type.IsBinary()) {
      std::string bytes;
      if (!absl::Base64Unescape({text.data(), text.size()}, &bytes)) {
        return std::nullopt;
      }
      return Datum(std::move(bytes));
    }
    StatusOr<Datum> value = columnar::ParseDatum(type, text);
    return value.ok() ? std::optional(*std::move(value)) : std::nullopt;
  }

  const std::size_t place_;  // In the record.
  const char element_delimiter_;
  const std::string name_;
  const DataType type_;
  const bool is_nested_;
  ColumnBuilder* const out_;
  std::optional<columnar::TimestampParser> timestamps_;
  Datum box_;
};

class CsvDecoder final : public RecordDecoder {
 public:
  CsvDecoder(std::size_t field_count, columnar::SchemaPtr wanted, const CsvOptions& options)
      : options_(options),
        field_count_(field_count),
        scanner_(options),
        batch_(std::move(wanted)),
        null_literal_(options.has_null_literal() ? std::optional(options.null_literal())
                                                 : std::nullopt) {}

  void AddTarget(std::size_t column, std::size_t place) {
    targets_.emplace_back(batch_.schema()->field(column),
                          place,
                          options_.array_element_delimiter()[0],
                          &batch_.column(column));
  }

  void Begin(bool at_beginning) override {
    skip_mark_ = at_beginning;
    skip_record_ = at_beginning && options_.ignore_first_line();
  }

  Outcome Decode(std::string_view lines, std::size_t row_limit, bool last) override {
    Outcome outcome;
    const char* const text = lines.data();
    const char* const end = text + lines.size();
    const char* p = text;
    std::uint64_t line = 0;  // Lines before `p`.
    // While the header is still to come nothing counts as consumed: who goes on behind what was
    // consumed must find rows there.
    const auto consume = [&] {
      if (!skip_record_ || last) {
        outcome.consumed = static_cast<std::size_t>(p - text);
        outcome.line_count = line;
        skip_mark_ = false;
      }
    };
    while (p < end && batch_.row_count() < row_limit) {
      const char* record = p;
      if (skip_mark_ && p == text && std::string_view(p, end).starts_with(kByteOrderMark)) {
        record += kByteOrderMark.size();
      }
      const char* next = SkipLine(record, end);
      if (next != nullptr) {
        p = next;
        ++line;
        consume();
        continue;
      }
      const CsvScanner::Result result = scanner_.Scan(record, end, last);
      if (result == CsvScanner::Result::kIncomplete) {
        break;
      }
      next = scanner_.next();
      const bool has_lines = scanner_.has_quotes() || result == CsvScanner::Result::kBad;
      const std::uint64_t first_line = line;
      line += has_lines ? CountLines(record, next) : 1;
      p = next;
      if (std::exchange(skip_record_, false)) {
        consume();
        continue;
      }
      consume();
      const bool is_row = result == CsvScanner::Result::kBad
                              ? Problem(record, scanner_.problem_at(), scanner_.reason())
                              : ReadRow(record);
      if (!is_row && options_.ignore_parse_errors()) {
        ++stats_.skipped_lines;
      } else if (!is_row) {
        problem_.begin = static_cast<std::size_t>(record - text);
        problem_.size = SizeOf(record, next);
        problem_.line = first_line;
        outcome.bad = std::move(problem_);
        return outcome;
      }
    }
    outcome.incomplete = batch_.row_count() < row_limit && outcome.consumed < lines.size();
    return outcome;
  }

  std::size_t row_count() const override { return batch_.row_count(); }
  columnar::Batch Finish() override { return batch_.Finish(); }
  DecodeStats stats() const override { return stats_; }

 private:
  /// Behind an empty line or a comment; nullptr: `p` is at neither.
  const char* SkipLine(const char* p, const char* end) const {
    if (p == end) {
      return end;  // Behind a mark.
    }
    if (*p == '\n') {
      return p + 1;
    }
    if (*p == '\r' && p + 1 < end && p[1] == '\n') {
      return p + 2;
    }
    if (*p == '#' && options_.allow_comments()) {
      const void* const newline = std::memchr(p, '\n', static_cast<std::size_t>(end - p));
      return newline == nullptr ? end : static_cast<const char*>(newline) + 1;
    }
    return nullptr;
  }

  static std::uint64_t CountLines(const char* begin, const char* end) {
    const auto newlines = static_cast<std::uint64_t>(std::count(begin, end, '\n'));
    return newlines + (end[-1] == '\n' ? 0 : 1);
  }

  /// Without the line break.
  static std::size_t SizeOf(const char* begin, const char* end) {
    if (end > begin && end[-1] == '\n') {
      --end;
      if (end > begin && end[-1] == '\r') {
        --end;
      }
    }
    return static_cast<std::size_t>(end - begin);
  }

  bool Problem(const char* record, const char* at, std::string reason) {
    problem_.column = static_cast<std::size_t>(at - record) + 1;
    problem_.reason = std::move(reason);
    return false;
  }

  bool ReadRow(const char* record) {
    const std::vector<CsvField>& fields = scanner_.fields();
    const char* const end = scanner_.record_end();
    if (fields.size() != field_count_ && !options_.ignore_parse_errors()) {
      const bool too_many = fields.size() > field_count_;
      return Problem(
          record,
          too_many ? fields[field_count_].begin : end,
          fmt::format("{} fields were expected, and there are {}", field_count_, fields.size()));
    }
    if (!IsUtf8({record, static_cast<std::size_t>(end - record)})) {
      return Problem(record, record, "the record is not UTF-8");
    }
    for (Target& target : targets_) {
      if (target.is_nested() && !ReadNested(target, record)) {
        return false;
      }
    }
    const std::size_t row = batch_.row_count();
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      if (targets_[i].is_nested() || AppendPlain(targets_[i], record)) {
        continue;
      }
      for (std::size_t k = 0; k < i; ++k) {
        if (!targets_[k].is_nested()) {
          targets_[k].TakeBack(row);
        }
      }
      return false;
    }
    for (Target& target : targets_) {
      if (target.is_nested()) {
        target.AppendBox();
      }
    }
    batch_.CommitRows(1);
    return true;
  }

  /// Whether the field stands for NULL: it is missing, the null literal, or empty where there can
  /// be no empty value.
  bool IsNull(const Target& target, const CsvField* field) const {
    return field == nullptr || (!field->quoted && null_literal_ == field->text) ||
           (field->text.empty() && !target.type().IsCharacter() &&
            !(target.is_nested() && field->quoted));
  }

  const CsvField* FieldOf(const Target& target) const {
    return target.place() < scanner_.fields().size() ? &scanner_.fields()[target.place()] : nullptr;
  }

  bool AppendPlain(Target& target, const char* record) {
    const CsvField* const field = FieldOf(target);
    if (IsNull(target, field)) {
      if (!target.CanBeNull()) {
        return Misfit(target, field, record, "it is NULL, and the column is NOT NULL");
      }
      target.AppendNull();
      return true;
    }
    if (target.Append(field->text)) {
      return true;
    }
    if (options_.ignore_parse_errors() && target.CanBeNull()) {
      ++stats_.nulled_fields;
      target.AppendNull();
      return true;
    }
    return Misfit(target, field, record, ExpectationOf(target.type()));
  }

  bool ReadNested(Target& target, const char* record) {
    const CsvField* const field = FieldOf(target);
    target.ClearBox();
    if (IsNull(target, field)) {
      return target.CanBeNull() ||
             Misfit(target, field, record, "it is NULL, and the column is NOT NULL");
    }
    if (target.ReadBox(field->text)) {
      return true;
    }
    if (options_.ignore_parse_errors() && target.CanBeNull()) {
      ++stats_.nulled_fields;
      return true;
    }
    return Misfit(target, field, record, ExpectationOf(target.type()));
  }

  bool Misfit(const Target& target,
              const CsvField* field,
              const char* record,
              std::string_view what) {
    return Problem(record,
                   field == nullptr ? scanner_.record_end() : field->begin,
                   fmt::format("field '{}' {}: {}", target.name(), target.type().ToString(), what));
  }

  const CsvOptions options_;
  const std::size_t field_count_;
  CsvScanner scanner_;
  columnar::BatchBuilder batch_;
  std::vector<Target> targets_;
  const std::optional<std::string> null_literal_;
  bool skip_mark_ = false;
  bool skip_record_ = false;
  BadLine problem_;
  DecodeStats stats_;
};

}  // namespace

StatusOr<std::unique_ptr<RecordDecoder>> MakeCsvDecoder(const columnar::Schema& records,
                                                        columnar::SchemaPtr wanted,
                                                        const CsvOptions& options) {
  auto decoder = std::make_unique<CsvDecoder>(records.size(), wanted, options);
  for (std::size_t column = 0; column < wanted->size(); ++column) {
    const std::optional<std::size_t> place = records.IndexOf(wanted->field(column).name);
    if (!place.has_value()) {
      return NotFound(fmt::format("Column '{}' is not among those of a CSV record, {}.",
                                  wanted->field(column).name,
                                  records.ToString()));
    }
    decoder->AddTarget(column, *place);
  }
  return decoder;
}

}  // namespace thalweg::connectors
