// SPDX-License-Identifier: Apache-2.0
#include "runtime/windows/fired_watermarks.h"

#include <vector>

#include <gtest/gtest.h>

namespace thalweg::runtime {
namespace {

TEST(FiredWatermarksTest, KeyGroupsKeepTheirTimesThroughRescales) {
  FiredWatermarks left({0, 4});
  FiredWatermarks right({4, 8});
  left.Raise(100);
  right.Raise(50);
  std::vector<proto::OperatorStateEntry> entries = left.ToEntries();
  EXPECT_EQ(entries.size(), 1U);
  entries.push_back(right.ToEntries()[0]);
  FiredWatermarks middle({2, 6});
  ASSERT_TRUE(middle.Restore(entries).ok());
  EXPECT_EQ(middle.Of(KeyGroup(3)), 100);
  EXPECT_EQ(middle.Of(KeyGroup(4)), 50);
  EXPECT_EQ(middle.least(), 50);
  EXPECT_EQ(middle.greatest(), 100);
  middle.Raise(70);
  EXPECT_EQ(middle.Of(KeyGroup(3)), 100);
  EXPECT_EQ(middle.Of(KeyGroup(4)), 70);
  EXPECT_EQ(middle.ToEntries().size(), 2U);
  middle.Raise(200);
  EXPECT_EQ(middle.least(), 200);
}

TEST(FiredWatermarksTest, RefusesBytesThatItHasNotWritten) {
  FiredWatermarks fired({0, 4});
  fired.Raise(1);
  std::vector<proto::OperatorStateEntry> entries = fired.ToEntries();
  entries[0].mutable_value()->pop_back();
  EXPECT_EQ(fired.Restore(entries).code(), StatusCode::kDataLoss);
}

}  // namespace
}  // namespace thalweg::runtime
