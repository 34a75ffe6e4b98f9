// SPDX-License-Identifier: Apache-2.0
#include "columnar/key_codec.h"

#include <utility>

#include "base/check.h"
#include "base/coding.h"
#include "columnar/batch.h"
#include "columnar/column_builder.h"
#include "columnar/hash.h"
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

/// Appends one key of the fixed form; false: not written by an encoder of these types.
bool DecodeWords(std::string_view key, std::vector<ColumnBuilder>& columns) {
  const auto nulls = LoadFixed<std::uint64_t>(key.data() + key.size() - 8);
  if (columns.size() < 64 && nulls >> columns.size() != 0) {
    return false;
  }
  ByteReader reader(key);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (!value_bytes::Read(kForm, reader, &columns[c])) {
      return false;
    }
    if ((nulls >> c & 1) != 0) {
      columns[c].SetNull(columns[c].length() - 1);
    }
  }
  return true;
}

bool DecodeVariable(std::string_view key, std::vector<ColumnBuilder>& columns) {
  ByteReader reader(key);
  for (ColumnBuilder& column : columns) {
    if (!value_bytes::ReadNullable(kForm, reader, &column)) {
      return false;
    }
  }
  return reader.empty();
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
  for (const std::string_view key : keys) {
    const bool read = fixed_stride_ == 0
                          ? DecodeVariable(key, builders)
                          : key.size() == fixed_stride_ && DecodeWords(key, builders);
    if (!read) {
      return DataLoss("A stored key of " + std::to_string(key.size()) +
                      " bytes does not fit its key types");
    }
  }
  std::vector<ColumnPtr> columns;
  for (ColumnBuilder& builder : builders) {
    columns.push_back(builder.Finish());
  }
  return columns;
}

}  // namespace thalweg::columnar
