// SPDX-License-Identifier: Apache-2.0
#include "runtime/channel/queue_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/channel_items.h"

namespace thalweg::runtime {
namespace {

using ::testing::ElementsAre;
using testing::Numbers;
using testing::ReadAll;

TEST(QueueReaderTest, GivesACreditBackForEachBatchThatIsRead) {
  std::uint32_t credits = 0;
  QueueReader reader([&](std::uint32_t count) { credits += count; });
  ASSERT_TRUE(reader.Push(Numbers({1})).ok());
  ASSERT_TRUE(reader.Push(Watermark{5}).ok());
  ASSERT_TRUE(reader.Push(Watermark{6}).ok());
  ASSERT_TRUE(reader.Push(Barrier{.checkpoint = CheckpointId(3)}).ok());
  ASSERT_TRUE(reader.Push(Numbers({2})).ok());
  EXPECT_TRUE(reader.HasQueuedBarrier());
  EXPECT_EQ(credits, 0U);
  EXPECT_THAT(ReadAll(reader), ElementsAre("1", "watermark 6", "barrier 3", "2"));
  EXPECT_EQ(credits, 2U);
  EXPECT_FALSE(reader.HasQueuedBarrier());
}

TEST(QueueReaderTest, RefusesABatchWithoutACredit) {
  QueueReader reader([](std::uint32_t) {}, /*credits=*/1);
  ASSERT_TRUE(reader.Push(Numbers({1})).ok());
  EXPECT_EQ(reader.Push(Numbers({2})).code(), StatusCode::kDataLoss);
  EXPECT_TRUE(reader.Push(Watermark{1}).ok());
}

TEST(QueueReaderTest, BoundsTheBarriersThatWait) {
  QueueReader reader([](std::uint32_t) {});
  for (std::uint64_t id = 1; id <= kChannelBarriers + 5; ++id) {
    ASSERT_TRUE(reader.Push(Barrier{.checkpoint = CheckpointId(id)}).ok());
  }
  EXPECT_EQ(ReadAll(reader).size(), kChannelBarriers);
}

}  // namespace
}  // namespace thalweg::runtime
