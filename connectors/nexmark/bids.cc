// SPDX-License-Identifier: Apache-2.0
#include "connectors/nexmark/bids.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "base/random.h"

namespace thalweg::connectors {
namespace {

// The benchmark's published numbers.
constexpr std::int64_t kFirstId = 1000;
constexpr std::int64_t kEventsPerGroup = 50;  // 1 person, 3 auctions, 46 bids, in this order.
constexpr std::int64_t kFirstBidInGroup = 4;
constexpr std::int64_t kBidsPerGroup = 46;
constexpr std::int64_t kHotBatch = 100;
constexpr std::int64_t kAuctionsInFlight = 100;
constexpr std::int64_t kActivePeople = 1000;
constexpr std::int64_t kIdLead = 10;
constexpr std::int64_t kChannelCount = 10'000;
constexpr std::size_t kExtraMin = 54;
constexpr std::size_t kExtraMax = 81;
constexpr std::size_t kExtraPool = 1 << 20;
constexpr std::array<std::string_view, 4> kHotChannels = {"Google", "Facebook", "Baidu", "Apple"};

std::int64_t Between(Random& random, std::int64_t begin, std::int64_t end) {
  return begin + static_cast<std::int64_t>(random.Uniform(static_cast<std::uint64_t>(end - begin)));
}

/// Letters and, about one in 26, a backslash among other punctuation: so JSON has to escape.
std::string MakeExtraPool() {
  SeededRandom random(0xb1d);
  std::string pool(kExtraPool, '\0');
  for (char& c : pool) {
    const auto number = static_cast<std::int64_t>(random.Uniform(51)) - 25;
    c = static_cast<char>('a' + number);
  }
  return pool;
}

const std::string& ExtraPool() {
  static const std::string pool = MakeExtraPool();
  return pool;
}

void AppendLetters(Random& random, std::string* out) {
  for (int i = 0; i < 5; ++i) {
    const std::uint64_t letter = random.Uniform(13 * 26);
    *out += letter < 26 ? '_' : static_cast<char>('a' + letter % 26);
  }
}

/// The page of a channel: always the same for the same number.
std::string UrlOf(std::int64_t channel) {
  SeededRandom random(0xc4a77e1 + static_cast<std::uint64_t>(channel));
  std::string url = "https://www.nexmark.com";
  for (int i = 0; i < 3; ++i) {
    url += '/';
    AppendLetters(random, &url);
  }
  url += "/item.htm?query=1";
  if (channel >= 0 && !random.Chance(10)) {
    std::uint32_t bits = static_cast<std::uint32_t>(channel);
    std::uint32_t reversed = 0;
    for (int i = 0; i < 32; ++i, bits >>= 1) {
      reversed = reversed << 1 | (bits & 1);
    }
    const auto id = static_cast<std::int32_t>(reversed);
    url += fmt::format("&channel_id={}", std::abs(static_cast<std::int64_t>(id)));
  }
  return url;
}

const std::vector<std::string>& Urls() {
  static const std::vector<std::string> urls = [] {
    std::vector<std::string> made;
    for (std::int64_t channel = 0; channel < kChannelCount; ++channel) {
      made.push_back(UrlOf(channel));
    }
    for (std::int64_t hot = 0; hot < static_cast<std::int64_t>(kHotChannels.size()); ++hot) {
      made.push_back(UrlOf(-1 - hot));
    }
    return made;
  }();
  return urls;
}

std::int64_t Price(Random& random) {
  return std::llround(std::pow(10.0, random.UniformDouble() * 6.0) * 100.0);
}

std::int64_t AuctionOf(Random& random, std::int64_t group) {
  const std::int64_t last = 3 * group + 2;  // All three auctions of a group come before its bids.
  if (random.Chance(2)) {
    return last / kHotBatch * kHotBatch + kFirstId;
  }
  return Between(random, std::max<std::int64_t>(last - kAuctionsInFlight, 0), last + kIdLead + 1) +
         kFirstId;
}

std::int64_t BidderOf(Random& random, std::int64_t last_person) {
  if (!random.Chance(4)) {
    return last_person / kHotBatch * kHotBatch + 1 + kFirstId;
  }
  const std::int64_t people = last_person + 1;
  const std::int64_t active = std::min(people, kActivePeople);
  return people - active + Between(random, 0, active + kIdLead) + kFirstId;
}

}  // namespace

const columnar::SchemaPtr& BidSchema() {
  using columnar::DataType;
  static const columnar::SchemaPtr schema =
      columnar::Schema::Make({{"auction", DataType::BigInt()},
                              {"bidder", DataType::BigInt()},
                              {"price", DataType::BigInt()},
                              {"channel", DataType::String()},
                              {"url", DataType::String()},
                              {"dateTime", DataType::Timestamp(3)},
                              {"extra", DataType::String()}});
  return schema;
}

BidGenerator::BidGenerator(const BidOptions& options)
    : options_(options), timestamps_(columnar::DataType::Timestamp(3), {.trim_zeros = false}) {}

const Bid& BidGenerator::Make(std::uint64_t n) {
  const std::int64_t group = static_cast<std::int64_t>(n) / kBidsPerGroup;
  const std::int64_t event =
      group * kEventsPerGroup + kFirstBidInGroup + static_cast<std::int64_t>(n) % kBidsPerGroup;
  SeededRandom random(options_.seed * 0x9e3779b97f4a7c15 + static_cast<std::uint64_t>(event));
  bid_.auction = AuctionOf(random, group);
  bid_.bidder = BidderOf(random, group);
  bid_.price = Price(random);
  if (random.Chance(2)) {
    const std::size_t hot = random.Uniform(kHotChannels.size());
    bid_.channel = kHotChannels[hot];
    bid_.url = Urls()[kChannelCount + hot];
  } else {
    const std::size_t channel = random.Uniform(kChannelCount);
    channel_ = fmt::format("channel-{}", channel);
    bid_.channel = channel_;
    bid_.url = Urls()[channel];
  }
  bid_.date_time_millis =
      options_.base_time_millis +
      static_cast<std::int64_t>(static_cast<double>(event) * 1000.0 / options_.events_per_second);
  const std::size_t size = kExtraMin + random.Uniform(kExtraMax - kExtraMin + 1);
  bid_.extra = std::string_view(ExtraPool()).substr(random.Uniform(kExtraPool - size), size);
  return bid_;
}

void BidGenerator::AppendJsonLine(std::uint64_t n, std::string* out) {
  const Bid& bid = Make(n);
  date_time_.clear();
  timestamps_.Append(bid.date_time_millis * 1000, &date_time_);
  fmt::format_to(std::back_inserter(*out),
                 R"({{"auction":{},"bidder":{},"price":{},"channel":"{}","url":"{}",)"
                 R"("dateTime":"{}","extra":")",
                 bid.auction,
                 bid.bidder,
                 bid.price,
                 bid.channel,
                 bid.url,
                 date_time_);
  for (const char c : bid.extra) {
    if (c == '\\') {
      *out += c;
    }
    *out += c;
  }
  *out += "\"}\n";
}

}  // namespace thalweg::connectors
