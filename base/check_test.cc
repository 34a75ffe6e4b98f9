// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "base/ids.h"
#include "base/status.h"

namespace thalweg {
namespace {

TEST(CheckDeathTest, PrintsTheConditionAndThePlace) {
  EXPECT_DEATH(CHECK(1 + 1 == 3), "check_test.cc:[0-9]+: CHECK failed: 1 \\+ 1 == 3");
}

TEST(CheckDeathTest, ComparisonsPrintBothValues) {
  const std::string name = "left";
  EXPECT_DEATH(CHECK_EQ(name, "right"), "name == \"right\" .\"left\" against \"right\".");
  EXPECT_DEATH(CHECK_LT(CheckpointId(7), CheckpointId(7)), "7 against 7");
  EXPECT_DEATH(CHECK_OK(DataLoss("torn")), "DATA_LOSS: torn against OK");
  EXPECT_DEATH(CHECK_OK(StatusOr<int>(DataLoss("torn"))), "DATA_LOSS: torn against OK");
}

TEST(CheckTest, ComparesNumbersByValueWhateverTheirSign) {
  CHECK_LT(-1, std::uint64_t{0});
  CHECK_GT(std::uint64_t{0}, -1);
  CHECK_NE(-1, ~std::uint64_t{0});
  CHECK_EQ(std::string("abc").size(), 3);
  CHECK_LE(3, std::size_t{3});
  CHECK_GE(std::size_t{3}, 3);
}

TEST(CheckTest, EvaluatesItsArgumentsOnce) {
  int calls = 0;
  CHECK(++calls == 1);
  CHECK_EQ(++calls, 2);
  CHECK_OK((++calls, OkStatus()));
  EXPECT_EQ(calls, 3);
}

#ifdef NDEBUG
TEST(CheckTest, DebugChecksEvaluateNothingInReleaseBuilds) {
  int calls = 0;
  DCHECK(++calls == 7);
  DCHECK_EQ(++calls, 7);
  EXPECT_EQ(calls, 0);
}
#else
TEST(CheckDeathTest, DebugChecksEndTheProcess) {
  EXPECT_DEATH(DCHECK(false), "CHECK failed");
  EXPECT_DEATH(DCHECK_GE(1, 2), "1 against 2");
}
#endif

}  // namespace
}  // namespace thalweg
