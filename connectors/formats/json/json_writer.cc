// SPDX-License-Identifier: Apache-2.0
#include "connectors/formats/json/json_writer.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include <emmintrin.h>
#include <fmt/format.h>

#include "absl/strings/escaping.h"
#include "columnar/decimal.h"
#include "columnar/text.h"
#include "columnar/time_text.h"
#include "connectors/formats/json/value_kind.h"

namespace thalweg::connectors {
namespace {

using columnar::Column;
using columnar::DataType;
using columnar::StringRef;
using json::ValueKind;

constexpr std::size_t kFlushBytes = 64 * 1024;
constexpr std::size_t kSlack = 64;           // Copies go in steps of 32 bytes.
constexpr std::size_t kScalarBytesMax = 48;  // Of any value without a length.
constexpr std::size_t kEscapedByteMax = 6;   // \u001f

/// Copies at least `size` bytes in steps of 32; both sides have room for 31 more.
char* Copy(const char* from, std::size_t size, char* to) {
  for (std::size_t i = 0; i < size; i += 32) {
    std::memcpy(to + i, from + i, 32);
  }
  return to + size;
}

/// For bytes with nothing behind them.
char* CopyExact(std::string_view text, char* to) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

char* WriteEscaped(char c, char* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  *out++ = '\\';
  switch (c) {
    case '"':
    case '\\':
      *out++ = c;
      return out;
    case '\b':
      *out++ = 'b';
      return out;
    case '\f':
      *out++ = 'f';
      return out;
    case '\n':
      *out++ = 'n';
      return out;
    case '\r':
      *out++ = 'r';
      return out;
    case '\t':
      *out++ = 't';
      return out;
    default:
      out = CopyExact("u00", out);
      *out++ = kHex[c >> 4 & 0xf];
      *out++ = kHex[c & 0xf];
      return out;
  }
}

/// A bit for each of 16 bytes that JSON wants escaped.
std::uint32_t NeedsEscape(__m128i bytes) {
  const __m128i found =
      _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
                   _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(found));
}

/// `text` lies in a column, whose buffers may be read 64 bytes past their end.
char* WriteString(std::string_view text, char* out) {
  *out++ = '"';
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p < end) {
    // Copy 32 bytes first and look at them then: mostly nothing is to be done.
    const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), a);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 16), b);
    const std::uint32_t mask = NeedsEscape(a) | NeedsEscape(b) << 16;
    const auto left = static_cast<std::size_t>(end - p);
    const auto plain = std::min<std::size_t>(mask == 0 ? 32 : std::countr_zero(mask), left);
    p += plain;
    out += plain;
    if (plain < 32 && p < end) {
      out = WriteEscaped(*p++, out);
    }
  }
  *out++ = '"';
  return out;
}

char* WriteInteger(std::int64_t value, char* out) {
  const fmt::format_int text(value);
  return CopyExact({text.data(), text.size()}, out);
}

}  // namespace

class JsonWriter::Impl {
 public:
  Impl(columnar::SchemaPtr schema, const JsonOptions& options, std::string_view change_kind_field)
      : options_(options) {
    for (const columnar::Field& field : schema->fields()) {
      fields_.emplace_back(field.name, field.type, options);
    }
    if (!change_kind_field.empty()) {
      change_kind_literal_ = Literal(change_kind_field);
    }
  }

  Status Append(const columnar::Batch& batch, std::string* out) {
    std::size_t used = 0;
    for (std::size_t row = 0; row < batch.row_count(); ++row) {
      std::size_t bound = kSlack + kScalarBytesMax;
      for (std::size_t i = 0; i < fields_.size(); ++i) {
        bound += Bound(fields_[i], *batch.column(i), row);
      }
      if (used + bound > capacity_) {
        out->append(buffer_.get(), std::exchange(used, 0));
        Reserve(bound);
      }
      char* const end = WriteRow(batch, row, buffer_.get() + used);
      if (end == nullptr) {
        out->append(buffer_.get(), used);
        return InvalidArgument(fmt::format(
            "A MAP in column '{}' has a NULL key. Set 'json.map-null-key.mode' to DROP or LITERAL.",
            failed_field_));
      }
      used = static_cast<std::size_t>(end - buffer_.get());
    }
    out->append(buffer_.get(), used);
    return OkStatus();
  }

 private:
  struct Field {
    Field(const std::string& name, const DataType& type, const JsonOptions& options)
        : name(name), literal(Literal(name)), kind(json::KindOf(type)), type(type) {
      if (type.IsTimestamp()) {
        columnar::TimestampStyle style;
        style.separator = options.timestamp_standard() == proto::TIMESTAMP_SQL ? ' ' : 'T';
        style.zulu = type.kind() == columnar::TypeKind::kTimestampLtz;
        timestamps.emplace(type, style);
      }
      for (const columnar::Field& child : type.fields()) {
        children.emplace_back(child.name, child.type, options);
      }
    }

