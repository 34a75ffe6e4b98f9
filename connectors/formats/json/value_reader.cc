// SPDX-License-Identifier: Apache-2.0
//
// Single values; rows, arrays and maps are in container_reader.cc.
#include "connectors/formats/json/value_reader.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "absl/strings/escaping.h"
#include "columnar/decimal.h"

namespace thalweg::connectors::json {
namespace {

using columnar::DecimalSpec;
using columnar::Int128;

std::string_view Trim(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') {
    text.remove_prefix(1);
  }
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') {
    text.remove_suffix(1);
  }
  return text;
}

std::string_view WithoutPlus(std::string_view text) {
  return text.size() > 1 && text[0] == '+' && text[1] != '-' ? text.substr(1) : text;
}

template <class T>
std::optional<T> ParseWhole(std::string_view text) {
  T value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

/// An integer; a number with a fraction is cut off towards zero unless it stood in quotes.
std::optional<std::int64_t> ParseInteger(std::string_view text, bool quoted) {
  if (const auto value = ParseWhole<std::int64_t>(quoted ? WithoutPlus(text) : text)) {
    return value;
  }
  if (quoted || text.find_first_of(".eE") == std::string_view::npos) {
    return std::nullopt;
  }
  const auto real = ParseWhole<double>(text);
  if (!real || std::abs(*real) >= 0x1p63) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*real);
}

template <class T>
bool StoreInteger(Node& node, std::size_t row, std::string_view text, bool quoted) {
  const auto value = ParseInteger(text, quoted);
  if (!value || *value < std::numeric_limits<T>::min() || *value > std::numeric_limits<T>::max()) {
    return false;
  }
  node.Store(row, static_cast<T>(*value));
  return true;
}

template <class T>
bool StoreReal(Node& node, std::size_t row, std::string_view text, bool quoted) {
  std::optional<T> value;
  if (!quoted || text.find_first_of("xXiInN") == std::string_view::npos) {
    value = ParseWhole<T>(quoted ? WithoutPlus(text) : text);
  } else if (text == "NaN") {
    value = std::numeric_limits<T>::quiet_NaN();
  } else if (text == "Infinity" || text == "+Infinity") {
    value = std::numeric_limits<T>::infinity();
  } else if (text == "-Infinity") {
    value = -std::numeric_limits<T>::infinity();
  }
  if (value) {
    node.Store(row, *value);
  }
  return value.has_value();
}

/// Plain notation of up to 18 digits whose fraction is not longer than the scale.
std::optional<std::int64_t> ParseShortDecimal(std::string_view text, DecimalSpec spec) {
  const bool negative = text.starts_with('-');
  text.remove_prefix(negative ? 1 : 0);
  if (text.empty() || text.size() > 18) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  int fraction = -1;  // Digits behind the point, once it was seen.
  for (const char c : text) {
    if (c == '.' && fraction < 0) {
      fraction = 0;
    } else if (!IsDigit(c)) {
      return std::nullopt;
    } else {
      value = value * 10 + (c - '0');
      fraction += fraction >= 0 ? 1 : 0;
    }
  }
  const int missing = spec.scale - std::max(fraction, 0);
  const int digits = static_cast<int>(text.size()) + missing;
  if (missing < 0 || digits > spec.precision || digits > 18) {
    return std::nullopt;
  }
  value *= static_cast<std::int64_t>(columnar::PowerOfTen(missing));
  return negative ? -value : value;
}

bool StoreDecimal(Node& node, std::size_t row, std::string_view text) {
  const DecimalSpec spec{node.type.precision(), node.type.scale()};
  Int128 value;
  if (const auto small = ParseShortDecimal(text, spec)) {
    value = *small;
  } else {
    const StatusOr<Int128> parsed = columnar::ParseDecimal(text, spec);
    if (!parsed.ok()) {
      return false;
    }
    value = *parsed;
  }
  if (node.kind == ValueKind::kDecimal64) {
    node.Store(row, static_cast<std::int64_t>(value));
  } else {
    node.Store(row, value);
  }
  return true;
}

bool EqualIgnoringCase(std::string_view a, std::string_view lower) {
  return a.size() == lower.size() &&
         std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? x + ('a' - 'A') : x) == y;
         });
}

