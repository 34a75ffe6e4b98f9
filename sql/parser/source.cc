// SPDX-License-Identifier: Apache-2.0
#include "sql/parser/source.h"

#include <cstddef>

#include <fmt/format.h>

namespace thalweg::sql {
namespace {

/// Widest piece of a source line in a message; a longer line is cut around the span.
constexpr std::size_t kMaxShownColumns = 120;

bool StartsCharacter(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

std::size_t CountCharacters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), StartsCharacter));
}

/// Moves `at` to the start of the character that it is in.
std::size_t CharacterStart(std::string_view text, std::size_t at) {
  while (at > 0 && at < text.size() && !StartsCharacter(text[at])) {
    --at;
  }
  return at;
}

/// A tab would shift the caret, and other control characters do worse to a terminal.
std::string Printable(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      c = ' ';
    }
  }
  return out;
}

struct Line {
  std::size_t begin = 0;
  std::size_t end = 0;
};

Line LineAround(std::string_view text, std::size_t offset) {
  const std::size_t before = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  const std::size_t after = text.find('\n', offset);
  return {.begin = before == std::string_view::npos ? 0 : before + 1,
          .end = after == std::string_view::npos ? text.size() : after};
}

/// The line at `span` and a caret under it, each behind its margin.
std::string Excerpt(std::string_view text, SourceSpan span, std::uint32_t line_number) {
  Line line = LineAround(text, span.offset);
  const std::size_t span_end = std::clamp<std::size_t>(span.end(), span.offset, line.end);
  std::string_view left_mark;
  std::string_view right_mark;
  if (line.end - line.begin > kMaxShownColumns) {
    const std::size_t wanted = span.offset - std::min<std::size_t>(span.offset, 40);
    if (wanted > line.begin) {
      line.begin = CharacterStart(text, wanted);
      left_mark = "...";
    }
    if (line.end - line.begin > kMaxShownColumns) {
      line.end = CharacterStart(text, line.begin + kMaxShownColumns);
      right_mark = "...";
    }
  }
  const std::string_view shown = text.substr(line.begin, line.end - line.begin);
  const std::size_t from = std::min<std::size_t>(span.offset, line.end) - line.begin;
  const std::size_t to = std::min(span_end, line.end) - line.begin;
  const std::size_t indent = left_mark.size() + CountCharacters(shown.substr(0, from));
  const std::size_t width =
      std::max<std::size_t>(1, to > from ? CountCharacters(shown.substr(from, to - from)) : 0);
  const std::string number = std::to_string(line_number);
  return fmt::format("  {} | {}{}{}\n  {} | {}{}",
                     number,
                     left_mark,
                     Printable(shown),
                     right_mark,
                     std::string(number.size(), ' '),
                     std::string(indent, ' '),
                     std::string(width, '^'));
}

std::string MessageAt(const SourceText& source, SourceSpan span, std::string_view message) {
  span.offset = static_cast<std::uint32_t>(
      CharacterStart(source.text, std::min<std::size_t>(span.offset, source.text.size())));
  const LineColumn place = Locate(source, span.offset);
  return fmt::format("{}{}{}:{}: {}\n{}",
                     source.name,
                     source.name.empty() ? "" : ":",
                     place.line,
                     place.column,
                     message,
                     Excerpt(source.text, span, place.line));
}

}  // namespace

LineColumn Locate(const SourceText& source, std::uint32_t offset) {
  const std::string_view before =
      std::string_view(source.text).substr(0, std::min<std::size_t>(offset, source.text.size()));
  const std::size_t newline = before.rfind('\n');
  const std::string_view line =
      newline == std::string_view::npos ? before : before.substr(newline + 1);
  return {
      .line = static_cast<std::uint32_t>(1 + std::count(before.begin(), before.end(), '\n')),
      .column = static_cast<std::uint32_t>(1 + CountCharacters(line)),
  };
}

Status ErrorAt(const SourceText& source, SourceSpan span, std::string_view message) {
  return InvalidArgument(MessageAt(source, span, message));
}

Status UnsupportedAt(const SourceText& source, SourceSpan span, std::string_view what) {
  return Unimplemented(MessageAt(source, span, fmt::format("{} is not supported.", what)));
}

}  // namespace thalweg::sql
