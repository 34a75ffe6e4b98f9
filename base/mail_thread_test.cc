// SPDX-License-Identifier: Apache-2.0
#include "base/mail_thread.h"

#include <future>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace thalweg {
namespace {

TEST(MailThreadTest, RunsMailsInTheOrderOfPosting) {
  std::vector<int> seen;
  std::promise<void> last;
  MailThread thread("mails");
  for (int i = 0; i < 1000; ++i) {
    thread.Post([&seen, i] { seen.push_back(i); });
  }
  thread.Post([&last] { last.set_value(); });
  last.get_future().wait();
  ASSERT_EQ(seen.size(), 1000U);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(seen[static_cast<std::size_t>(i)], i);
  }
}

TEST(MailThreadTest, RunsAMailThatAMailPosted) {
  std::promise<std::thread::id> inner;
  MailThread thread("mails");
  thread.Post([&] { thread.Post([&] { inner.set_value(std::this_thread::get_id()); }); });
  EXPECT_NE(inner.get_future().get(), std::this_thread::get_id());
}

TEST(MailThreadTest, DestroysMailsPostedAfterStopWithoutRunningThem) {
  MailThread thread("mails");
  thread.Stop();
  bool ran = false;
  auto owned = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = owned;
  thread.Post([&ran, owned = std::move(owned)] { ran = true; });
  thread.Stop();
  EXPECT_FALSE(ran);
  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace thalweg
