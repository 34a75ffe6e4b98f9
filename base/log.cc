// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

namespace thalweg {
namespace {

std::string_view NameOf(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return "INFO";
    case LogLevel::kWarn:
      return "WARN";
    case LogLevel::kError:
      return "ERROR";
  }
  return "?";
}

// UTC, to the millisecond.
std::string FormatTime(WallTime time) {
  const std::chrono::sys_time<Milliseconds> instant(time.time_since_epoch());
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(instant - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                     static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()),
                     clock.hours().count(),
                     clock.minutes().count(),
                     clock.seconds().count(),
                     clock.subseconds().count());
}

bool IsPlain(char c) {
  return c > ' ' && c != '"' && c != '\\' && c != '=' && c != 0x7F;
}

void AppendValue(std::string& line, std::string_view value) {
  if (!value.empty() && std::all_of(value.begin(), value.end(), IsPlain)) {
    line.append(value);
    return;
  }
  line.push_back('"');
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      line.push_back('\\');
      line.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      line.append(fmt::format("\\x{:02x}", static_cast<unsigned char>(c)));
    } else {
      line.push_back(c);
    }
  }
  line.push_back('"');
}

std::string FormatWithoutTime(const LogRecord& record) {
  std::string line(NameOf(record.level));
  line.append(" ").append(record.message);
  for (const Field& field : record.fields) {
    line.append(" ").append(field.key).append("=");
    AppendValue(line, field.value);
  }
  return line;
}

}  // namespace

std::string FormatLogRecord(const LogRecord& record) {
  return FormatTime(record.time) + " " + FormatWithoutTime(record);
}

void TextLogSink::Write(const LogRecord& record) {
  // One call for the whole line: stdio's own lock keeps lines of several threads apart.
  const std::string line = FormatLogRecord(record) + "\n";
  std::fwrite(line.data(), 1, line.size(), stream_);
  std::fflush(stream_);
}

void CapturingLogSink::Write(const LogRecord& record) {
  std::string line = FormatWithoutTime(record);
  MutexLock lock(mutex_);
  lines_.push_back(std::move(line));
}

std::vector<std::string> CapturingLogSink::lines() const {
  MutexLock lock(mutex_);
  return lines_;
}

void Log::Info(std::string_view message, std::initializer_list<Field> fields) const {
  Write(LogLevel::kInfo, message, {fields.begin(), fields.size()});
}

void Log::Warn(std::string_view message, std::initializer_list<Field> fields) const {
  Write(LogLevel::kWarn, message, {fields.begin(), fields.size()});
}

void Log::Error(std::string_view message, std::initializer_list<Field> fields) const {
  Write(LogLevel::kError, message, {fields.begin(), fields.size()});
}

void Log::Write(LogLevel level, std::string_view message, std::span<const Field> fields) const {
  sink_.Write({clock_.WallNow(), level, message, fields});
}

}  // namespace thalweg