    std::string name;
    std::string literal;  // `,"name":`, padded for Copy().
    std::size_t literal_size() const { return literal.size() - 32; }
    ValueKind kind;
    DataType type;
    std::optional<columnar::TimestampFormatter> timestamps;
    std::vector<Field> children;
  };

  static std::string Literal(std::string_view name) {
    std::string text = ",\"";
    for (const char c : name) {
      if (c != '"' && c != '\\' && static_cast<unsigned char>(c) >= ' ') {
        text += c;
      } else {
        char escaped[kEscapedByteMax];
        text.append(escaped, static_cast<std::size_t>(WriteEscaped(c, escaped) - escaped));
      }
    }
    text += "\":";
    return text + std::string(32, '\0');
  }

  void Reserve(std::size_t bound) {
    if (bound > capacity_) {
      capacity_ = std::max(bound, kFlushBytes);
      buffer_ = std::make_unique_for_overwrite<char[]>(capacity_);
    }
  }

  /// The most bytes that a field of one row can take, its name included.
  std::size_t Bound(const Field& field, const Column& column, std::size_t row) const {
    std::size_t bytes = field.literal.size() + kScalarBytesMax;
    if (column.IsNull(row)) {
      return bytes;
    }
    const std::size_t stored = row * column.stride();
    switch (field.kind) {
      case ValueKind::kString:
      case ValueKind::kBytes:
        return bytes + kEscapedByteMax * column.Values<StringRef>()[stored].length;
      case ValueKind::kRow:
        for (std::size_t i = 0; i < field.children.size(); ++i) {
          bytes += Bound(field.children[i], *column.child(i), stored);
        }
        return bytes;
      case ValueKind::kArray:
      case ValueKind::kMap:
        for (std::size_t i = column.Offsets()[stored]; i < column.Offsets()[stored + 1]; ++i) {
          bytes += BoundElement(field, *column.child(0), i);
        }
        return bytes;
      default:
        return bytes;
    }
  }

  std::size_t BoundElement(const Field& field, const Column& elements, std::size_t i) const {
    if (field.kind == ValueKind::kArray) {
      return Bound(field.children[0], elements, i);
    }
    const std::size_t stored = i * elements.stride();
    return kEscapedByteMax * options_.map_null_key_literal().size() +
           Bound(field.children[0], *elements.child(0), stored) +
           Bound(field.children[1], *elements.child(1), stored);
  }

