// SPDX-License-Identifier: Apache-2.0
#include "columnar/value_bytes.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "columnar/int128.h"

namespace thalweg::columnar::value_bytes {
namespace {

std::size_t FixedSize(Form form, Physical physical) {
  return form == Form::kPlain || physical == Physical::kInt128 ? WidthOf(physical) : 8;
}

template <class T>
T Stored(const Column& column, std::size_t at) {
  return column.Values<T>()[at];
}

/// The canonical word of a value of any fixed width up to 8 bytes.
std::uint64_t WordOf(const Column& column, std::size_t at) {
  switch (column.physical()) {
    case Physical::kBool:
      return Stored<std::uint8_t>(column, at);
    case Physical::kInt8:
      return static_cast<std::uint64_t>(Stored<std::int8_t>(column, at));
    case Physical::kInt16:
      return static_cast<std::uint64_t>(Stored<std::int16_t>(column, at));
    case Physical::kInt32:
      return static_cast<std::uint64_t>(Stored<std::int32_t>(column, at));
    case Physical::kFloat:
      return std::bit_cast<std::uint64_t>(
          Canonical(static_cast<double>(Stored<float>(column, at))));
    case Physical::kDouble:
      return std::bit_cast<std::uint64_t>(Canonical(Stored<double>(column, at)));
    default:
      return Stored<std::uint64_t>(column, at);
  }
}

template <class T>
bool AppendNarrowed(std::uint64_t word, ColumnBuilder* out) {
  const auto value = static_cast<std::int64_t>(word);
  if (!std::in_range<T>(value)) {
    return false;
  }
  out->Append(static_cast<T>(value));
  return true;
}

bool ReadWord(ByteReader& reader, Physical physical, ColumnBuilder* out) {
  std::uint64_t word;
  if (!reader.ReadFixed64(word)) {
    return false;
  }
  switch (physical) {
    case Physical::kBool:
      return word <= 1 && AppendNarrowed<std::uint8_t>(word, out);
    case Physical::kInt8:
      return AppendNarrowed<std::int8_t>(word, out);
    case Physical::kInt16:
      return AppendNarrowed<std::int16_t>(word, out);
    case Physical::kInt32:
      return AppendNarrowed<std::int32_t>(word, out);
    case Physical::kFloat:
      out->Append(static_cast<float>(std::bit_cast<double>(word)));
      return true;
    default:
      out->Append(word);
      return true;
  }
}

template <class T>
bool ReadValue(ByteReader& reader, ColumnBuilder* out) {
  std::string_view bytes;
  if (!reader.ReadRaw(sizeof(T), bytes)) {
    return false;
  }
  out->Append(LoadFixed<T>(bytes.data()));
  return true;
}

bool ReadFixed(Form form, ByteReader& reader, Physical physical, ColumnBuilder* out) {
  if (physical == Physical::kInt128) {
    return ReadValue<Int128>(reader, out);
  }
  if (form == Form::kCanonical) {
    return ReadWord(reader, physical, out);
  }
  if (physical == Physical::kBool && !reader.empty() &&
      static_cast<std::uint8_t>(reader.rest()[0]) > 1) {
    return false;
  }
  switch (WidthOf(physical)) {
    case 1:
      return ReadValue<std::uint8_t>(reader, out);
    case 2:
      return ReadValue<std::uint16_t>(reader, out);
    case 4:
      return ReadValue<std::uint32_t>(reader, out);
    default:
      return ReadValue<std::uint64_t>(reader, out);
  }
}

std::size_t SizeOfNullable(Form form, const Column& column, std::size_t at);
char* WriteNullable(Form form, const Column& column, std::size_t at, char* to);

bool ReadList(Form form, ByteReader& reader, ColumnBuilder* out) {
  std::uint64_t count;
  // Every element takes at least its NULL byte, so a count above that is a lie and not worth a
  // loop.
  if (!reader.ReadVarint(count) || count > reader.remaining()) {
    return false;
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!ReadNullable(form, reader, &out->child(0))) {
      return false;
    }
  }
  out->AppendParent();
  return true;
}

// A constant column stores its only null bit at 0, which is where `at` then is.
std::size_t SizeOfNullable(Form form, const Column& column, std::size_t at) {
  return column.IsNull(at) ? 1 : 1 + SizeOf(form, column, at);
}

char* WriteNullable(Form form, const Column& column, std::size_t at, char* to) {
  if (column.IsNull(at)) {
    *to = 0;
    return to + 1;
  }
  *to = 1;
  return Write(form, column, at, to + 1);
}

}  // namespace

std::size_t SizeOf(Form form, const Column& column, std::size_t at) {
  switch (column.physical()) {
    case Physical::kString: {
      const std::uint32_t length = column.Values<StringRef>()[at].length;
      return VarintSize(length) + length;
    }
    case Physical::kList: {
      const auto offsets = column.Offsets();
      std::size_t size = VarintSize(offsets[at + 1] - offsets[at]);
      const Column& elements = *column.child(0);
      for (std::size_t i = offsets[at]; i < offsets[at + 1]; ++i) {
        size += SizeOfNullable(form, elements, i * elements.stride());
      }
      return size;
    }
    case Physical::kRow: {
      std::size_t size = 0;
      for (const ColumnPtr& child : column.children()) {
        size += SizeOfNullable(form, *child, at * child->stride());
      }
      return size;
    }
    default:
      return FixedSize(form, column.physical());
  }
}

