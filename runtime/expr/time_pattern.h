// SPDX-License-Identifier: Apache-2.0
//
// Patterns of Java's DateTimeFormatter in English, such as "yyyy-MM-dd HH:mm:ss.SSS".
//
//   y u year   M L month   d day   D day of year   Q q quarter   E weekday   G era   w Y week, week
//   year H hour 0-23   k 1-24   h 1-12   K 0-11   a AM/PM   m minute   s second   S fraction   n
//   nano   A N X x Z O offset   V z zone   'text' ''   [ ] optional, when reading
#ifndef THALWEG_RUNTIME_EXPR_TIME_PATTERN_H_
#define THALWEG_RUNTIME_EXPR_TIME_PATTERN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "runtime/expr/time_unit.h"

namespace thalweg::runtime {

inline constexpr std::size_t kMaxTimePattern = 256;  // Bytes.

class TimePattern {
 public:
  /// kInvalidArgument: a letter that means nothing, or an open quote.
  static StatusOr<TimePattern> Compile(std::string_view pattern);

  /// `offset` is the zone's at that time, in seconds.
  void Format(LocalTime time, std::int64_t offset, std::string_view zone, std::string* out) const;

  struct Parsed {
    LocalTime time;
    std::optional<std::int64_t> offset;  // Of the text, in seconds.
  };
  /// The whole text; parts that the pattern has not are those of 1970-01-01 00:00. nullopt: the
  /// text is not like that.
  std::optional<Parsed> Parse(std::string_view text) const;

  /// Times that lie in one span of so many nanoseconds of a day have one text.
  std::int64_t grain() const { return grain_; }

 private:
  struct Item {
    char letter = 0;  // 0: the literal text.
    int count = 0;
    std::string text = {};
    bool adjacent =
        false;  // A number follows at once, so that this one has exactly `count` digits.
  };
  struct Fields;

  bool ParseItem(const Item& item, std::string_view* text, Fields* fields) const;
  bool ParseFrom(std::size_t index, std::string_view* text, Fields* fields) const;

  std::vector<Item> items_;
  std::int64_t grain_ = kNanosPerDay;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_TIME_PATTERN_H_
