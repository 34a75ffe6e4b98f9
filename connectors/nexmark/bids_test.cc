// SPDX-License-Identifier: Apache-2.0
//
// The shares that follow from the benchmark's rules.
#include "connectors/nexmark/bids.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::connectors {
namespace {

constexpr std::uint64_t kCount = 50'000;

TEST(BidsTest, AnyBidCanBeMadeAgainInAnyOrder) {
  BidGenerator forwards({.seed = 3});
  std::vector<std::string> lines(200);
  for (std::uint64_t n = 0; n < lines.size(); ++n) {
    forwards.AppendJsonLine(n, &lines[n]);
  }
  BidGenerator backwards({.seed = 3});
  for (std::uint64_t n = lines.size(); n-- > 0;) {
    std::string line;
    backwards.AppendJsonLine(n, &line);
    ASSERT_EQ(line, lines[n]);
  }
  std::string other;
  BidGenerator({.seed = 4}).AppendJsonLine(0, &other);
  EXPECT_NE(other, lines[0]);
}

TEST(BidsTest, HasTheBenchmarksShares) {
  BidGenerator bids;
  int hot_channels = 0;
  std::map<int, int> ranks;
  std::size_t bytes = 0;
  std::int64_t last_time = 0;
  int hot_auctions = 0;
  for (std::uint64_t n = 0; n < kCount; ++n) {
    const Bid& bid = bids.Make(n);
    hot_channels += bid.channel.starts_with("channel-") ? 0 : 1;
    ++ranks[bid.price < 10'000 ? 0 : bid.price < 1'000'000 ? 1 : 2];
    hot_auctions += bid.auction % 100 == 0 ? 1 : 0;
    ASSERT_GE(bid.date_time_millis, last_time);
    ASSERT_GE(bid.extra.size(), 54U);
    ASSERT_LE(bid.extra.size(), 81U);
    last_time = bid.date_time_millis;
    std::string line;
    bids.AppendJsonLine(n, &line);
    bytes += line.size();
  }
  EXPECT_NEAR(hot_channels, kCount / 2, kCount / 100);
  EXPECT_NEAR(hot_auctions, kCount / 2, kCount / 50);
  for (int rank = 0; rank < 3; ++rank) {
    EXPECT_NEAR(ranks[rank], kCount / 3, kCount / 100);
  }
  EXPECT_NEAR(static_cast<double>(bytes) / kCount, 253, 15);
}

}  // namespace
}  // namespace thalweg::connectors
