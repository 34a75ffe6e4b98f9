// SPDX-License-Identifier: Apache-2.0
#include "state/shape_of.h"

#include <algorithm>
#include <vector>

#include "columnar/key_codec.h"
#include "state/row_layout.h"
#include "state/run_of_rows.h"

namespace thalweg::state {
namespace {

std::size_t KeyStride(const TableSpec& spec) {
  std::vector<columnar::DataType> types;
  for (const columnar::Field& field : spec.keys) {
    types.push_back(field.type);
  }
  return columnar::KeyEncoder(std::move(types)).fixed_stride();
}

std::uint32_t TtlSeconds(const TableSpec& spec) {
  if (spec.ttl <= Milliseconds(0)) {
    return 0;
  }
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>((spec.ttl.count() + 999) / 1000, 1, std::int64_t{1} << 30));
}

}  // namespace

ImageShape ShapeOfValues(const TableSpec& spec) {
  const RowLayout layout(spec.values);
  ImageShape shape;
  shape.row = RowShape::Of(KeyStride(spec), layout.size(), TtlSeconds(spec));
  shape.value_size = static_cast<std::uint32_t>(layout.size());
  shape.string_offsets = layout.string_offsets();
  return shape;
}

ImageShape ShapeOfOrdered(const TableSpec& spec) {
  const RowLayout layout(spec.values);
  ImageShape shape;
  shape.row = RowShape::Of(KeyStride(spec), sizeof(RunOfRows), 0);
  shape.has_entry = true;
  shape.entry =
      RowShape::Of(spec.sub_keys.empty() ? kSequenceBytes : 0, layout.size(), TtlSeconds(spec));
  shape.value_size = static_cast<std::uint32_t>(layout.size());
  shape.string_offsets = layout.string_offsets();
  return shape;
}

ImageShape ShapeOfTimers(const TableSpec& spec) {
  const std::size_t key_stride = KeyStride(spec);
  ImageShape shape;
  shape.row = RowShape::Of(key_stride == 0 ? 0 : key_stride + sizeof(std::int64_t), 8, 0);
  shape.is_timer = true;
  shape.value_size = 8;
  return shape;
}

}  // namespace thalweg::state
