// SPDX-License-Identifier: Apache-2.0
#include "bench/report.h"

#include <cstdlib>
#include <sstream>

#include <fmt/format.h>

namespace thalweg::bench {
namespace {

constexpr char kSeparator = '\t';

/// Names and units are ours: letters, digits, blanks and punctuation without quotes.
std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  return out + "\"";
}

}  // namespace

std::string TableLine(const Reading& reading) {
  std::string bar = "-";
  if (reading.bar.has_value()) {
    bar = fmt::format("{} {:g}", reading.better == Better::kHigher ? ">=" : "<=", *reading.bar);
  }
  return fmt::format("{:<58} {:>10.3f} {:<9} {:>9}  {}",
                     reading.name,
                     reading.value,
                     reading.unit,
                     bar,
                     !reading.bar.has_value() ? ""
                     : reading.passes()       ? "pass"
                                              : "MISSED");
}

std::string ToJson(std::span<const Reading> readings) {
  std::string json = "[";
  for (const Reading& reading : readings) {
    json += fmt::format(
        "{}\n  {{\"name\": {}, \"value\": {:.6g}, \"unit\": {}, \"bar\": {}, \"pass\": {}}}",
        json.size() > 1 ? "," : "",
        Quoted(reading.name),
        reading.value,
        Quoted(reading.unit),
        reading.bar.has_value() ? fmt::format("{:g}", *reading.bar) : "null",
        reading.passes());
  }
  return json + "\n]\n";
}

std::string ToText(std::span<const Reading> readings) {
  std::string text;
  for (const Reading& reading : readings) {
    text += fmt::format("{}{}{}{}{}{}{}{}{}\n",
                        reading.name,
                        kSeparator,
                        reading.value,
                        kSeparator,
                        reading.unit,
                        kSeparator,
                        reading.bar.has_value() ? fmt::format("{}", *reading.bar) : "",
                        kSeparator,
                        reading.better == Better::kHigher ? "higher" : "lower");
  }
  return text;
}

StatusOr<std::vector<Reading>> ReadingsFromText(const std::string& text) {
  std::vector<Reading> readings;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    Reading reading;
    std::string value;
    std::string bar;
    std::string better;
    if (!std::getline(fields, reading.name, kSeparator) ||
        !std::getline(fields, value, kSeparator) ||
        !std::getline(fields, reading.unit, kSeparator) || !std::getline(fields, bar, kSeparator) ||
        !std::getline(fields, better)) {
      return DataLoss("A reading is incomplete: '" + line + "'");
    }
    reading.value = std::strtod(value.c_str(), nullptr);
    if (!bar.empty()) {
      reading.bar = std::strtod(bar.c_str(), nullptr);
    }
    reading.better = better == "lower" ? Better::kLower : Better::kHigher;
    readings.push_back(std::move(reading));
  }
  return readings;
}

}  // namespace thalweg::bench
