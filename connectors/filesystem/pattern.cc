// SPDX-License-Identifier: Apache-2.0
#include "connectors/filesystem/pattern.h"

#include <fmt/format.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace thalweg::connectors {

void Pattern::Free::operator()(pcre2_real_code_8* code) const {
  pcre2_code_free(code);
}

StatusOr<Pattern> Pattern::Compile(std::string_view text) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  Code code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()),
                          text.size(),
                          PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF,
                          &error,
                          &offset,
                          nullptr));
  if (code == nullptr) {
    PCRE2_UCHAR message[256];
    pcre2_get_error_message(error, message, sizeof(message));
    return InvalidArgument(fmt::format("it is no regular expression: {} at character {}",
                                       reinterpret_cast<const char*>(message),
                                       offset + 1));
  }
  return Pattern(std::move(code));
}

StatusOr<bool> Pattern::Matches(std::string_view text) const {
  const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> data(
      pcre2_match_data_create_from_pattern(code_.get(), nullptr), &pcre2_match_data_free);
  const int result = pcre2_match(code_.get(),
                                 reinterpret_cast<PCRE2_SPTR>(text.data()),
                                 text.size(),
                                 0,
                                 0,
                                 data.get(),
                                 nullptr);
  if (result >= 0 || result == PCRE2_ERROR_NOMATCH) {
    return result >= 0;
  }
  PCRE2_UCHAR message[256];
  pcre2_get_error_message(result, message, sizeof(message));
  return ResourceExhausted(fmt::format("The regular expression cannot be matched with '{}': {}",
                                       text,
                                       reinterpret_cast<const char*>(message)));
}

}  // namespace thalweg::connectors
