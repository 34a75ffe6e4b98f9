// SPDX-License-Identifier: Apache-2.0
#include "state/inline_run.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "base/checksum.h"
#include "base/coding.h"

namespace thalweg::state {
namespace {

constexpr std::string_view kMagic = "TWIR";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeadBytes = 5;
constexpr std::size_t kTailBytes = 8;

}  // namespace

std::string BeginInlineRun() {
  std::string run(kMagic);
  ByteWriter(run).PutU8(kVersion);
  return run;
}

void AppendInlineRow(std::string_view last_key,
                     std::string_view key,
                     std::string_view value,
                     std::string* run) {
  const auto differ =
      std::mismatch(last_key.begin(), last_key.end(), key.begin(), key.end()).second;
  const auto shared = static_cast<std::size_t>(differ - key.begin());
  ByteWriter writer(*run);
  writer.PutVarint(shared);
  writer.PutBytes(key.substr(shared));
  writer.PutBytes(value);
}

void FinishInlineRun(std::string* run) {
  ByteWriter(*run).PutFixed64(Checksum(*run));
}

Status CheckInlineRun(std::string_view run, std::string_view name) {
  if (run.size() < kHeadBytes + kTailBytes || !run.starts_with(kMagic)) {
    return DataLoss(fmt::format("State run {} is not a run.", name));
  }
  const std::size_t end = run.size() - kTailBytes;
  if (LoadFixed<std::uint64_t>(run.data() + end) != Checksum(run.substr(0, end))) {
    return DataLoss(fmt::format("State run {} does not fit its checksum.", name));
  }
  const auto version = static_cast<std::uint8_t>(run[kMagic.size()]);
  if (version != kVersion) {
    return Unimplemented(fmt::format(
        "State run {} has version {}; this program knows {} only.", name, version, kVersion));
  }
  return OkStatus();
}

std::string_view InlineRows(std::string_view run) {
  return run.substr(kHeadBytes, run.size() - kHeadBytes - kTailBytes);
}

}  // namespace thalweg::state
