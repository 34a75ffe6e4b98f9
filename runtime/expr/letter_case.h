// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_EXPR_LETTER_CASE_H_
#define THALWEG_RUNTIME_EXPR_LETTER_CASE_H_

#include <string>
#include <string_view>

namespace thalweg::runtime {

enum class LetterCase { kUpper, kLower };

/// Writes from.size() bytes to `out`; false, with nothing of meaning written, when `from` is not
/// all ASCII.
bool ConvertAscii(LetterCase to, std::string_view from, char* out);

/// Any UTF-8, by Unicode's rules without a language ("ß" becomes "SS"); replaces `out`. Bytes that
/// are no UTF-8 become U+FFFD.
void ConvertCase(LetterCase to, std::string_view from, std::string* out);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_LETTER_CASE_H_
