// SPDX-License-Identifier: Apache-2.0
#include "state/row_shape.h"

#include "base/check.h"

namespace thalweg::state {

RowShape RowShape::Of(std::size_t key_stride, std::size_t value_size, std::uint32_t ttl_seconds) {
  CHECK_EQ(key_stride % 8, std::size_t{0});
  CHECK_EQ(value_size % 8, std::size_t{0});
  RowShape shape;
  shape.key_stride = static_cast<std::uint32_t>(key_stride);
  shape.ttl_seconds = ttl_seconds;
  shape.key_offset = ttl_seconds == 0 ? 8 : 16;
  const std::size_t key_size = key_stride == 0 ? sizeof(StateString) : key_stride;
  shape.value_offset = shape.key_offset + static_cast<std::uint32_t>(key_size);
  shape.stride = shape.value_offset + static_cast<std::uint32_t>(value_size);
  return shape;
}

}  // namespace thalweg::state
