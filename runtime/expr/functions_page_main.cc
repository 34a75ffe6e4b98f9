// SPDX-License-Identifier: Apache-2.0
//
// Prints docs/sql/functions.md: functions_page > docs/sql/functions.md
#include <cstdio>

#include "runtime/expr/functions_page.h"

int main() {
  const std::string page = thalweg::runtime::FunctionsPage();
  return std::fwrite(page.data(), 1, page.size(), stdout) == page.size() ? 0 : 1;
}