bool StoreBoolean(Node& node, std::size_t row, std::string_view text) {
  const bool truth = EqualIgnoringCase(text, "true");
  if (!truth && !EqualIgnoringCase(text, "false")) {
    return false;
  }
  node.Store<std::uint8_t>(row, truth ? 1 : 0);
  return true;
}

bool StoreBytes(Node& node, std::size_t row, std::string_view text) {
  std::string bytes;
  if (!absl::Base64Unescape({text.data(), text.size()}, &bytes)) {
    return false;
  }
  node.Store(row, node.out->heap().Add(bytes));
  return true;
}

template <class T>
bool StoreIf(Node& node, std::size_t row, const std::optional<T>& value) {
  if (value) {
    node.Store(row, *value);
  }
  return value.has_value();
}

const char* WhatWasExpected(ValueKind kind) {
  switch (kind) {
    case ValueKind::kBoolean:
      return "true or false was expected";
    case ValueKind::kFloat:
    case ValueKind::kDouble:
      return "a number was expected";
    case ValueKind::kDecimal64:
    case ValueKind::kDecimal128:
      return "a decimal of this precision was expected";
    case ValueKind::kBytes:
      return "base64 in quotes was expected";
    case ValueKind::kDate:
      return "a date in quotes was expected, yyyy-MM-dd";
    case ValueKind::kTime:
      return "a time in quotes was expected, HH:mm:ss";
    default:
      return "an integer of this size was expected";
  }
}

/// Removes the blanks between the tokens of a checked value.
std::string Compact(std::string_view value) {
  std::string out;
  bool in_string = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (in_string && value[i] == '\\') {
      out += value[i++];
    } else if (value[i] == '"') {
      in_string = !in_string;
    } else if (!in_string && IsBlank(value[i])) {
      continue;
    }
    out += value[i];
  }
  return out;
}

}  // namespace

std::string_view ValueReader::TextOf(const StringToken& token) {
  if (!token.escaped) {
    return token.raw();
  }
  scratch_.resize(token.raw().size() + 64);  // Those who compare keys read past the end.
  return {scratch_.data(), Unescape(token, scratch_.data())};
}

const char* ValueReader::StoreEscaped(Node& node,
                                      std::size_t row,
                                      const StringToken& token,
                                      const char* end) {
  char* const to = node.out->heap().Reserve(token.raw().size() + 16);
  node.Store(row, node.out->heap().Commit(Unescape(token, to)));
  return end;
}

const char* ValueReader::ReadSpecialText(Node& node,
                                         std::size_t row,
                                         const char* begin,
                                         const char* stop) {
  problem_.at = nullptr;
  std::size_t size = 0;
  char* const to = node.out->heap().Reserve(kShortText + 32);
  if (const char* const end = UnescapeShort(begin, stop, to, &size, problem_); end != nullptr) {
    node.Store(row, node.out->heap().Commit(size));
    return end;
  }
  if (problem_.at != nullptr) {
    return nullptr;
  }
  StringToken token;
  const char* const end = ScanStringSlow(begin, stop, token, problem_);
  return end == nullptr ? nullptr : StoreEscaped(node, row, token, end);
}

const char* ValueReader::ReadNullOr(Node& node,
                                    std::size_t row,
                                    const char* p,
                                    const char* otherwise) {
  if (!IsNull(p)) {
    return SkipValue(p, 0, problem_) == nullptr ? nullptr : problem_.Misfit(p, otherwise, node);
  }
  if (!node.type.nullable()) {
    return problem_.Misfit(p, "null in a field that is NOT NULL", node);
  }
  touched_ = true;
  StoreNull(node, row);
  return p + 4;
}

bool ValueReader::StoreMissing(Node& node, std::size_t row, const char* at) {
  if (fail_on_missing_) {
    problem_.Misfit(at, "the field is missing, and 'json.fail-on-missing-field' is set", node);
    return false;
  }
  if (!node.type.nullable()) {
    problem_.Misfit(at, "the field is missing, and it is NOT NULL", node);
    return false;
  }
  touched_ = true;
  StoreNull(node, row);
  return true;
}

