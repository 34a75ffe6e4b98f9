// SPDX-License-Identifier: Apache-2.0
#include "columnar/row_text.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "columnar/text.h"
#include "columnar/time_text.h"

namespace thalweg::columnar {
namespace {

constexpr std::size_t kFractionGroup = 3;

/// Java leaves seconds out when they are zero, and writes fractions in groups of three digits.
/// `begin` is where the text of the time of day, `HH:mm:ss[.f]`, begins.
void FitSeconds(std::size_t begin, bool keeps_seconds, std::string* out) {
  const std::size_t point = out->find('.', begin);
  if (point != std::string::npos) {
    const std::size_t digits = out->size() - point - 1;
    out->append((kFractionGroup - digits % kFractionGroup) % kFractionGroup, '0');
  } else if (!keeps_seconds && out->ends_with(":00")) {
    out->resize(out->size() - 3);
  }
}

void AppendTimestamp(const DataType& type, std::int64_t value, std::string* out) {
  const bool is_instant = type.kind() == TypeKind::kTimestampLtz;
  const std::size_t begin = out->size();
  TimestampFormatter(type, {.separator = 'T'}).Append(value, out);
  FitSeconds(out->find('T', begin), is_instant, out);
  if (is_instant) {
    out->push_back('Z');
  }
}

/// `PT26H3M4.5S`; each part has the sign of the whole.
void AppendDuration(std::int64_t millis, std::string* out) {
  const char* const sign = millis < 0 ? "-" : "";
  const std::uint64_t rest =
      millis < 0 ? 0 - static_cast<std::uint64_t>(millis) : static_cast<std::uint64_t>(millis);
  const auto add = [&](std::uint64_t value, char unit) {
    if (value > 0) {
      out->append(sign).append(std::to_string(value)).push_back(unit);
    }
  };
  out->append("PT");
  add(rest / 3'600'000, 'H');
  add(rest / 60'000 % 60, 'M');
  const std::uint64_t seconds_millis = rest % 60'000;
  if (seconds_millis == 0 && rest != 0) {
    return;
  }
  out->append(rest == 0 ? "" : sign).append(std::to_string(seconds_millis / 1000));
  if (const std::uint64_t fraction = seconds_millis % 1000; fraction > 0) {
    std::string digits = std::to_string(1000 + fraction);
    digits.erase(digits.find_last_not_of('0') + 1);
    out->append(".").append(digits, 1);
  }
  out->push_back('S');
}

/// `P1Y2M`.
void AppendPeriod(std::int32_t months, std::string* out) {
  out->append("P");
  if (months / 12 != 0) {
    out->append(std::to_string(months / 12)).push_back('Y');
  }
  if (months % 12 != 0) {
    out->append(std::to_string(months % 12)).push_back('M');
  }
  if (months == 0) {
    out->append("0D");
  }
}

void AppendBytes(std::string_view bytes, std::string* out) {
  out->push_back('[');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    out->append(i == 0 ? "" : ", ");
    out->append(std::to_string(static_cast<int>(static_cast<signed char>(bytes[i]))));
  }
  out->push_back(']');
}

void AppendElements(const Column& column, std::size_t at, std::string* out) {
  const bool is_map = column.type().kind() == TypeKind::kMap;
  const Column& elements = *column.child(0);
  out->push_back(is_map ? '{' : '[');
  const std::size_t begin = column.Offsets()[at];
  for (std::size_t i = begin; i < column.Offsets()[at + 1]; ++i) {
    out->append(i == begin ? "" : ", ");
    if (is_map) {
      const std::size_t entry = i * elements.stride();
      AppendJavaText(*elements.child(0), entry, out);
      out->push_back('=');
      AppendJavaText(*elements.child(1), entry, out);
    } else {
      AppendJavaText(elements, i, out);
    }
  }
  out->push_back(is_map ? '}' : ']');
}

void AppendFields(std::span<const ColumnPtr> columns, std::size_t row, std::string* out) {
  out->push_back('[');
  for (const ColumnPtr& column : columns) {
    out->append(&column == columns.data() ? "" : ", ");
    AppendJavaText(*column, row, out);
  }
  out->push_back(']');
}

}  // namespace

void AppendJavaText(const Column& column, std::size_t row, std::string* out) {
  if (column.IsNull(row)) {
    out->append("null");
    return;
  }
  const DataType& type = column.type();
  const std::size_t at = row * column.stride();
  switch (type.kind()) {
    case TypeKind::kBoolean:
      out->append(column.Values<std::uint8_t>()[at] != 0 ? "true" : "false");
      return;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return AppendTimestamp(type, column.Values<std::int64_t>()[at], out);
    case TypeKind::kTime: {
      const std::size_t begin = out->size();
      AppendTime(column.Values<std::int32_t>()[at], type.precision(), out);
      return FitSeconds(begin, /*keeps_seconds=*/false, out);
    }
    case TypeKind::kIntervalYearMonth:
      return AppendPeriod(column.Values<std::int32_t>()[at], out);
    case TypeKind::kIntervalDayTime:
      return AppendDuration(column.Values<std::int64_t>()[at], out);
    case TypeKind::kBinary:
    case TypeKind::kVarBinary:
      return AppendBytes(column.StringAt(row), out);
    case TypeKind::kRow:
      out->append("+I");
      return AppendFields(column.children(), at, out);
    case TypeKind::kArray:
    case TypeKind::kMap:
      return AppendElements(column, at, out);
    default:
      return AppendText(column, row, out);
  }
}

void AppendRowText(const Batch& batch, std::size_t row, std::string* out) {
  out->append(ToString(batch.change_kind(row)));
  AppendFields(batch.columns(), row, out);
}

}  // namespace thalweg::columnar
