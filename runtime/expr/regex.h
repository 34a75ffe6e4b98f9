// SPDX-License-Identifier: Apache-2.0
//
// Regular expressions in Java's dialect, run by PCRE2's compiled code. What the two spell
// differently is translated (classes such as \p{Lower} and \p{IsGreek}); what PCRE2 has not, the
// intersection and nesting of character classes, is refused.
#ifndef THALWEG_RUNTIME_EXPR_REGEX_H_
#define THALWEG_RUNTIME_EXPR_REGEX_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace thalweg::runtime {

// Limits that keep a hostile pattern from stopping a task.
inline constexpr std::size_t kMaxRegexPattern = std::size_t{64} << 10U;  // Bytes.
inline constexpr std::uint32_t kMaxRegexSteps = 10'000'000;              // Of one search.
inline constexpr std::uint32_t kMaxRegexHeapKib = 64 * 1024;             // Of one search.

/// A compiled pattern. Immutable; any thread.
class Regex {
 public:
  /// kInvalidArgument: what is wrong with the pattern, and where.
  static StatusOr<std::shared_ptr<const Regex>> Compile(std::string_view pattern);
  ~Regex();
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  std::uint32_t group_count() const { return group_count_; }

 private:
  friend class RegexSearch;
  struct Code;
  Regex() = default;

  std::string pattern_;
  std::unique_ptr<Code> code_;
  std::uint32_t group_count_ = 0;
};

/// The searches of one thread with one pattern, which outlives it.
class RegexSearch {
 public:
  explicit RegexSearch(const Regex& regex);
  ~RegexSearch();
  RegexSearch(const RegexSearch&) = delete;
  RegexSearch& operator=(const RegexSearch&) = delete;

  /// Looks for the first match at or behind `from`. kInvalidArgument: a limit above was reached.
  StatusOr<bool> Find(std::string_view text, std::size_t from = 0);
  /// After a Find() that was true, of its text. Group 0 is the whole match; nullopt: the group took
  /// no part in the match. REQUIRES: group <= group_count().
  std::optional<std::string_view> Group(std::uint32_t group) const;
  std::size_t begin() const;
  std::size_t end() const;
  /// Where to look for the next match: behind an empty one it goes a character further.
  std::size_t Next() const;

 private:
  struct Data;

  const Regex& regex_;
  std::unique_ptr<Data> data_;
  std::string_view text_;
};

/// The pattern of SIMILAR TO as one of Java's, for the whole text. `escape` is empty or one
/// character.
StatusOr<std::string> RegexOfSimilar(std::string_view pattern, std::string_view escape);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_REGEX_H_
