// SPDX-License-Identifier: Apache-2.0
#include "base/config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

namespace thalweg {
namespace {

char ToLower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), ToLower);
  return lower;
}

// "64 mb" as digits and a lower-case unit, which may be empty.
struct Quantity {
  std::uint64_t count = 0;
  std::string unit;
};

std::optional<Quantity> ParseQuantity(std::string_view text) {
  const std::string_view trimmed = Trim(text);
  Quantity quantity;
  const char* const end = trimmed.data() + trimmed.size();
  const auto [rest, error] = std::from_chars(trimmed.data(), end, quantity.count);
  if (error != std::errc()) {
    return std::nullopt;
  }
  quantity.unit = LowerCase(Trim({rest, static_cast<std::size_t>(end - rest)}));
  return quantity;
}

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::uint64_t kSecond = 1'000'000'000;
// In nanoseconds; a number without a unit counts milliseconds.
constexpr std::array<Unit, 28> kDurationUnits{{
    {"", 1'000'000},
    {"ns", 1},
    {"nano", 1},
    {"nanosecond", 1},
    {"us", 1'000},
    {"micro", 1'000},
    {"microsecond", 1'000},
    {"ms", 1'000'000},
    {"milli", 1'000'000},
    {"millisecond", 1'000'000},
    {"s", kSecond},
    {"sec", kSecond},
    {"second", kSecond},
    {"m", 60 * kSecond},
    {"min", 60 * kSecond},
    {"minute", 60 * kSecond},
    {"h", 3600 * kSecond},
    {"hour", 3600 * kSecond},
    {"d", 86400 * kSecond},
    {"day", 86400 * kSecond},
    {"nanos", 1},
    {"nanoseconds", 1},
    {"microseconds", 1'000},
    {"milliseconds", 1'000'000},
    {"seconds", kSecond},
    {"minutes", 60 * kSecond},
    {"hours", 3600 * kSecond},
    {"days", 86400 * kSecond},
}};
constexpr std::array<Unit, 18> kByteUnits{{
    {"", 1},
    {"b", 1},
    {"byte", 1},
    {"bytes", 1},
    {"k", 1ULL << 10},
    {"kb", 1ULL << 10},
    {"kibibytes", 1ULL << 10},
    {"m", 1ULL << 20},
    {"mb", 1ULL << 20},
    {"mebibytes", 1ULL << 20},
    {"g", 1ULL << 30},
    {"gb", 1ULL << 30},
    {"gibibytes", 1ULL << 30},
    {"t", 1ULL << 40},
    {"tb", 1ULL << 40},
    {"tebibytes", 1ULL << 40},
    {"kib", 1ULL << 10},
    {"mib", 1ULL << 20},
}};

std::optional<std::uint64_t> FactorOf(std::string_view unit, std::span<const Unit> units) {
  const auto found =
      std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == unit; });
  return found == units.end() ? std::nullopt : std::optional(found->factor);
}

std::string ToText(std::int64_t value) {
  return fmt::format("{}", value);
}
std::string ToText(double value) {
  return fmt::format("{}", value);
}
std::string ToText(bool value) {
  return value ? "true" : "false";
}
std::string ToText(Milliseconds value) {
  return fmt::format("{} ms", value.count());
}
std::string ToText(ByteSize value) {
  return fmt::format("{} bytes", value.value);
}

template <class T, class Parse>
StatusOr<T> GetAs(const Configuration& configuration, const Option<T>& option, Parse parse) {
  const std::optional<std::string_view> text = configuration.Find(option.key);
  if (!text) {
    return option.default_value;
  }
  StatusOr<T> value = parse(*text);
  if (!value.ok()) {
    return Annotate(value.status(), fmt::format("Option '{}'", option.key));
  }
  if (option.min && *value < *option.min) {
    return InvalidArgument(fmt::format(
        "Option '{}' is '{}', it must be at least {}", option.key, *text, ToText(*option.min)));
  }
  if (option.max && *option.max < *value) {
    return InvalidArgument(fmt::format(
        "Option '{}' is '{}', it must be at most {}", option.key, *text, ToText(*option.max)));
  }
  return value;
}

// How many letters must be put in, taken out or replaced to make one word of the other.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

StatusOr<Milliseconds> ParseDuration(std::string_view text) {
  const std::optional<Quantity> quantity = ParseQuantity(text);
  const std::optional<std::uint64_t> nanos =
      quantity ? FactorOf(quantity->unit, kDurationUnits) : std::nullopt;
  if (!nanos) {
    return InvalidArgument(fmt::format(
        "'{}' is not a duration: write a number and one of ns, us, ms, s, min, h, d", text));
  }
  const __uint128_t millis = __uint128_t{quantity->count} * *nanos / 1'000'000;
  if (millis > static_cast<__uint128_t>(std::numeric_limits<std::int64_t>::max())) {
    return InvalidArgument(fmt::format("'{}' is too long for a duration", text));
  }
  return Milliseconds(static_cast<std::int64_t>(millis));
}

StatusOr<ByteSize> ParseByteSize(std::string_view text) {
  const std::optional<Quantity> quantity = ParseQuantity(text);
  const std::optional<std::uint64_t> factor =
      quantity ? FactorOf(quantity->unit, kByteUnits) : std::nullopt;
  if (!factor) {
    return InvalidArgument(
        fmt::format("'{}' is not a size: write a number and one of b, kb, mb, gb, tb", text));
  }
  if (quantity->count > std::numeric_limits<std::uint64_t>::max() / *factor) {
    return InvalidArgument(fmt::format("'{}' is too large for a size", text));
  }
  return ByteSize{quantity->count * *factor};
}

StatusOr<std::int64_t> ParseInteger(std::string_view text) {
  const std::string_view trimmed = Trim(text);
  std::int64_t value = 0;
  const char* const end = trimmed.data() + trimmed.size();
  const auto [rest, error] = std::from_chars(trimmed.data(), end, value);
  if (error != std::errc() || rest != end) {
    return InvalidArgument(fmt::format("'{}' is not a whole number of 64 bits", text));
  }
  return value;
}

StatusOr<double> ParseDouble(std::string_view text) {
  const std::string_view trimmed = Trim(text);
  double value = 0;
  const char* const end = trimmed.data() + trimmed.size();
  const auto [rest, error] = std::from_chars(trimmed.data(), end, value);
  if (error != std::errc() || rest != end || !std::isfinite(value)) {
    return InvalidArgument(fmt::format("'{}' is not a number", text));
  }
  return value;
}

StatusOr<bool> ParseBool(std::string_view text) {
  const std::string lower = LowerCase(Trim(text));
  if (lower != "true" && lower != "false") {
    return InvalidArgument(fmt::format("'{}' is neither true nor false", text));
  }
  return lower == "true";
}

void Configuration::Set(std::string_view key, std::string_view value) {
  values_.insert_or_assign(std::string(key), std::string(value));
}

std::optional<std::string_view> Configuration::Find(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

StatusOr<std::int64_t> Configuration::Get(const Option<std::int64_t>& option) const {
  return GetAs(*this, option, ParseInteger);
}

StatusOr<double> Configuration::Get(const Option<double>& option) const {
  return GetAs(*this, option, ParseDouble);
}

StatusOr<bool> Configuration::Get(const Option<bool>& option) const {
  return GetAs(*this, option, ParseBool);
}

StatusOr<std::string> Configuration::Get(const Option<std::string_view>& option) const {
  return std::string(Find(option.key).value_or(option.default_value));
}

StatusOr<Milliseconds> Configuration::Get(const Option<Milliseconds>& option) const {
  return GetAs(*this, option, ParseDuration);
}

StatusOr<ByteSize> Configuration::Get(const Option<ByteSize>& option) const {
  return GetAs(*this, option, ParseByteSize);
}

Status Configuration::CheckKeys(std::span<const std::string_view> known) const {
  for (const auto& [key, value] : values_) {
    if (std::find(known.begin(), known.end(), key) != known.end()) {
      continue;
    }
    const std::string_view nearest = NearestWord(key, known);
    return InvalidArgument(
        nearest.empty() ? fmt::format("Unknown option '{}'", key)
                        : fmt::format("Unknown option '{}'; did you mean '{}'?", key, nearest));
  }
  return OkStatus();
}

std::string_view NearestWord(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view nearest;
  std::size_t least = word.size() / 3 + 1;  // Farther than this is another word, not a slip.
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = EditDistance(LowerCase(word), LowerCase(candidate));
    if (distance < least || (distance == least && nearest.empty())) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace thalweg
