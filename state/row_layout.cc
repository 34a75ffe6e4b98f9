// SPDX-License-Identifier: Apache-2.0
#include "state/row_layout.h"

#include <array>
#include <utility>

namespace thalweg::state {
namespace {

columnar::Physical StoredAs(const columnar::DataType& type) {
  const columnar::Physical physical = type.physical();
  return physical == columnar::Physical::kRow || physical == columnar::Physical::kList
             ? columnar::Physical::kString
             : physical;
}

}  // namespace

RowLayout::RowLayout(std::vector<columnar::Field> fields)
    : fields_(std::move(fields)), places_(fields_.size()) {
  std::uint32_t end = 0;
  for (const std::uint32_t width : std::array<std::uint32_t, 5>{16, 8, 4, 2, 1}) {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const columnar::Physical physical = StoredAs(fields_[i].type);
      if (columnar::WidthOf(physical) != width) {
        continue;
      }
      places_[i] = {physical, end, width, 0, 0};
      if (physical == columnar::Physical::kString) {
        string_offsets_.push_back(end);
      }
      end += width;
    }
  }
  std::uint32_t bit = 0;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].type.nullable()) {
      places_[i].valid_byte = end + bit / 8;
      places_[i].valid_mask = static_cast<std::uint8_t>(1U << (bit % 8));
      ++bit;
    }
  }
  size_ = (end + (bit + 7) / 8 + 7) / 8 * 8;
}

std::optional<std::size_t> RowLayout::IndexOf(std::string_view name) const {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].name == name) {
      return i;
    }
  }
  return std::nullopt;
}

}  // namespace thalweg::state
