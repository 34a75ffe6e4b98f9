// SPDX-License-Identifier: Apache-2.0
//
// Structured log lines: what is static first, values as fields.
//
//   log.Warn("Checkpoint aborted, a task did not acknowledge in time",
//            {{"job", job}, {"checkpoint", checkpoint}});
//
// prints: 2024-05-01T10:00:00.123Z WARN Checkpoint aborted, a task did not acknowledge in time
// job=4f.. checkpoint=7
#ifndef THALWEG_BASE_LOG_H_
#define THALWEG_BASE_LOG_H_

#include <concepts>
#include <cstdio>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "base/mutex.h"
#include "base/time.h"

namespace thalweg {

enum class LogLevel { kInfo, kWarn, kError };

/// A name and a value of a log line.
struct Field {
  Field(std::string_view field_key, std::string_view text) : key(field_key), value(text) {}
  Field(std::string_view field_key, const char* text) : key(field_key), value(text) {}
  Field(std::string_view field_key, bool truth) : key(field_key), value(truth ? "true" : "false") {}
  template <class Number>
    requires std::integral<Number> || std::floating_point<Number>
  Field(std::string_view field_key, Number number)
      : key(field_key), value(std::to_string(number)) {}
  template <class Tag, class Rep>
  Field(std::string_view field_key, const Id<Tag, Rep>& id) : Field(field_key, id.value()) {}

  std::string_view key;  // A literal.
  std::string value;
};

/// One line; valid only during the call that gets it.
struct LogRecord {
  WallTime time;
  LogLevel level;
  std::string_view message;
  std::span<const Field> fields;
};

/// "time LEVEL message key=value ...", without the line's end. Values with blanks, quotes or
/// control bytes are quoted.
std::string FormatLogRecord(const LogRecord& record);

/// Where log lines go. Any thread.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void Write(const LogRecord& record) = 0;
};

/// One line of text for each record, to a stream that stays open.
class TextLogSink final : public LogSink {
 public:
  explicit TextLogSink(std::FILE* stream = stderr) : stream_(stream) {}
  void Write(const LogRecord& record) override;

 private:
  std::FILE* stream_;
};

/// Keeps the lines, for tests.
class CapturingLogSink final : public LogSink {
 public:
  void Write(const LogRecord& record) override;

  /// "LEVEL message key=value ...": without the time.
  std::vector<std::string> lines() const;

 private:
  mutable Mutex mutex_;
  std::vector<std::string> lines_ GUARDED_BY(mutex_);
};

/// Any thread. Borrows sink and clock.
class Log {
 public:
  Log(LogSink& sink, const Clock& clock) : sink_(sink), clock_(clock) {}

  void Info(std::string_view message, std::initializer_list<Field> fields = {}) const;
  void Warn(std::string_view message, std::initializer_list<Field> fields = {}) const;
  void Error(std::string_view message, std::initializer_list<Field> fields = {}) const;

 private:
  void Write(LogLevel level, std::string_view message, std::span<const Field> fields) const;

  LogSink& sink_;
  const Clock& clock_;
};

}  // namespace thalweg

#endif  // THALWEG_BASE_LOG_H_
