// SPDX-License-Identifier: Apache-2.0
#include "base/ids.h"

#include "base/check.h"
#include "base/random.h"

namespace thalweg {

JobId NewJobId(Random& random) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string digits;
  for (int half = 0; half < 2; ++half) {
    std::uint64_t bits = random.Next();
    for (int digit = 0; digit < 16; ++digit, bits >>= 4) {
      digits.push_back(kDigits[bits & 0xF]);
    }
  }
  return JobId(std::move(digits));
}

KeyGroupRange RangeOf(std::uint32_t subtask,
                      std::uint32_t parallelism,
                      std::uint32_t key_group_count) {
  CHECK_LT(subtask, parallelism);
  CHECK_LE(parallelism, key_group_count);
  const auto first_of = [=](std::uint64_t index) {
    return static_cast<std::uint32_t>((index * key_group_count + parallelism - 1) / parallelism);
  };
  return {first_of(subtask), first_of(std::uint64_t{subtask} + 1)};
}

std::uint32_t SubtaskOf(KeyGroup key_group,
                        std::uint32_t parallelism,
                        std::uint32_t key_group_count) {
  CHECK_LT(key_group.value(), key_group_count);
  return static_cast<std::uint32_t>(std::uint64_t{key_group.value()} * parallelism /
                                    key_group_count);
}

}  // namespace thalweg