  char* WriteRow(const columnar::Batch& batch, std::size_t row, char* out) {
    *out++ = '{';
    bool first = true;
    if (!change_kind_literal_.empty()) {
      out = Copy(change_kind_literal_.data() + 1, change_kind_literal_.size() - 33, out);
      *out++ = '"';
      out = CopyExact(columnar::ToString(batch.change_kind(row)), out);
      *out++ = '"';
      first = false;
    }
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if ((out = WriteField(fields_[i], *batch.column(i), row, &first, out)) == nullptr) {
        return nullptr;
      }
    }
    *out++ = '}';
    *out++ = '\n';
    return out;
  }

  char* WriteField(Field& field, const Column& column, std::size_t row, bool* first, char* out) {
    const bool null = column.IsNull(row);
    if (null && options_.ignore_null_fields()) {
      return out;
    }
    const std::size_t comma = std::exchange(*first, false) ? 1 : 0;
    out = Copy(field.literal.data() + comma, field.literal_size() - comma, out);
    return null ? CopyExact("null", out) : WriteValue(field, column, row, out);
  }

  char* WriteNullable(Field& field, const Column& column, std::size_t row, char* out) {
    return column.IsNull(row) ? CopyExact("null", out) : WriteValue(field, column, row, out);
  }

  /// The value is not NULL.
  char* WriteValue(Field& field, const Column& column, std::size_t row, char* out) {
    const std::size_t stored = row * column.stride();
    switch (field.kind) {
      case ValueKind::kBoolean:
        return CopyExact(column.Values<std::uint8_t>()[stored] != 0 ? "true" : "false", out);
      case ValueKind::kInt8:
        return WriteInteger(column.Values<std::int8_t>()[stored], out);
      case ValueKind::kInt16:
        return WriteInteger(column.Values<std::int16_t>()[stored], out);
      case ValueKind::kInt32:
        return WriteInteger(column.Values<std::int32_t>()[stored], out);
      case ValueKind::kInt64:
        return WriteInteger(column.Values<std::int64_t>()[stored], out);
      case ValueKind::kString:
        return WriteString(column.View(column.Values<StringRef>()[stored]), out);
      case ValueKind::kTimestamp:
        *out++ = '"';
        out += field.timestamps->Format(column.Values<std::int64_t>()[stored], out);
        *out++ = '"';
        return out;
      case ValueKind::kRow:
        return WriteObject(field, column, stored, out);
      case ValueKind::kArray:
        return WriteArray(field, column, stored, out);
      case ValueKind::kMap:
        return WriteMap(field, column, stored, out);
      default:
        return WriteRare(field, column, stored, out);
    }
  }

  char* WriteRare(const Field& field, const Column& column, std::size_t stored, char* out) {
    text_.clear();
    bool quoted = true;
    switch (field.kind) {
      case ValueKind::kFloat:
        columnar::AppendFloat(column.Values<float>()[stored], &text_);
        quoted = !std::isfinite(column.Values<float>()[stored]);
        break;
      case ValueKind::kDouble:
        columnar::AppendDouble(column.Values<double>()[stored], &text_);
        quoted = !std::isfinite(column.Values<double>()[stored]);
        break;
      case ValueKind::kDecimal64:
        columnar::AppendDecimal(column.Values<std::int64_t>()[stored], field.type.scale(), &text_);
        quoted = false;
        break;
      case ValueKind::kDecimal128:
        columnar::AppendDecimal(
            column.Values<columnar::Int128>()[stored], field.type.scale(), &text_);
        quoted = false;
        break;
      case ValueKind::kDate:
        columnar::AppendDate(column.Values<std::int32_t>()[stored], &text_);
        break;
      case ValueKind::kTime:
        columnar::AppendTime(column.Values<std::int32_t>()[stored], field.type.precision(), &text_);
        break;
      default: {
        const std::string_view bytes = column.View(column.Values<StringRef>()[stored]);
        absl::Base64Escape({bytes.data(), bytes.size()}, &text_);
      }
    }
    if (quoted) {
      *out++ = '"';
    }
    out = CopyExact(text_, out);
    if (quoted) {
      *out++ = '"';
    }
    return out;
  }

  char* WriteObject(Field& field, const Column& column, std::size_t row, char* out) {
    *out++ = '{';
    bool first = true;
    for (std::size_t i = 0; i < field.children.size(); ++i) {
      out = WriteField(field.children[i], *column.child(i), row, &first, out);
      if (out == nullptr) {
        return nullptr;
      }
    }
    *out++ = '}';
    return out;
  }

  char* WriteArray(Field& field, const Column& column, std::size_t row, char* out) {
    *out++ = '[';
    const std::size_t begin = column.Offsets()[row];
    for (std::size_t i = begin; i < column.Offsets()[row + 1]; ++i) {
      if (i > begin) {
        *out++ = ',';
      }
      if ((out = WriteNullable(field.children[0], *column.child(0), i, out)) == nullptr) {
        return nullptr;
      }
    }
    *out++ = ']';
    return out;
  }

  char* WriteMap(Field& field, const Column& column, std::size_t row, char* out) {
    *out++ = '{';
    bool first = true;
    for (std::size_t i = column.Offsets()[row]; i < column.Offsets()[row + 1]; ++i) {
      const Column& entries = *column.child(0);
      const Column& keys = *entries.child(0);
      const std::size_t entry = i * entries.stride();
      const bool null_key = keys.IsNull(entry);
      if (null_key && options_.map_null_key_mode() == proto::MAP_NULL_KEY_DROP) {
        continue;
      }
      if (null_key && options_.map_null_key_mode() == proto::MAP_NULL_KEY_FAIL) {
        failed_field_ = field.name;
        return nullptr;
      }
      if (!std::exchange(first, false)) {
        *out++ = ',';
      }
      out = null_key ? WriteNullKey(out) : WriteKey(keys, entry, out);
      *out++ = ':';
      if ((out = WriteNullable(field.children[1], *entries.child(1), entry, out)) == nullptr) {
        return nullptr;
      }
    }
    *out++ = '}';
    return out;
  }

  /// Keys are texts in JSON; others than those are written as CAST makes texts of them.
  char* WriteKey(const Column& keys, std::size_t entry, char* out) {
    if (keys.type().IsCharacter()) {
      return WriteString(keys.StringAt(entry), out);
    }
    text_.clear();
    columnar::AppendText(keys, entry, &text_);
    const std::size_t size = text_.size();
    text_.append(kSlack, '\0');
    return WriteString({text_.data(), size}, out);
  }

  char* WriteNullKey(char* out) {
    const std::string quoted = Literal(options_.map_null_key_literal());
    return CopyExact({quoted.data() + 1, quoted.size() - 34}, out);
  }

  const JsonOptions options_;
  std::vector<Field> fields_;
  std::string change_kind_literal_;  // Empty: none.
  std::string failed_field_;
  std::string text_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
};

JsonWriter::JsonWriter(columnar::SchemaPtr schema,
                       const JsonOptions& options,
                       std::string_view change_kind_field)
    : impl_(std::make_unique<Impl>(std::move(schema), options, change_kind_field)) {}
JsonWriter::~JsonWriter() = default;

Status JsonWriter::Append(const columnar::Batch& batch, std::string* out) {
  return impl_->Append(batch, out);
}

}  // namespace thalweg::connectors
