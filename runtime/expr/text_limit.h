// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_EXPR_TEXT_LIMIT_H_
#define THALWEG_RUNTIME_EXPR_TEXT_LIMIT_H_

#include <cstddef>
#include <string>

#include "base/status.h"

namespace thalweg::runtime {

/// What functions that multiply text, such as REPEAT, may make of one row.
inline constexpr std::size_t kMaxGeneratedText = std::size_t{64} << 20U;

inline Status CheckGeneratedSize(std::size_t bytes) {
  if (bytes > kMaxGeneratedText) {
    return InvalidArgument("The text would have " + std::to_string(bytes) +
                           " bytes, more than the " + std::to_string(kMaxGeneratedText) +
                           " that one may have");
  }
  return OkStatus();
}

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_TEXT_LIMIT_H_
