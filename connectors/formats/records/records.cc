// SPDX-License-Identifier: Apache-2.0
#include "connectors/formats/records/records.h"

#include <fmt/format.h>

namespace thalweg::connectors {
namespace {

/// At most `size` bytes, without half a character at the end.
std::string_view CutText(std::string_view text, std::size_t size) {
  if (text.size() <= size) {
    return text;
  }
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) {
    --size;
  }
  return text.substr(0, size);
}

}  // namespace

std::string Describe(const BadLine& bad, std::string_view record) {
  const std::string_view shown = CutText(record, kShownRecordBytesMax);
  return fmt::format("column {}: {}: {}{}",
                     bad.column,
                     bad.reason,
                     shown,
                     shown.size() < record.size() ? "..." : "");
}

}  // namespace thalweg::connectors
