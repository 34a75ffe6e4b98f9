// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/time_zone.h"

#include <optional>
#include <utility>

namespace thalweg::runtime {
namespace {

constexpr std::int64_t kMaxOffsetSeconds = 18 * 3600;

/// Takes one or two digits off.
std::optional<int> TakeTwoDigits(std::string_view* text) {
  int value = 0;
  std::size_t digits = 0;
  for (; digits < 2 && digits < text->size(); ++digits) {
    const char c = (*text)[digits];
    if (c < '0' || c > '9') {
      break;
    }
    value = value * 10 + (c - '0');
  }
  text->remove_prefix(digits);
  return digits == 0 ? std::nullopt : std::optional(value);
}

/// `+h`, `+hh`, `+hhmm`, `+hh:mm`, `+hh:mm:ss`.
std::optional<std::int64_t> ParseOffset(std::string_view text) {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) {
    return std::nullopt;
  }
  const std::int64_t sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  std::int64_t seconds = 0;
  for (const std::int64_t unit : {3600, 60, 1}) {
    if (unit != 3600 && !text.empty() && text[0] == ':') {
      text.remove_prefix(1);
    }
    const std::optional<int> part = TakeTwoDigits(&text);
    if (!part.has_value() || (unit != 3600 && *part > 59)) {
      return std::nullopt;
    }
    seconds += *part * unit;
    if (text.empty()) {
      return seconds <= kMaxOffsetSeconds ? std::optional(sign * seconds) : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace

const TimeZone& TimeZone::Utc() {
  static const TimeZone* const utc = new TimeZone();
  return *utc;
}

StatusOr<TimeZone> TimeZone::Load(std::string_view name) {
  TimeZone zone;
  zone.name_ = std::string(name);
  if (name == "UTC" || name == "Z" || name == "GMT" || name == "UT") {
    return zone;
  }
  std::string_view rest = name;
  for (const std::string_view prefix : {"UTC", "GMT", "UT"}) {
    if (rest.starts_with(prefix)) {
      rest.remove_prefix(prefix.size());
      break;
    }
  }
  if (const std::optional<std::int64_t> offset = ParseOffset(rest)) {
    zone.fixed_offset_ = *offset;
    return zone;
  }
  if (name.empty() || !absl::LoadTimeZone({name.data(), name.size()}, &zone.zone_)) {
    return InvalidArgument("No time zone is named '" + std::string(name) +
                           "'; give one such as 'Europe/Berlin', 'UTC' or '+02:00'");
  }
  zone.fixed_ = false;
  return zone;
}

std::int64_t TimeZone::OffsetAt(std::int64_t utc_seconds) const {
  return fixed_ ? fixed_offset_ : zone_.At(absl::FromUnixSeconds(utc_seconds)).offset;
}

std::int64_t TimeZone::OffsetAtLocal(std::int64_t local_seconds) const {
  if (fixed_) {
    return fixed_offset_;
  }
  const absl::CivilSecond local = absl::CivilSecond(1970, 1, 1) + local_seconds;
  return local_seconds - absl::ToUnixSeconds(zone_.At(local).pre);
}

}  // namespace thalweg::runtime
