// SPDX-License-Identifier: Apache-2.0
//
// What lines of one shape have in common, compared instead of parsed.
//
//   {"auction":  <number>  ,"bidder":  <number>  ,"url":  <string>  }
//
// A template is a list of steps: compare these bytes, then read a value of this field, skip one, or
// enter a nested row. A line fits when every step does and nothing but its newline is left.
#ifndef THALWEG_CONNECTORS_FORMATS_JSON_TEMPLATE_H_
#define THALWEG_CONNECTORS_FORMATS_JSON_TEMPLATE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <emmintrin.h>

#include "connectors/formats/json/node.h"
#include "connectors/formats/json/value_reader.h"

namespace thalweg::connectors::json {

class Template {
 public:
  /// All fields of the schema in order, without blanks. `root` outlives the template.
  static Template OfSchema(Node& root);

  /// The shape of `line`, which the general walker has read as a row. nullopt: a key comes twice or
  /// has escapes, or the line has more than 2^16 parts.
  static std::optional<Template> OfLine(Node& root, const char* line);

  /// Reads a line that fits into the row and returns the place behind its newline. nullptr: it does
  /// not fit, or a value is not of its field's type, which the general walker may forgive; the row
  /// must be taken back.
  const char* Read(ValueReader& reader, std::size_t row, const char* line) const;

 private:
  friend class TemplateBuilder;

  enum class Action : std::uint8_t {
    kRead,  // A value of `node`; the next three are the same for one kind each.
    kReadLong,
    kReadText,
    kReadTimestamp,
    kSkip,     // A value that nobody wants.
    kEnter,    // The brace of the row `node`; its null goes on at step `next`.
    kMissing,  // The line has no such field.
    kNothing,
  };
  struct Step {
    std::uint32_t literal;  // Where the bytes begin in literals_.
    std::uint32_t size;
    std::uint32_t mask;  // A bit for each of the first 16 bytes.
    Action action;
    std::uint32_t next = 0;
    Node* node = nullptr;
  };

  bool Matches(const Step& step, const char* p) const {
    const char* literal = literals_.data() + step.literal;
    if (step.size <= 16) [[likely]] {
      return (Differences(p, literal) & step.mask) == 0;
    }
    return MatchesLong(step, p);
  }
  bool MatchesLong(const Step& step, const char* p) const;

  /// A bit for each of 16 bytes that differ.
  static std::uint32_t Differences(const char* a, const char* b) {
    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a));
    const __m128i y = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(x, y))) ^ 0xffff;
  }

  std::vector<Step> steps_;
  std::string literals_;  // With 16 bytes behind the last.
};

}  // namespace thalweg::connectors::json

#endif  // THALWEG_CONNECTORS_FORMATS_JSON_TEMPLATE_H_