char* Write(Form form, const Column& column, std::size_t at, char* to) {
  switch (column.physical()) {
    case Physical::kString:
      return WriteString(column, column.Values<StringRef>()[at], to);
    case Physical::kList: {
      const auto offsets = column.Offsets();
      to = WriteVarint(offsets[at + 1] - offsets[at], to);
      const Column& elements = *column.child(0);
      for (std::size_t i = offsets[at]; i < offsets[at + 1]; ++i) {
        to = WriteNullable(form, elements, i * elements.stride(), to);
      }
      return to;
    }
    case Physical::kRow:
      for (const ColumnPtr& child : column.children()) {
        to = WriteNullable(form, *child, at * child->stride(), to);
      }
      return to;
    default:
      break;
  }
  const std::size_t size = FixedSize(form, column.physical());
  if (form == Form::kCanonical && size == 8) {
    StoreFixed(to, WordOf(column, at));
  } else {
    std::memcpy(to, column.values_bytes() + at * size, size);
  }
  return to + size;
}

bool Read(Form form, ByteReader& reader, ColumnBuilder* out) {
  switch (out->physical()) {
    case Physical::kString: {
      std::string_view bytes;
      if (!ReadString(reader, &bytes)) {
        return false;
      }
      out->AppendString(bytes);
      return true;
    }
    case Physical::kList:
      return ReadList(form, reader, out);
    case Physical::kRow:
      for (std::size_t i = 0; i < out->child_count(); ++i) {
        if (!ReadNullable(form, reader, &out->child(i))) {
          return false;
        }
      }
      out->AppendParent();
      return true;
    default:
      return ReadFixed(form, reader, out->physical(), out);
  }
}

bool ReadNullable(Form form, ByteReader& reader, ColumnBuilder* out) {
  std::uint8_t valid;
  if (!reader.ReadU8(valid) || valid > 1) {
    return false;
  }
  if (valid == 0) {
    out->AppendNull();
    return true;
  }
  return Read(form, reader, out);
}

void AddSizes(Form form, Nulls nulls, const Column& column, std::span<std::uint32_t> sizes) {
  const std::uint32_t tag = nulls == Nulls::kTagged ? 1 : 0;
  if (column.physical() == Physical::kString && !column.MayHaveNulls()) {
    const StringRef* refs = column.Values<StringRef>().data();
    for (std::size_t row = 0; row < sizes.size(); ++row) {
      const std::uint32_t length = refs[row * column.stride()].length;
      sizes[row] += tag + length + static_cast<std::uint32_t>(VarintSize(length));
    }
    return;
  }
  for (std::size_t row = 0; row < sizes.size(); ++row) {
    const std::size_t at = row * column.stride();
    sizes[row] += tag;
    if (!column.IsNull(row)) {
      sizes[row] += static_cast<std::uint32_t>(SizeOf(form, column, at));
    }
  }
}

void WriteColumn(Form form, Nulls nulls, const Column& column, const Target& to) {
  const bool tagged = nulls == Nulls::kTagged;
  const auto write_all = [&](auto write) {
    for (std::size_t i = 0; i < to.cursors.size(); ++i) {
      char* at = to.bytes + to.cursors[i];
      const bool valid = !column.IsNull(to.begin + i);
      if (tagged) {
        *at++ = valid ? 1 : 0;
      }
      if (valid) {
        at = write((to.begin + i) * column.stride(), at);
      }
      to.cursors[i] = static_cast<std::uint32_t>(at - to.bytes);
    }
  };
  // The common types get loops of their own; the choice is made once and not for every row.
  if (column.physical() == Physical::kString) {
    const StringRef* refs = column.Values<StringRef>().data();
    write_all([&](std::size_t row, char* at) { return WriteString(column, refs[row], at); });
  } else if (column.physical() == Physical::kInt64) {
    const auto* values = column.Values<std::int64_t>().data();
    write_all([&](std::size_t row, char* at) {
      StoreFixed(at, values[row]);
      return at + sizeof(std::int64_t);
    });
  } else {
    write_all([&](std::size_t row, char* at) { return Write(form, column, row, at); });
  }
}

std::span<std::uint32_t> StartSizes(std::size_t row_count, std::uint32_t size, ByteRows* rows) {
  rows->offsets.resize(row_count + 1);
  rows->offsets[0] = 0;
  const std::span<std::uint32_t> sizes = std::span(rows->offsets).subspan(1);
  std::ranges::fill(sizes, size);
  return sizes;
}

std::span<std::uint32_t> StartBytes(ByteRows* rows) {
  const std::span<std::uint32_t> cursors = std::span(rows->offsets).subspan(1);
  std::uint64_t total = 0;
  for (std::uint32_t& cursor : cursors) {
    const std::uint32_t size = std::exchange(cursor, static_cast<std::uint32_t>(total));
    total += size;
  }
  CHECK_LE(total, std::numeric_limits<std::uint32_t>::max());
  if (rows->bytes.size() < total) {
    rows->bytes.resize(total);
  }
  return cursors;
}

}  // namespace thalweg::columnar::value_bytes
