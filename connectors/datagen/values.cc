// SPDX-License-Identifier: Apache-2.0
#include "connectors/datagen/values.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "columnar/batch_builder.h"
#include "columnar/int128.h"

namespace thalweg::connectors {
namespace {

using columnar::ColumnBuilder;
using columnar::Physical;

/// The finalizer of splitmix64: each bit of the result depends on each bit of `x`.
std::uint64_t Mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

std::uint64_t Draw(std::uint64_t seed, std::uint64_t row) {
  return Mix(seed + (row + 1) * 0x9e3779b97f4a7c15);
}

/// A number in [0, 1).
double Unit(std::uint64_t random) {
  return static_cast<double>(random >> 11) * 0x1.0p-53;
}

// Which of a value's independent draws.
constexpr std::uint64_t kNullDraw = 0x6e756c6c;
constexpr std::uint64_t kLengthDraw = 0x6c656e;

bool IsNullAt(const proto::DatagenField& spec, std::uint64_t seed, std::uint64_t row) {
  return spec.null_rate() > 0 && Unit(Draw(seed ^ kNullDraw, row)) < spec.null_rate();
}

std::uint32_t LengthAt(const proto::DatagenField& spec, std::uint64_t seed, std::uint64_t row) {
  if (!spec.variable_length() || spec.length() == 0) {
    return spec.length();
  }
  return 1 + static_cast<std::uint32_t>(Draw(seed ^ kLengthDraw, row) % spec.length());
}

/// In [min, max]. The bias of the remainder is below 2^-32 for ranges below 2^32, and such a field
/// is no place for statistics.
std::int64_t IntegerAt(const proto::DatagenField& spec, std::uint64_t seed, std::uint64_t row) {
  if (spec.kind() == proto::DATAGEN_SEQUENCE) {
    return spec.start() + static_cast<std::int64_t>(row) * spec.step();
  }
  const std::uint64_t width =
      static_cast<std::uint64_t>(spec.max()) - static_cast<std::uint64_t>(spec.min()) + 1;
  const std::uint64_t random = Draw(seed, row);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(spec.min()) +
                                   (width == 0 ? random : random % width));
}

}  // namespace

RowMaker::RowMaker(const proto::DatagenSpec& spec, columnar::SchemaPtr schema)
    : schema_(std::move(schema)) {
  CHECK_EQ(static_cast<std::size_t>(spec.fields_size()), schema_->size());
  for (int i = 0; i < spec.fields_size(); ++i) {
    const std::uint64_t place =
        spec.places().empty() ? static_cast<std::uint64_t>(i) : spec.places(i);
    fields_.push_back(MakeField(spec.fields(i), Draw(Mix(spec.seed()), place)));
  }
}

RowMaker::Field RowMaker::MakeField(const proto::DatagenField& spec, std::uint64_t seed) {
  Field field{spec, seed, {}};
  for (int i = 0; i < spec.parts_size(); ++i) {
    field.parts.push_back(MakeField(spec.parts(i), Draw(seed, static_cast<std::uint64_t>(i))));
  }
  return field;
}

columnar::Batch RowMaker::Make(std::span<const std::uint64_t> rows) {
  CHECK_LE(rows.size(), columnar::kMaxBatchRows);
  columnar::BatchBuilder batch(schema_, rows.size());
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    Append(fields_[i], rows, batch.column(i));
  }
  batch.CommitRows(rows.size());
  return batch.Finish();
}

template <class T>
void RowMaker::AppendIntegers(const Field& field,
                              std::span<const std::uint64_t> rows,
                              ColumnBuilder& out) {
  const std::size_t first = out.length();
  out.Reserve(first + rows.size());
  T* const to = out.MutableValues<T>().data() + first;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    to[i] = static_cast<T>(IntegerAt(field.spec, field.seed, rows[i]));
  }
  out.SetLength(first + rows.size());
}

