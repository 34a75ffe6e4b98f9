// SPDX-License-Identifier: Apache-2.0
#include "base/config.h"

#include <gtest/gtest.h>

namespace thalweg {
namespace {

constexpr Option<Milliseconds> kInterval{.key = "checkpoint.interval",
                                         .default_value = Milliseconds(1000),
                                         .min = Milliseconds(10),
                                         .max = Milliseconds(3'600'000),
                                         .description = "From start to start."};
constexpr Option<std::int64_t> kSlots{
    .key = "worker.slots", .default_value = 4, .min = 1, .description = "Slots of a worker."};
constexpr Option<std::string_view> kDirectory{
    .key = "storage.directory", .default_value = "data", .description = "Where all is kept."};

TEST(ParseTest, Durations) {
  EXPECT_EQ(*ParseDuration("10 s"), Milliseconds(10'000));
  EXPECT_EQ(*ParseDuration("100ms"), Milliseconds(100));
  EXPECT_EQ(*ParseDuration(" 1 MIN "), Milliseconds(60'000));
  EXPECT_EQ(*ParseDuration("2 hours"), Milliseconds(7'200'000));
  EXPECT_EQ(*ParseDuration("1 d"), Milliseconds(86'400'000));
  EXPECT_EQ(*ParseDuration("20"), Milliseconds(20));
  EXPECT_EQ(*ParseDuration("1999 us"), Milliseconds(1));
}

TEST(ParseTest, WhatIsNoDuration) {
  for (const std::string_view text :
       {"", "s", "-1 s", "1.5 s", "1 parsec", "1 s 2", "99999999999999999999 ms"}) {
    EXPECT_EQ(ParseDuration(text).status().code(), StatusCode::kInvalidArgument) << text;
  }
  EXPECT_EQ(ParseDuration("18446744073709551615 d").status().code(), StatusCode::kInvalidArgument);
}

TEST(ParseTest, Sizes) {
  EXPECT_EQ(*ParseByteSize("64mb"), ByteSize{64 << 20});
  EXPECT_EQ(*ParseByteSize("1 GB"), ByteSize{1 << 30});
  EXPECT_EQ(*ParseByteSize("100 bytes"), ByteSize{100});
  EXPECT_EQ(*ParseByteSize("100"), ByteSize{100});
  EXPECT_EQ(ParseByteSize("1 pond").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ParseByteSize("18446744073709551615 kb").status().code(), StatusCode::kInvalidArgument);
}

TEST(ParseTest, NumbersAndTruth) {
  EXPECT_EQ(*ParseInteger(" -5 "), -5);
  EXPECT_FALSE(ParseInteger("5x").ok());
  EXPECT_FALSE(ParseInteger("9223372036854775808").ok());
  EXPECT_EQ(*ParseDouble("0.25"), 0.25);
  EXPECT_FALSE(ParseDouble("nan").ok());
  EXPECT_TRUE(*ParseBool("TRUE"));
  EXPECT_FALSE(*ParseBool("false"));
  EXPECT_FALSE(ParseBool("yes").ok());
}

TEST(ConfigurationTest, GivesTheDefaultUntilAKeyIsSet) {
  Configuration configuration;
  EXPECT_EQ(*configuration.Get(kInterval), Milliseconds(1000));
  EXPECT_EQ(*configuration.Get(kDirectory), "data");
  configuration.Set("checkpoint.interval", "5 s");
  configuration.Set("storage.directory", "/var/lib/thalweg");
  EXPECT_EQ(*configuration.Get(kInterval), Milliseconds(5000));
  EXPECT_EQ(*configuration.Get(kDirectory), "/var/lib/thalweg");
}

TEST(ConfigurationTest, BoundsAreInclusiveAndNamedInTheError) {
  EXPECT_TRUE(Configuration({{"checkpoint.interval", "10 ms"}}).Get(kInterval).ok());
  EXPECT_TRUE(Configuration({{"checkpoint.interval", "1 h"}}).Get(kInterval).ok());
  EXPECT_EQ(MessageOf(Configuration({{"checkpoint.interval", "9 ms"}}).Get(kInterval).status()),
            "Option 'checkpoint.interval' is '9 ms', it must be at least 10 ms");
  EXPECT_EQ(MessageOf(Configuration({{"checkpoint.interval", "2 h"}}).Get(kInterval).status()),
            "Option 'checkpoint.interval' is '2 h', it must be at most 3600000 ms");
  EXPECT_EQ(MessageOf(Configuration({{"worker.slots", "four"}}).Get(kSlots).status()),
            "Option 'worker.slots': 'four' is not a whole number of 64 bits");
}

TEST(ConfigurationTest, AnUnknownKeyIsAnErrorThatSuggestsTheNearest) {
  constexpr std::string_view kKnown[] = {kInterval.key, kSlots.key, kDirectory.key};
  EXPECT_TRUE(Configuration({{"worker.slots", "1"}}).CheckKeys(kKnown).ok());
  EXPECT_EQ(MessageOf(Configuration({{"worker.slot", "1"}}).CheckKeys(kKnown)),
            "Unknown option 'worker.slot'; did you mean 'worker.slots'?");
  EXPECT_EQ(MessageOf(Configuration({{"colour", "1"}}).CheckKeys(kKnown)),
            "Unknown option 'colour'");
}

TEST(ConfigurationTest, TheNearestWordIgnoresCaseAndPrefersTheSmallerSlip) {
  constexpr std::string_view kWords[] = {"count", "counts", "sum"};
  EXPECT_EQ(NearestWord("COUNT", kWords), "count");
  EXPECT_EQ(NearestWord("countss", kWords), "counts");
  EXPECT_EQ(NearestWord("xyz", kWords), "");
}

}  // namespace
}  // namespace thalweg
