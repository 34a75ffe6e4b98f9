// SPDX-License-Identifier: Apache-2.0
#include "base/ids.h"

#include <set>
#include <type_traits>
#include <unordered_set>

#include <gtest/gtest.h>

#include "base/random.h"

namespace thalweg {
namespace {

static_assert(!std::is_convertible_v<std::uint64_t, CheckpointId>);
static_assert(!std::is_convertible_v<CheckpointId, std::uint64_t>);
static_assert(!std::is_constructible_v<CheckpointId, Generation>);

TEST(IdTest, OrdersAndHashesAsItsValue) {
  EXPECT_LT(CheckpointId(1), CheckpointId(2));
  EXPECT_EQ(JobId("a"), JobId("a"));
  const std::unordered_set<JobId> jobs{JobId("a"), JobId("b"), JobId("a")};
  EXPECT_EQ(jobs.size(), 2);
}

TEST(IdsTest, AnAttemptOfALaterGenerationIsNewerWhateverItsNumber) {
  EXPECT_LT((Attempt{Generation(1), 9}), (Attempt{Generation(2), 0}));
  EXPECT_LT((Attempt{Generation(2), 0}), (Attempt{Generation(2), 1}));
}

TEST(IdsTest, ATaskIdHoldsVertexAndSubtask) {
  const TaskId task = MakeTaskId(0xFFFFFFFF, 7);
  EXPECT_EQ(VertexIndexOf(task), 0xFFFFFFFF);
  EXPECT_EQ(SubtaskIndexOf(task), 7);
}

TEST(IdsTest, JobIdsAreHexDigitsAndDiffer) {
  SeededRandom random(1);
  std::set<JobId> seen;
  for (int i = 0; i < 100; ++i) {
    const JobId job = NewJobId(random);
    EXPECT_EQ(job.value().size(), 32);
    EXPECT_EQ(job.value().find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_TRUE(seen.insert(job).second);
  }
}

TEST(KeyGroupTest, RangesCoverEveryGroupOnceAndAgreeWithTheOwner) {
  for (const std::uint32_t count : {1U, 7U, 128U, 1024U, 32768U}) {
    for (std::uint32_t parallelism = 1; parallelism <= count && parallelism <= 37; ++parallelism) {
      std::uint32_t next = 0;
      for (std::uint32_t subtask = 0; subtask < parallelism; ++subtask) {
        const KeyGroupRange range = RangeOf(subtask, parallelism, count);
        ASSERT_EQ(range.begin, next);
        ASSERT_GT(range.size(), 0);
        ASSERT_EQ(SubtaskOf(KeyGroup(range.begin), parallelism, count), subtask);
        ASSERT_EQ(SubtaskOf(KeyGroup(range.end - 1), parallelism, count), subtask);
        next = range.end;
      }
      ASSERT_EQ(next, count);
    }
  }
}

TEST(KeyGroupTest, ARangeIsHalfOpen) {
  const KeyGroupRange range{3, 5};
  EXPECT_FALSE(range.Contains(KeyGroup(2)));
  EXPECT_TRUE(range.Contains(KeyGroup(3)));
  EXPECT_TRUE(range.Contains(KeyGroup(4)));
  EXPECT_FALSE(range.Contains(KeyGroup(5)));
}

TEST(KeyGroupDeathTest, RefusesASubtaskBeyondTheParallelism) {
  EXPECT_DEATH(RangeOf(4, 4, 128), "subtask < parallelism");
  EXPECT_DEATH(RangeOf(0, 129, 128), "parallelism <= key_group_count");
}

}  // namespace
}  // namespace thalweg
