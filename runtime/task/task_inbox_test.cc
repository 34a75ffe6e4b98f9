// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/task_inbox.h"

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace thalweg::runtime {
namespace {

TEST(LaneSignalTest, NotifiesOncePerClear) {
  int notified = 0;
  LaneSignal signal([&] { ++notified; });
  signal.Wake();
  signal.Wake();
  EXPECT_EQ(notified, 1);
  signal.Clear();
  signal.Wake();
  EXPECT_EQ(notified, 2);
  signal.Close();
  signal.Clear();
  signal.Wake();
  EXPECT_EQ(notified, 2);
}

class TaskInboxTest : public ::testing::Test {
 protected:
  static void Run(TaskInbox& inbox) {
    for (UniqueFunction<void()>& mail : inbox.TakeMails()) {
      mail();
    }
  }

  int notified_ = 0;
  std::shared_ptr<LaneSignal> signal_ = std::make_shared<LaneSignal>([this] { ++notified_; });
  std::shared_ptr<TaskInbox> inbox_ = std::make_shared<TaskInbox>(signal_);
};

TEST_F(TaskInboxTest, GivesMailsInOrderAndWakesTheLane) {
  std::vector<int> ran;
  EXPECT_TRUE(inbox_->TakeWake()) << "A new task runs once.";
  inbox_->Post([&] { ran.push_back(1); });
  inbox_->Post([&] { ran.push_back(2); });
  EXPECT_EQ(notified_, 1);
  EXPECT_TRUE(inbox_->TakeWake());
  EXPECT_FALSE(inbox_->TakeWake());
  Run(*inbox_);
  EXPECT_EQ(ran, (std::vector<int>{1, 2}));
}

TEST_F(TaskInboxTest, AClosedInboxDestroysItsMailsUnrun) {
  auto held = std::make_shared<int>(0);
  inbox_->Post([held] { ++*held; });
  inbox_->Close();
  EXPECT_EQ(held.use_count(), 1);
  inbox_->Post([held] { ++*held; });
  EXPECT_EQ(held.use_count(), 1);
  Run(*inbox_);
  EXPECT_EQ(*held, 0);
}

// Keeps works for the test to run.
class HeldExecutor final : public BlockingExecutor {
 public:
  void Submit(UniqueFunction<UniqueFunction<void()>()> work, Mailbox& reply) override {
    work_ = std::move(work);
    reply_ = &reply;
  }
  void RunOne() { reply_->Post(work_()); }

 private:
  UniqueFunction<UniqueFunction<void()>()> work_;
  Mailbox* reply_ = nullptr;
};

class TaskExecutorTest : public TaskInboxTest {
 protected:
  void SubmitAnswer(int answer) {
    TaskExecutor executor(held_, *lane_, inbox_);
    executor.Submit(
        [this, answer]() -> UniqueFunction<void()> {
          return [this, answer] { answers_.push_back(answer); };
        },
        *inbox_);
  }

  HeldExecutor held_;
  std::shared_ptr<TaskInbox> lane_ = std::make_shared<TaskInbox>(signal_);
  std::vector<int> answers_;
};

TEST_F(TaskExecutorTest, RepliesReachTheTaskByItsLane) {
  SubmitAnswer(5);
  held_.RunOne();
  Run(*inbox_);
  EXPECT_TRUE(answers_.empty());
  Run(*lane_);
  Run(*inbox_);
  EXPECT_EQ(answers_, std::vector<int>{5});
}

TEST_F(TaskExecutorTest, ARepliesToATaskThatHasGoneIsDropped) {
  SubmitAnswer(5);
  inbox_->Close();
  inbox_.reset();
  held_.RunOne();
  Run(*lane_);
  EXPECT_TRUE(answers_.empty());
}

}  // namespace
}  // namespace thalweg::runtime
