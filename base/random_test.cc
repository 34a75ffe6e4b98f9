// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <array>
#include <set>

#include <gtest/gtest.h>

namespace thalweg {
namespace {

// Lists of failing seeds are kept: the numbers of a seed never change.
TEST(SeededRandomTest, GivesTheSameNumbersForEver) {
  SeededRandom random(0);
  EXPECT_EQ(random.Next(), 0x99EC5F36CB75F2B4);
  EXPECT_EQ(random.Next(), 0xBF6E1F784956452A);
  EXPECT_EQ(random.Next(), 0x1A5F849D4933E6E0);
}

TEST(SeededRandomTest, SeedsDiffer) {
  std::set<std::uint64_t> first;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    EXPECT_TRUE(first.insert(SeededRandom(seed).Next()).second) << seed;
  }
}

TEST(RandomTest, UniformIsEvenAndStaysBelowItsBound) {
  SeededRandom random(42);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70'000; ++i) {
    const std::uint64_t drawn = random.Uniform(counts.size());
    ASSERT_LT(drawn, counts.size());
    ++counts[drawn];
  }
  for (const int count : counts) {
    EXPECT_NEAR(count, 10'000, 500);
  }
}

TEST(RandomTest, ChanceComesOnceInNTimes) {
  SeededRandom random(7);
  int hits = 0;
  for (int i = 0; i < 100'000; ++i) {
    hits += random.Chance(100) ? 1 : 0;
  }
  EXPECT_NEAR(hits, 1000, 150);
  EXPECT_TRUE(random.Chance(1));
}

TEST(RandomTest, DoublesFillTheUnitInterval) {
  SeededRandom random(9);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double drawn = random.UniformDouble();
    ASSERT_GE(drawn, 0.0);
    ASSERT_LT(drawn, 1.0);
    sum += drawn;
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 0.02);
}

TEST(SystemRandomTest, DoesNotRepeatItself) {
  SystemRandom random;
  EXPECT_NE(random.Next(), random.Next());
}

}  // namespace
}  // namespace thalweg
