// SPDX-License-Identifier: Apache-2.0
#include "state/run_chain.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::state {
namespace {

using ::testing::ElementsAre;

proto::RunRef RunOf(const std::string& file, std::uint64_t size = 1000) {
  proto::RunRef run;
  run.set_file(file);
  run.set_size(size);
  return run;
}

std::vector<std::string> Files(const StatusOr<std::vector<proto::RunRef>>& runs) {
  std::vector<std::string> files;
  for (const proto::RunRef& run : *runs) {
    files.push_back(run.file());
  }
  return files;
}

TEST(RunChainTest, ALaterCheckpointNamesTheRunOfOneThatIsUndecided) {
  RunChain chain;
  chain.OnFrozen(CheckpointId(1), 1, false);
  chain.OnWritten(1, RunOf("a"));
  chain.OnFrozen(CheckpointId(2), 2, false);
  chain.OnWritten(2, RunOf("b"));
  EXPECT_THAT(Files(chain.RunsOf(2)), ElementsAre("a", "b"));
}

TEST(RunChainTest, AnAbortedRunStaysWhileALaterCheckpointMayStillNameIt) {
  RunChain chain;
  chain.OnFrozen(CheckpointId(1), 1, false);
  chain.OnWritten(1, RunOf("a"));
  chain.OnFrozen(CheckpointId(2), 2, false);
  chain.OnWritten(2, RunOf("b"));
  EXPECT_TRUE(chain.OnAborted(CheckpointId(1)).epochs.empty());
  EXPECT_THAT(Files(chain.RunsOf(2)), ElementsAre("a", "b"));
  EXPECT_THAT(chain.OnAborted(CheckpointId(2)).epochs, ElementsAre(2, 1));
}

TEST(RunChainTest, ADurableCheckpointDecidesThoseBeforeIt) {
  RunChain chain;
  for (std::uint32_t i = 1; i <= 3; ++i) {
    chain.OnFrozen(CheckpointId(i), i, false);
    chain.OnWritten(i, RunOf(std::to_string(i)));
  }
  EXPECT_EQ(chain.OnDurable(CheckpointId(2)), 2U);
  EXPECT_TRUE(chain.OnAborted(CheckpointId(1)).epochs.empty());
  EXPECT_THAT(chain.OnAborted(CheckpointId(3)).epochs, ElementsAre(3));
}

TEST(RunChainTest, ABaseTakesThePlaceOfAllOlderRunsAndIsMissedWhenItIsAborted) {
  RunChain chain;
  chain.Restore({RunOf("old")});
  chain.OnFrozen(CheckpointId(1), 1, true);
  chain.OnWritten(1, RunOf("base"));
  EXPECT_THAT(Files(chain.RunsOf(1)), ElementsAre("base"));
  EXPECT_TRUE(chain.OnAborted(CheckpointId(1)).lost_base);
  chain.OnFrozen(CheckpointId(2), 2, false);
  chain.OnWritten(2, RunOf("b"));
  EXPECT_THAT(Files(chain.RunsOf(2)), ElementsAre("old", "b"));
}

TEST(RunChainTest, ACheckpointFailsWithTheRunOfAnEarlierOne) {
  RunChain chain;
  chain.OnFrozen(CheckpointId(1), 1, false);
  chain.OnWriteFailed(1);
  chain.OnFrozen(CheckpointId(2), 2, false);
  chain.OnWritten(2, RunOf("b"));
  EXPECT_EQ(chain.RunsOf(2).status().code(), StatusCode::kAborted);
}

TEST(RunChainTest, ACheckpointThatThisTaskDidNotWriteIsNotDurableHere) {
  RunChain chain;
  chain.OnFrozen(CheckpointId(1), 1, false);
  EXPECT_EQ(chain.OnDurable(CheckpointId(1)), std::nullopt);
  EXPECT_EQ(chain.OnDurable(CheckpointId(7)), std::nullopt);
}

TEST(RunChainTest, AMergedRunTakesThePlaceOfItsRuns) {
  RunChain chain;
  chain.Restore({RunOf("base", 1000), RunOf("x", 60'000)});
  const auto merge = chain.PickMerge();
  ASSERT_TRUE(merge.has_value());
  EXPECT_TRUE(merge->from_oldest);
  chain.OnFrozen(CheckpointId(1), 1, false);
  chain.OnWritten(1, RunOf("c"));
  chain.OnMerged(*merge, RunOf("merged"));
  EXPECT_THAT(Files(chain.RunsOf(1)), ElementsAre("merged", "c"));
}

TEST(PickMergeRangeTest, MergesEightRunsOfOneTier) {
  std::vector<std::uint64_t> sizes(8, 5'000);
  sizes.insert(sizes.begin(), 10'000'000);
  const auto range = PickMergeRange(sizes);
  ASSERT_TRUE(range.has_value());
  EXPECT_EQ(range->begin, 1U);
  EXPECT_EQ(range->end, 9U);
  sizes.pop_back();
  EXPECT_FALSE(PickMergeRange(sizes).has_value());
}

TEST(PickMergeRangeTest, MergesAllWhenTheLaterRunsOutgrowTheFirst) {
  const std::vector<std::uint64_t> sizes = {100'000, 60'000, 60'000};
  const auto range = PickMergeRange(sizes);
  ASSERT_TRUE(range.has_value());
  EXPECT_EQ(range->begin, 0U);
  EXPECT_EQ(range->end, 3U);
}

// The bar of docs/benchmarks.md: sixty checkpoints that change one percent each.
TEST(PickMergeRangeTest, RewritesEachChangedByteAboutOnce) {
  std::vector<std::uint64_t> sizes = {100'000'000};
  std::uint64_t written = 0;
  for (int i = 0; i < 60; ++i) {
    sizes.push_back(1'000'000);
    written += sizes.back();
    if (const auto range = PickMergeRange(sizes)) {
      std::uint64_t merged = 0;
      for (std::size_t r = range->begin; r < range->end; ++r) {
        merged += sizes[r];
      }
      written += merged;
      sizes.erase(sizes.begin() + static_cast<std::ptrdiff_t>(range->begin),
                  sizes.begin() + static_cast<std::ptrdiff_t>(range->end));
      sizes.insert(sizes.begin() + static_cast<std::ptrdiff_t>(range->begin), merged);
    }
  }
  EXPECT_LT(written, std::uint64_t{60'000'000} * 25 / 10);
  EXPECT_LT(sizes.size(), 20U);
}

}  // namespace
}  // namespace thalweg::state
