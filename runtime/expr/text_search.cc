// SPDX-License-Identifier: Apache-2.0
//
// Where a text stands in another one. Positions count characters, from 1; 0 means nowhere.
#include <cstdint>
#include <string_view>

#include "runtime/expr/row_function.h"
#include "runtime/expr/utf8.h"

namespace thalweg::runtime {
namespace {

std::int32_t InStr(std::string_view text, std::string_view wanted) {
  const std::size_t found = text.find(wanted);
  return found == std::string_view::npos
             ? 0
             : static_cast<std::int32_t>(utf8::Count(text.substr(0, found)) + 1);
}

std::int32_t Position(std::string_view wanted, std::string_view text) {
  return InStr(text, wanted);
}

std::int32_t LocateFrom(std::string_view wanted, std::string_view text, std::int64_t start) {
  if (start < 1) {
    return 0;
  }
  const std::size_t skipped = utf8::Skip(text, 0, start - 1);
  const std::int32_t found = InStr(text.substr(skipped), wanted);
  return found == 0 ? 0 : static_cast<std::int32_t>(found + start - 1);
}

bool StartsWith(std::string_view text, std::string_view start) {
  return text.starts_with(start);
}
bool BytesStartWith(Bytes bytes, Bytes start) {
  return bytes.view.starts_with(start.view);
}
bool EndsWith(std::string_view text, std::string_view end) {
  return text.ends_with(end);
}
bool BytesEndWith(Bytes bytes, Bytes end) {
  return bytes.view.ends_with(end.view);
}

std::int32_t Ascii(std::string_view text) {
  std::size_t at = 0;
  return text.empty() ? 0 : utf8::Decode(text, &at);
}

}  // namespace

std::span<const ScalarFunction> TextSearchFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      RowFunction<Position>("POSITION",
                            "POSITION(wanted IN text)",
                            "Where the wanted text starts first, counted from 1; 0: nowhere."),
      RowFunction<InStr>("INSTR",
                         "INSTR(text, wanted)",
                         "Where the wanted text starts first, counted from 1; 0: nowhere."),
      RowFunction<Position, LocateFrom>(
          "LOCATE",
          "LOCATE(wanted, text[, start])",
          "Where the wanted text starts first, not before a position; 0: nowhere."),
      RowFunction<StartsWith, BytesStartWith>(
          "STARTSWITH", "STARTSWITH(text, start)", "Whether the text, or binary value, starts so."),
      RowFunction<EndsWith, BytesEndWith>(
          "ENDSWITH", "ENDSWITH(text, end)", "Whether the text, or binary value, ends so."),
      RowFunction<Ascii>(
          "ASCII", "ASCII(text)", "The code of the first character; 0 of an empty text."),
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
