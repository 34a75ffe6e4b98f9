// SPDX-License-Identifier: Apache-2.0
#include "base/running_hash.h"

#include <string>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/random.h"

namespace thalweg {
namespace {

TEST(RunningHashTest, PiecesGiveTheHashOfTheWhole) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SeededRandom random(seed);
    RunningHash running;
    std::string all;
    for (std::uint64_t pieces = random.Uniform(9); pieces > 0; --pieces) {
      std::string piece(random.Uniform(700), '\0');
      for (char& byte : piece) {
        byte = static_cast<char>(random.Uniform(256));
      }
      running.Add(piece);
      all += piece;
      EXPECT_EQ(running.Digest(), Hash64(all)) << "seed " << seed;
    }
  }
}

TEST(RunningHashTest, NothingHashesAsNothing) {
  EXPECT_EQ(RunningHash().Digest(), Hash64(""));
}

}  // namespace
}  // namespace thalweg
