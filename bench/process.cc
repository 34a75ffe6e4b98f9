// SPDX-License-Identifier: Apache-2.0
#include "bench/process.h"

#include <fstream>
#include <string>

#include "base/check.h"

namespace thalweg::bench {
namespace {

/// The number behind `label` in a file of /proc.
std::uint64_t NumberIn(const char* path, const std::string& label) {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    std::uint64_t number = 0;
    if (word == label && file >> number) {
      return number;
    }
  }
  CHECK(false);  // Every Linux has it.
  return 0;
}

}  // namespace

std::uint64_t BytesWritten() {
  return NumberIn("/proc/self/io", "wchar:");
}

std::uint64_t PeakResidentBytes() {
  return NumberIn("/proc/self/status", "VmHWM:") * 1024;
}

}  // namespace thalweg::bench
