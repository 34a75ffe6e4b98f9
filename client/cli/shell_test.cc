// SPDX-License-Identifier: Apache-2.0
#include "client/cli/shell.h"

#include <gtest/gtest.h>

namespace thalweg::client {
namespace {

TEST(ShellTest, WaitsForTheSemicolon) {
  EXPECT_FALSE(IsComplete(""));
  EXPECT_FALSE(IsComplete("SELECT 1\n"));
  EXPECT_TRUE(IsComplete("SELECT 1;\n"));
  EXPECT_TRUE(IsComplete("SELECT 1; -- done\n"));
}

TEST(ShellTest, WaitsForTheEndOfQuotesAndComments) {
  EXPECT_FALSE(IsComplete("SELECT ';\n"));
  EXPECT_FALSE(IsComplete("SELECT 1 /* ;\n"));
  EXPECT_FALSE(IsComplete("SELECT 1 -- ;\n"));
  EXPECT_TRUE(IsComplete("SELECT ';';\n"));
}

TEST(ShellTest, LeavesMistakesToTheParser) {
  EXPECT_TRUE(IsComplete("SELECT \"a\"\n"));
}

TEST(ShellTest, WaitsForTheEndOfAStatementSet) {
  EXPECT_FALSE(IsComplete("EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1;\n"));
  EXPECT_TRUE(IsComplete("EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; END;\n"));
  EXPECT_FALSE(IsComplete("BEGIN STATEMENT SET;\n"));
}

}  // namespace
}  // namespace thalweg::client
