// SPDX-License-Identifier: Apache-2.0

#include "storage/store.h"

#include <fmt/format.h>

namespace thalweg::storage {
namespace {

constexpr std::size_t kMaxSegmentBytes = 255;  // What file systems allow for one name.

bool IsKeyByte(char c) {
  return c > ' ' && c <= '~' && c != '\\' && c != '"' && c != '/';
}

/// What is wrong with one segment, or null.
const char* SegmentFault(std::string_view segment) {
  if (segment.empty()) {
    return "has an empty segment";
  }
  if (segment.front() == '.') {
    return "has a segment that begins with a dot";
  }
  if (segment.size() > kMaxSegmentBytes) {
    return "has a segment of more than 255 bytes";
  }
  for (const char c : segment) {
    if (!IsKeyByte(c)) {
      return "has a byte that is no printable ASCII, or a space, quote or backslash";
    }
  }
  return nullptr;
}

}  // namespace

StatusOr<WallTime> Store::ModifiedAt(std::string_view key) {
  return Unimplemented(fmt::format("The store does not know when '{}' was written last.", key));
}

Status ValidateKey(std::string_view key) {
  if (key.size() > kMaxKeyBytes) {
    return InvalidArgument(fmt::format(
        "The storage key has {} bytes, at most {} are allowed; it begins with '{}'. Shorten the "
        "names that it is made of.",
        key.size(),
        kMaxKeyBytes,
        key.substr(0, 64)));
  }
  for (std::size_t begin = 0; begin <= key.size();) {
    const std::size_t end = std::min(key.find('/', begin), key.size());
    if (const char* fault = SegmentFault(key.substr(begin, end - begin)); fault != nullptr) {
      return InvalidArgument(fmt::format("The storage key '{}' {}.", key, fault));
    }
    begin = end + 1;
  }
  return OkStatus();
}

}  // namespace thalweg::storage