template <class T>
void RowMaker::AppendReals(const Field& field,
                           std::span<const std::uint64_t> rows,
                           ColumnBuilder& out) {
  const std::size_t first = out.length();
  out.Reserve(first + rows.size());
  T* const to = out.MutableValues<T>().data() + first;
  const double min = field.spec.real_min();
  const double width = field.spec.real_max() - min;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    to[i] = static_cast<T>(field.spec.kind() == proto::DATAGEN_SEQUENCE
                               ? static_cast<double>(IntegerAt(field.spec, field.seed, rows[i]))
                               : min + Unit(Draw(field.seed, rows[i])) * width);
  }
  out.SetLength(first + rows.size());
}

void RowMaker::AppendStrings(const Field& field,
                             std::span<const std::uint64_t> rows,
                             ColumnBuilder& out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  const bool text = out.type().IsCharacter();
  for (const std::uint64_t row : rows) {
    if (field.spec.kind() == proto::DATAGEN_SEQUENCE) {
      out.AppendString(std::to_string(IntegerAt(field.spec, field.seed, row)));
      continue;
    }
    const std::size_t length = LengthAt(field.spec, field.seed, row);
    char* const to = out.heap().Reserve(length);
    std::uint64_t random = 0;
    for (std::size_t i = 0; i < length; ++i) {
      random = i % 8 == 0 ? Draw(field.seed + i / 8, row) : random >> 8;
      to[i] = text ? kDigits[random & 0xf] : static_cast<char>(random);
    }
    out.Append(out.heap().Commit(length));
  }
}

void RowMaker::AppendRow(const Field& field, std::uint64_t row, ColumnBuilder& out) {
  for (std::size_t i = 0; i < field.parts.size(); ++i) {
    Append(field.parts[i], {&row, 1}, out.child(i));
  }
  out.AppendParent();
}

void RowMaker::AppendList(const Field& field, std::uint64_t row, ColumnBuilder& out) {
  const std::uint32_t length = LengthAt(field.spec, field.seed, row);
  ColumnBuilder& elements = out.child(0);
  for (std::uint32_t i = 0; i < length; ++i) {
    // An element is numbered by its place in all rows together.
    const std::uint64_t number = row * std::max<std::uint64_t>(field.spec.length(), 1) + i;
    if (field.parts.size() == 1) {
      Append(field.parts[0], {&number, 1}, elements);
    } else {
      Append(field.parts[0], {&number, 1}, elements.child(0));
      Append(field.parts[1], {&number, 1}, elements.child(1));
      elements.AppendParent();
    }
  }
  out.AppendParent();
}

void RowMaker::Append(const Field& field, std::span<const std::uint64_t> rows, ColumnBuilder& out) {
  const std::size_t first = out.length();
  switch (out.type().physical()) {
    case Physical::kBool:
      AppendIntegers<std::uint8_t>(field, rows, out);
      break;
    case Physical::kInt8:
      AppendIntegers<std::int8_t>(field, rows, out);
      break;
    case Physical::kInt16:
      AppendIntegers<std::int16_t>(field, rows, out);
      break;
    case Physical::kInt32:
      AppendIntegers<std::int32_t>(field, rows, out);
      break;
    case Physical::kInt64:
      AppendIntegers<std::int64_t>(field, rows, out);
      break;
    case Physical::kInt128:
      AppendIntegers<columnar::Int128>(field, rows, out);
      break;
    case Physical::kFloat:
      AppendReals<float>(field, rows, out);
      break;
    case Physical::kDouble:
      AppendReals<double>(field, rows, out);
      break;
    case Physical::kString:
      AppendStrings(field, rows, out);
      break;
    case Physical::kRow:
    case Physical::kList:
      for (const std::uint64_t row : rows) {
        if (IsNullAt(field.spec, field.seed, row)) {
          out.AppendNull();
        } else if (out.type().physical() == Physical::kRow) {
          AppendRow(field, row, out);
        } else {
          AppendList(field, row, out);
        }
      }
      return;
  }
  for (std::size_t i = 0; i < rows.size() && field.spec.null_rate() > 0; ++i) {
    if (IsNullAt(field.spec, field.seed, rows[i])) {
      out.SetNull(first + i);
    }
  }
}

}  // namespace thalweg::connectors
