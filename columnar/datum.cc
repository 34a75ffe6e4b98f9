// SPDX-License-Identifier: Apache-2.0
#include "columnar/datum.h"

#include <cmath>

#include "columnar/column.h"
#include "columnar/decimal.h"

namespace thalweg::columnar {
namespace {

Datum ListAt(const Column& column, std::size_t row) {
  const std::size_t stored = row * column.stride();
  const auto offsets = column.Offsets();
  Datum::List list;
  for (std::uint32_t i = offsets[stored]; i < offsets[stored + 1]; ++i) {
    list.push_back(DatumAt(*column.child(0), i));
  }
  return list;
}

Datum RowAt(const Column& column, std::size_t row) {
  Datum::List list;
  for (const ColumnPtr& child : column.children()) {
    list.push_back(DatumAt(*child, row * column.stride()));
  }
  return list;
}

}  // namespace

bool operator==(const Datum& a, const Datum& b) {
  const auto* x = std::get_if<double>(&a.value_);
  const auto* y = std::get_if<double>(&b.value_);
  if (x != nullptr && y != nullptr && std::isnan(*x) && std::isnan(*y)) {
    return true;
  }
  return a.value_ == b.value_;
}

std::string Datum::ToString() const {
  if (is_null()) {
    return "NULL";
  }
  if (const auto* value = std::get_if<bool>(&value_)) {
    return *value ? "true" : "false";
  }
  if (const auto* value = std::get_if<std::int64_t>(&value_)) {
    return std::to_string(*value);
  }
  if (const auto* value = std::get_if<Int128>(&value_)) {
    std::string text;
    AppendDecimal(*value, 0, &text);
    return text;
  }
  if (const auto* value = std::get_if<double>(&value_)) {
    return std::to_string(*value);
  }
  if (const auto* value = std::get_if<std::string>(&value_)) {
    return '"' + *value + '"';
  }
  std::string text = "[";
  for (const Datum& item : list()) {
    text += (&item == list().data() ? "" : ", ") + item.ToString();
  }
  return text + ']';
}

Datum DatumAt(const Column& column, std::size_t row) {
  CHECK_LT(row, column.length());
  if (column.IsNull(row)) {
    return Datum();
  }
  const std::size_t stored = row * column.stride();
  switch (column.physical()) {
    case Physical::kBool:
      return column.Values<std::uint8_t>()[stored] != 0;
    case Physical::kInt8:
      return column.Values<std::int8_t>()[stored];
    case Physical::kInt16:
      return column.Values<std::int16_t>()[stored];
    case Physical::kInt32:
      return column.Values<std::int32_t>()[stored];
    case Physical::kInt64:
      return column.Values<std::int64_t>()[stored];
    case Physical::kInt128:
      return column.Values<Int128>()[stored];
    case Physical::kFloat:
      return static_cast<double>(column.Values<float>()[stored]);
    case Physical::kDouble:
      return column.Values<double>()[stored];
    case Physical::kString:
      return column.StringAt(row);
    case Physical::kList:
      return ListAt(column, row);
    case Physical::kRow:
      break;
  }
  return RowAt(column, row);
}

}  // namespace thalweg::columnar
