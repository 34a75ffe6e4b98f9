// SPDX-License-Identifier: Apache-2.0
//
// Randomness comes in through this interface, so that a simulated cluster repeats itself from one
// seed.
#ifndef THALWEG_BASE_RANDOM_H_
#define THALWEG_BASE_RANDOM_H_

#include <array>
#include <cstdint>

namespace thalweg {

class Random {
 public:
  virtual ~Random() = default;

  /// 64 bits, each as likely 0 as 1.
  virtual std::uint64_t Next() = 0;

  /// A number in [0, n), all equally likely. REQUIRES: n > 0.
  std::uint64_t Uniform(std::uint64_t n);

  /// True once in `n` times on average. REQUIRES: n > 0.
  bool Chance(std::uint64_t n) { return Uniform(n) == 0; }

  /// A number in [0, 1).
  double UniformDouble() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }
};

/// The same numbers for the same seed on every machine (xoshiro256**, filled by splitmix64). One
/// thread at a time.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);

  std::uint64_t Next() override;

 private:
  std::array<std::uint64_t, 4> state_;
};

/// The system's entropy, for ids that must be unique in the world. Any thread.
class SystemRandom final : public Random {
 public:
  std::uint64_t Next() override;
};

}  // namespace thalweg

#endif  // THALWEG_BASE_RANDOM_H_
