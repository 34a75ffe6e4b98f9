// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace thalweg::internal {

void CheckFailed(const char* file, int line, std::string_view text) {
  std::fprintf(stderr,
               "%s:%d: CHECK failed: %.*s\n",
               file,
               line,
               static_cast<int>(text.size()),
               text.data());
  std::fflush(stderr);
  std::abort();
}

void CheckFailed(const char* file,
                 int line,
                 std::string_view text,
                 const std::string& left,
                 const std::string& right) {
  CheckFailed(file, line, std::string(text) + " (" + left + " against " + right + ")");
}

}  // namespace thalweg::internal
