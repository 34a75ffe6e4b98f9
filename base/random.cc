// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <bit>

#include <sys/random.h>

#include "base/check.h"

namespace thalweg {

std::uint64_t Random::Uniform(std::uint64_t n) {
  CHECK_GT(n, 0);
  // Numbers below the remainder of 2^64 / n would be a little too likely: draw again.
  const std::uint64_t biased = (0 - n) % n;
  std::uint64_t drawn = Next();
  while (drawn < biased) {
    drawn = Next();
  }
  return drawn % n;
}

SeededRandom::SeededRandom(std::uint64_t seed) {
  for (std::uint64_t& word : state_) {
    seed += 0x9E3779B97F4A7C15;
    std::uint64_t mixed = (seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
    word = mixed ^ (mixed >> 31);
  }
}

std::uint64_t SeededRandom::Next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::uint64_t SystemRandom::Next() {
  std::uint64_t value = 0;
  const ssize_t size = getrandom(&value, sizeof(value), 0);
  CHECK_EQ(size,
           static_cast<ssize_t>(sizeof(value)));  // Eight bytes are never cut short by a signal.
  return value;
}

}  // namespace thalweg
