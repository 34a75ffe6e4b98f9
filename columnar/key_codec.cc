// SPDX-License-Identifier: Apache-2.0
#include "columnar/key_codec.h"

#include <algorithm>
#include <bit>
#include <string>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "base/coding.h"
#include "columnar/batch.h"
#include "columnar/column_builder.h"
#include "columnar/hash.h"
#include "columnar/int128.h"
#include "columnar/key_words.h"
#include "columnar/value_bytes.h"

namespace thalweg::columnar {
namespace {

constexpr auto kForm = value_bytes::Form::kCanonical;

void EncodeVariable(std::span<const Column* const> columns, EncodedKeys* out) {
  const auto sizes = value_bytes::StartSizes(out->count, 0, &out->rows);
  for (const Column* column : columns) {
    value_bytes::AddSizes(kForm, value_bytes::Nulls::kTagged, *column, sizes);
  }
  const auto cursors = value_bytes::StartBytes(&out->rows);
  for (const Column* column : columns) {
    value_bytes::WriteColumn(
        kForm, value_bytes::Nulls::kTagged, *column, {out->rows.bytes.data(), cursors});
  }
  for (std::size_t row = 0; row < out->count; ++row) {
    out->hashes[row] = HashKeyBytes(out->rows[row]);
  }
}

/// One word of each key, as values of T; false: one of them is none.
template <class T>
bool DecodeWords(std::span<const std::string_view> keys, std::size_t offset, ColumnBuilder* out) {
  const std::span<T> values = out->MutableValues<T>();
  bool valid = true;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto word = LoadFixed<std::int64_t>(keys[i].data() + offset);
    if constexpr (std::is_floating_point_v<T>) {
      values[i] = static_cast<T>(std::bit_cast<double>(word));
    } else {
      values[i] = static_cast<T>(word);
      valid &= static_cast<std::int64_t>(values[i]) == word;
    }
  }
  return valid;
}

bool DecodeWordPairs(std::span<const std::string_view> keys,
                     std::size_t offset,
                     ColumnBuilder* out) {
  const std::span<Int128> values = out->MutableValues<Int128>();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    values[i] = LoadFixed<Int128>(keys[i].data() + offset);
  }
  return true;
}

bool DecodeColumn(std::span<const std::string_view> keys, std::size_t offset, ColumnBuilder* out) {
  switch (out->physical()) {
    case Physical::kBool: {
      const auto is_boolean = [offset](std::string_view key) {
        return LoadFixed<std::uint64_t>(key.data() + offset) <= 1;
      };
      return std::ranges::all_of(keys, is_boolean) && DecodeWords<std::uint8_t>(keys, offset, out);
    }
    case Physical::kInt8:
      return DecodeWords<std::int8_t>(keys, offset, out);
    case Physical::kInt16:
      return DecodeWords<std::int16_t>(keys, offset, out);
    case Physical::kInt32:
      return DecodeWords<std::int32_t>(keys, offset, out);
    case Physical::kFloat:
      return DecodeWords<float>(keys, offset, out);
    case Physical::kDouble:
      return DecodeWords<double>(keys, offset, out);
    case Physical::kInt128:
      return DecodeWordPairs(keys, offset, out);
    default:
      return DecodeWords<std::int64_t>(keys, offset, out);
  }
}

/// Keys of the fixed form, a column at a time; false: not written by an encoder of these types.
bool DecodeFixed(std::span<const std::string_view> keys,
                 std::size_t stride,
                 std::vector<ColumnBuilder>& columns) {
  std::uint64_t any_null = 0;
  for (const std::string_view key : keys) {
    if (key.size() != stride) {
      return false;
    }
    any_null |= LoadFixed<std::uint64_t>(key.data() + stride - 8);
  }
  if (columns.size() < 64 && any_null >> columns.size() != 0) {
    return false;
  }
  std::size_t offset = 0;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (!DecodeColumn(keys, offset, &columns[c])) {
      return false;
    }
    offset += columns[c].physical() == Physical::kInt128 ? 16 : 8;
    for (std::size_t i = 0; (any_null >> c & 1) != 0 && i < keys.size(); ++i) {
      if ((LoadFixed<std::uint64_t>(keys[i].data() + stride - 8) >> c & 1) != 0) {
        columns[c].SetNull(i);
      }
    }
    columns[c].SetLength(keys.size());
  }
  return true;
}

/// Keys of the variable form.
bool DecodeVariable(std::span<const std::string_view> keys, std::vector<ColumnBuilder>& columns) {
  for (const std::string_view key : keys) {
    ByteReader reader(key);
    for (ColumnBuilder& column : columns) {
      if (!value_bytes::ReadNullable(kForm, reader, &column)) {
        return false;
      }
    }
    if (!reader.empty()) {
      return false;
    }
  }
  return true;
}

}  // namespace

KeyEncoder::KeyEncoder(std::vector<DataType> types)
    : types_(std::move(types)), fixed_stride_(key_words::StrideOf(types_) * 8) {}

void KeyEncoder::Encode(const Batch& batch,
                        std::span<const std::uint32_t> key_columns,
                        EncodedKeys* out) const {
  CHECK_EQ(key_columns.size(), types_.size());
  std::vector<const Column*> columns;
  for (const std::uint32_t column : key_columns) {
    columns.push_back(batch.column(column).get());
  }
  out->count = batch.row_count();
  out->hashes.resize(out->count);
  out->fixed_stride = fixed_stride_;
  if (fixed_stride_ == 0) {
    EncodeVariable(columns, out);
    return;
  }
  const std::size_t stride = fixed_stride_ / 8;
  CHECK_EQ(key_words::StrideOf(columns), stride);
  out->words.resize(out->count * stride);
  key_words::Write(columns, 0, out->count, out->words.data());
  key_words::Hash(out->words.data(), stride, out->count, out->hashes.data());
}

KeyDecoder::KeyDecoder(std::vector<DataType> types)
    : types_(std::move(types)), fixed_stride_(key_words::StrideOf(types_) * 8) {}

StatusOr<std::vector<ColumnPtr>> KeyDecoder::Decode(std::span<const std::string_view> keys) const {
  std::vector<ColumnBuilder> builders;
  builders.reserve(types_.size());
  for (const DataType& type : types_) {
    builders.emplace_back(type, keys.size());
  }
  const bool read = fixed_stride_ == 0 ? DecodeVariable(keys, builders)
                                       : DecodeFixed(keys, fixed_stride_, builders);
  if (!read) {
    return DataLoss("One of " + std::to_string(keys.size()) +
                    " stored keys does not fit its key types");
  }
  std::vector<ColumnPtr> columns;
  for (ColumnBuilder& builder : builders) {
    columns.push_back(builder.Finish());
  }
  return columns;
}

}  // namespace thalweg::columnar
