// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/operator_id.h"

#include <fmt/format.h>

#include "base/checksum.h"

namespace thalweg::runtime {

OperatorId OperatorIds::Next(std::string_view text) {
  const std::uint32_t occurrence = seen_[std::string(text)]++;
  const std::string whole = fmt::format("{} #{}", text, occurrence);
  // Two hashes of 64 bits over different bytes make one of 128.
  return OperatorId(fmt::format("{:016x}{:016x}", Checksum(whole), Checksum(whole + "'")));
}

}  // namespace thalweg::runtime