const char* ValueReader::ReadIgnored(Node& node, std::size_t row, const char* p, int depth) {
  if (problem_.syntax || !node.type.nullable()) {
    return nullptr;
  }
  const char* const end = SkipValue(p, depth, problem_);
  if (end != nullptr) {
    Rollback(node, row);
    touched_ = true;
    StoreNull(node, row);
    ++nulled_fields_;
  }
  return end;
}

bool ValueReader::StoreText(Node& node, std::size_t row, std::string_view text, bool quoted) {
  switch (node.kind) {
    case ValueKind::kBoolean:
      return quoted && StoreBoolean(node, row, text);
    case ValueKind::kInt8:
      return StoreInteger<std::int8_t>(node, row, text, quoted);
    case ValueKind::kInt16:
      return StoreInteger<std::int16_t>(node, row, text, quoted);
    case ValueKind::kInt32:
      return StoreInteger<std::int32_t>(node, row, text, quoted);
    case ValueKind::kInt64:
      return StoreInteger<std::int64_t>(node, row, text, quoted);
    case ValueKind::kFloat:
      return StoreReal<float>(node, row, text, quoted);
    case ValueKind::kDouble:
      return StoreReal<double>(node, row, text, quoted);
    case ValueKind::kDecimal64:
    case ValueKind::kDecimal128:
      return StoreDecimal(node, row, text);
    case ValueKind::kBytes:
      return quoted && StoreBytes(node, row, text);
    case ValueKind::kDate:
      return quoted && StoreIf(node, row, columnar::ParseDate(text));
    case ValueKind::kTime:
      return quoted && StoreIf(node, row, columnar::ParseTime(text, node.type.precision()));
    default:
      return false;
  }
}

const char* ValueReader::ReadNumeric(Node& node, std::size_t row, const char* p) {
  if (*p == '"') {
    StringToken token;
    const char* const end = ScanString(p + 1, token, problem_);
    if (end == nullptr) {
      return nullptr;
    }
    return StoreText(node, row, Trim(TextOf(token)), /*quoted=*/true)
               ? end
               : problem_.Misfit(p, WhatWasExpected(node.kind), node);
  }
  if (*p != '-' && !IsDigit(*p)) {
    return ReadNullOr(node, row, p, WhatWasExpected(node.kind));
  }
  bool integer;
  const char* const end = ScanNumber(p, &integer, problem_);
  if (end == nullptr) {
    return nullptr;
  }
  const std::string_view text(p, static_cast<std::size_t>(end - p));
  return StoreText(node, row, text, /*quoted=*/false)
             ? end
             : problem_.Misfit(p, WhatWasExpected(node.kind), node);
}

const char* ValueReader::ReadAsText(Node& node, std::size_t row, const char* p, int depth) {
  if (*p == 'n') {
    return ReadNullOr(node, row, p, "");
  }
  const char* const end = SkipValue(p, depth, problem_);
  if (end == nullptr) {
    return nullptr;
  }
  const std::string_view text(p, static_cast<std::size_t>(end - p));
  if (*p == '{' || *p == '[') {
    node.Store(row, node.out->heap().Add(Compact(text)));
  } else {
    node.Store(row, node.out->heap().Add(text));
  }
  return end;
}

const char* ValueReader::ReadOther(Node& node, std::size_t row, const char* p, int depth) {
  switch (node.kind) {
    case ValueKind::kBoolean:
      if (IsTrue(p) || IsFalse(p)) {
        node.Store<std::uint8_t>(row, *p == 't' ? 1 : 0);
        return p + (*p == 't' ? 4 : 5);
      }
      return ReadNumeric(node, row, p);
    case ValueKind::kRow:
      return *p == '{' ? ReadObject(node, row, p, depth)
                       : ReadNullOr(node, row, p, "an object was expected");
    case ValueKind::kArray:
      return *p == '[' ? ReadArray(node, row, p, depth)
                       : ReadNullOr(node, row, p, "an array was expected");
    case ValueKind::kMap:
      return *p == '{' ? ReadMap(node, row, p, depth)
                       : ReadNullOr(node, row, p, "an object was expected");
    default:
      return ReadNumeric(node, row, p);
  }
}

}  // namespace thalweg::connectors::json
