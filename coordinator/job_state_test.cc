// SPDX-License-Identifier: Apache-2.0

#include "coordinator/job_state.h"

#include <set>

#include "gtest/gtest.h"

namespace thalweg::coordinator {
namespace {

constexpr JobState kAll[] = {JobState::kCreated,
                             JobState::kRunning,
                             JobState::kRestarting,
                             JobState::kStopping,
                             JobState::kCancelling,
                             JobState::kFinished,
                             JobState::kFailed,
                             JobState::kCanceled,
                             JobState::kStopped};

TEST(JobStateTest, FinishedAndCanceledJobsStayAsTheyAre) {
  for (const JobState to : kAll) {
    EXPECT_FALSE(MayMove(JobState::kFinished, to)) << NameOf(to);
    EXPECT_FALSE(MayMove(JobState::kCanceled, to)) << NameOf(to);
  }
}

TEST(JobStateTest, EveryJobThatHasNotEndedCanBeCancelled) {
  for (const JobState from : kAll) {
    const bool may = !IsEnd(from) && from != JobState::kCancelling;
    EXPECT_EQ(MayMove(from, JobState::kCancelling), may) << NameOf(from);
  }
}

TEST(JobStateTest, OnlyStoppedAndFailedJobsAreTakenUpAgain) {
  for (const JobState from : kAll) {
    if (IsEnd(from)) {
      const bool may = from == JobState::kStopped || from == JobState::kFailed;
      EXPECT_EQ(MayMove(from, JobState::kRestarting), may) << NameOf(from);
    }
  }
}

TEST(JobStateTest, EveryStateIsReachedAndNamed) {
  std::set<std::string_view> names;
  for (const JobState to : kAll) {
    names.insert(NameOf(to));
    bool reached = to == JobState::kCreated;
    for (const JobState from : kAll) {
      reached = reached || MayMove(from, to);
    }
    EXPECT_TRUE(reached) << NameOf(to);
  }
  EXPECT_EQ(names.size(), std::size(kAll));
}

}  // namespace
}  // namespace thalweg::coordinator
