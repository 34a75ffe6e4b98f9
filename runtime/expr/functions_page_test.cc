// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/functions_page.h"

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

namespace thalweg::runtime {
namespace {

TEST(FunctionsPageTest, IsThePageOfTheRepository) {
  std::ifstream file(THALWEG_FUNCTIONS_PAGE);
  const std::string page((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(page, FunctionsPage())
      << "Make it anew: ninja functions_page && bin/functions_page > docs/sql/functions.md";
}

}  // namespace
}  // namespace thalweg::runtime
