// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/letter_case.h"

#include <cstdint>

#include <unicode/locid.h>
#include <unicode/unistr.h>

namespace thalweg::runtime {

bool ConvertAscii(LetterCase to, std::string_view from, char* out) {
  const char first = to == LetterCase::kUpper ? 'a' : 'A';
  unsigned seen = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const auto c = static_cast<unsigned char>(from[i]);
    seen |= c;
    const bool letter = static_cast<unsigned char>(c - static_cast<unsigned char>(first)) < 26;
    out[i] = static_cast<char>(c ^ (letter ? 0x20U : 0U));
  }
  return seen < 0x80;
}

void ConvertCase(LetterCase to, std::string_view from, std::string* out) {
  icu::UnicodeString text = icu::UnicodeString::fromUTF8(
      icu::StringPiece(from.data(), static_cast<std::int32_t>(from.size())));
  if (to == LetterCase::kUpper) {
    text.toUpper(icu::Locale::getRoot());
  } else {
    text.toLower(icu::Locale::getRoot());
  }
  out->clear();
  text.toUTF8String(*out);
}

}  // namespace thalweg::runtime
