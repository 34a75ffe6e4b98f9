// SPDX-License-Identifier: Apache-2.0
//
// A SQL text with its name, places in it, and errors that show the place.
#ifndef THALWEG_SQL_PARSER_SOURCE_H_
#define THALWEG_SQL_PARSER_SOURCE_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace thalweg::sql {

/// Bytes [offset, offset + length) of a SQL text.
struct SourceSpan {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;

  std::uint32_t end() const { return offset + length; }
  friend bool operator==(const SourceSpan&, const SourceSpan&) = default;
};

/// From the start of the earlier to the end of the later one.
inline SourceSpan Cover(SourceSpan a, SourceSpan b) {
  const std::uint32_t offset = std::min(a.offset, b.offset);
  return {.offset = offset, .length = std::max(a.end(), b.end()) - offset};
}

/// Both count from 1; columns are characters, not bytes.
struct LineColumn {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  friend bool operator==(const LineColumn&, const LineColumn&) = default;
};

struct SourceText {
  std::string name;  // What messages call it, such as a file's path; empty: only line and column.
  std::string text;

  std::string_view Slice(SourceSpan span) const {
    return std::string_view(text).substr(span.offset, span.length);
  }
};
using SourcePtr = std::shared_ptr<const SourceText>;

LineColumn Locate(const SourceText& source, std::uint32_t offset);

/// kInvalidArgument with the place, the message, the line and a caret under the span:
///
///   flights.sql:3:8: Column 'orign' does not exist. Did you mean 'origin'?
///     3 | SELECT orign FROM flights
///       |        ^^^^^
Status ErrorAt(const SourceText& source, SourceSpan span, std::string_view message);

/// The same as kUnimplemented, for what this dialect has and this engine does not (yet):
/// "`what` is not supported".
Status UnsupportedAt(const SourceText& source, SourceSpan span, std::string_view what);

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_PARSER_SOURCE_H_
