// SPDX-License-Identifier: Apache-2.0
#include "columnar/ordered_codec.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/coding.h"
#include "columnar/batch.h"
#include "columnar/column_builder.h"
#include "columnar/int128.h"
#include "columnar/value_bytes.h"

// A value is a byte that orders NULL against values, then bytes that order values. Numbers: big
// endian, with the sign bit turned so that negative ones come first. Strings: a zero byte becomes
// 00 FF, and 00 00 ends. Lists: 01 before each element, 00 at the end. Descending columns have all
// bytes of the value inverted.
namespace thalweg::columnar {
namespace {

constexpr char kNullFirst = 0;
constexpr char kValue = 1;
constexpr char kNullLast = 2;
constexpr char kEscaped = static_cast<char>(0xFF);
constexpr char kElement = 1;
constexpr char kListEnd = 0;

template <class T>
using UnsignedOf = std::conditional_t<
    sizeof(T) == 1,
    std::uint8_t,
    std::conditional_t<sizeof(T) == 2,
                       std::uint16_t,
                       std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>>;

/// Maps a number to an unsigned one of the same order, and back.
template <class T>
UnsignedOf<T> ToOrdered(T value) {
  using U = UnsignedOf<T>;
  constexpr U kSign = static_cast<U>(U{1} << (sizeof(U) * 8 - 1));
  if constexpr (std::is_floating_point_v<T>) {
    const auto bits = std::bit_cast<U>(static_cast<T>(value_bytes::Canonical(value)));
    return (bits & kSign) != 0 ? ~bits : bits | kSign;
  } else {
    return static_cast<U>(static_cast<U>(value) ^ kSign);
  }
}

template <class T>
T FromOrdered(UnsignedOf<T> ordered) {
  using U = UnsignedOf<T>;
  constexpr U kSign = static_cast<U>(U{1} << (sizeof(U) * 8 - 1));
  if constexpr (std::is_floating_point_v<T>) {
    return std::bit_cast<T>((ordered & kSign) != 0 ? ordered ^ kSign : ~ordered);
  } else {
    return static_cast<T>(ordered ^ kSign);
  }
}

template <class T>
char* WriteNumber(const Column& column, std::size_t at, char* to) {
  StoreFixed(to, ReverseBytes(ToOrdered(column.Values<T>()[at])));
  return to + sizeof(T);
}

char* WriteInt128(const Column& column, std::size_t at, char* to) {
  const auto value = static_cast<UInt128>(column.Values<Int128>()[at]) ^ (UInt128{1} << 127);
  StoreFixed(to, ReverseBytes(static_cast<std::uint64_t>(value >> 64)));
  StoreFixed(to + 8, ReverseBytes(static_cast<std::uint64_t>(value)));
  return to + 16;
}

std::size_t EscapedSize(std::string_view text) {
  const bool plain = text.empty() || std::memchr(text.data(), 0, text.size()) == nullptr;
  const auto zeros = plain ? 0 : std::ranges::count(text, '\0');
  return text.size() + 2 + static_cast<std::size_t>(zeros);
}

char* WriteString(std::string_view text, char* to) {
  while (!text.empty()) {
    const auto* zero = static_cast<const char*>(std::memchr(text.data(), 0, text.size()));
    const std::size_t plain =
        zero == nullptr ? text.size() : static_cast<std::size_t>(zero - text.data());
    std::memcpy(to, text.data(), plain);
    to += plain;
    text.remove_prefix(plain);
    if (!text.empty()) {
      *to++ = 0;
      *to++ = kEscaped;
      text.remove_prefix(1);
    }
  }
  *to++ = 0;
  *to++ = 0;
  return to;
}

std::size_t SizeOfNested(const Column& column, std::size_t at);

/// With the byte that tells NULL.
std::size_t SizeOf(const Column& column, std::size_t at) {
  return column.IsNull(at) ? 1 : 1 + SizeOfNested(column, at);
}

std::size_t SizeOfNested(const Column& column, std::size_t at) {
  switch (column.physical()) {
    case Physical::kString:
      return EscapedSize(column.View(column.Values<StringRef>()[at]));
    case Physical::kList: {
      const auto offsets = column.Offsets();
      const Column& elements = *column.child(0);
      std::size_t size = 1;
      for (std::size_t i = offsets[at]; i < offsets[at + 1]; ++i) {
        size += 1 + SizeOf(elements, i * elements.stride());
      }
      return size;
    }
    case Physical::kRow: {
      std::size_t size = 0;
      for (const ColumnPtr& child : column.children()) {
        size += SizeOf(*child, at * child->stride());
      }
      return size;
    }
    default:
      return WidthOf(column.physical());
  }
}

char* WriteValue(const Column& column, std::size_t at, char* to);

/// Inner values: ascending, nulls first.
char* WriteInner(const Column& column, std::size_t at, char* to) {
  if (column.IsNull(at)) {
    *to = kNullFirst;
    return to + 1;
  }
  *to = kValue;
  return WriteValue(column, at, to + 1);
}

char* WriteValue(const Column& column, std::size_t at, char* to) {
  switch (column.physical()) {
    case Physical::kBool:
      *to = static_cast<char>(column.Values<std::uint8_t>()[at]);
      return to + 1;
    case Physical::kInt8:
      return WriteNumber<std::int8_t>(column, at, to);
    case Physical::kInt16:
      return WriteNumber<std::int16_t>(column, at, to);
    case Physical::kInt32:
      return WriteNumber<std::int32_t>(column, at, to);
    case Physical::kInt64:
      return WriteNumber<std::int64_t>(column, at, to);
    case Physical::kInt128:
      return WriteInt128(column, at, to);
    case Physical::kFloat:
      return WriteNumber<float>(column, at, to);
    case Physical::kDouble:
      return WriteNumber<double>(column, at, to);
    case Physical::kString:
      return WriteString(column.View(column.Values<StringRef>()[at]), to);
    case Physical::kList: {
      const auto offsets = column.Offsets();
      const Column& elements = *column.child(0);
      for (std::size_t i = offsets[at]; i < offsets[at + 1]; ++i) {
        *to++ = kElement;
        to = WriteInner(elements, i * elements.stride(), to);
      }
      *to++ = kListEnd;
      return to;
    }
    case Physical::kRow:
      break;
  }
  for (const ColumnPtr& child : column.children()) {
    to = WriteInner(*child, at * child->stride(), to);
  }
  return to;
}

/// Reads bytes that may be inverted; never past the end.
class OrderedReader {
 public:
  explicit OrderedReader(std::string_view bytes) : bytes_(bytes) {}

  void set_inverted(bool inverted) { mask_ = inverted ? kEscaped : 0; }
  bool empty() const { return bytes_.empty(); }

  bool ReadByte(char* byte) {
    if (bytes_.empty()) {
      return false;
    }
    *byte = static_cast<char>(bytes_.front() ^ mask_);
    bytes_.remove_prefix(1);
    return true;
  }

  template <class U>
  bool ReadUnsigned(U* value) {
    if (bytes_.size() < sizeof(U)) {
      return false;
    }
    *value = ReverseBytes(LoadFixed<U>(bytes_.data()));
    *value = mask_ == 0 ? *value : static_cast<U>(~*value);
    bytes_.remove_prefix(sizeof(U));
    return true;
  }

  bool ReadString(std::string* text) {
    text->clear();
    for (char byte; ReadByte(&byte);) {
      if (byte == 0) {
        char next;
        if (!ReadByte(&next) || (next != 0 && next != kEscaped)) {
          return false;
        }
        if (next == 0) {
          return true;
        }
      }
      text->push_back(byte);
    }
    return false;
  }

 private:
  std::string_view bytes_;
  char mask_ = 0;
};

bool ReadValue(OrderedReader& reader, ColumnBuilder* out);

template <class T>
bool ReadNumber(OrderedReader& reader, ColumnBuilder* out) {
  UnsignedOf<T> ordered;
  if (!reader.ReadUnsigned(&ordered)) {
    return false;
  }
  out->Append(FromOrdered<T>(ordered));
  return true;
}

bool ReadInt128(OrderedReader& reader, ColumnBuilder* out) {
  std::uint64_t high;
  std::uint64_t low;
  if (!reader.ReadUnsigned(&high) || !reader.ReadUnsigned(&low)) {
    return false;
  }
  out->Append(static_cast<Int128>(((UInt128{high} << 64) | low) ^ (UInt128{1} << 127)));
  return true;
}

bool ReadInner(OrderedReader& reader, ColumnBuilder* out) {
  char marker;
  if (!reader.ReadByte(&marker)) {
    return false;
  }
  if (marker == kNullFirst) {
    out->AppendNull();
    return true;
  }
  return marker == kValue && ReadValue(reader, out);
}

bool ReadList(OrderedReader& reader, ColumnBuilder* out) {
  for (char marker; reader.ReadByte(&marker);) {
    if (marker == kListEnd) {
      out->AppendParent();
      return true;
    }
    if (marker != kElement || !ReadInner(reader, &out->child(0))) {
      return false;
    }
  }
  return false;
}

bool ReadValue(OrderedReader& reader, ColumnBuilder* out) {
  switch (out->type().physical()) {
    case Physical::kBool: {
      char byte;
      if (!reader.ReadByte(&byte) || (byte != 0 && byte != 1)) {
        return false;
      }
      out->Append(static_cast<std::uint8_t>(byte));
      return true;
    }
    case Physical::kInt8:
      return ReadNumber<std::int8_t>(reader, out);
    case Physical::kInt16:
      return ReadNumber<std::int16_t>(reader, out);
    case Physical::kInt32:
      return ReadNumber<std::int32_t>(reader, out);
    case Physical::kInt64:
      return ReadNumber<std::int64_t>(reader, out);
    case Physical::kInt128:
      return ReadInt128(reader, out);
    case Physical::kFloat:
      return ReadNumber<float>(reader, out);
    case Physical::kDouble:
      return ReadNumber<double>(reader, out);
    case Physical::kString: {
      std::string text;
      if (!reader.ReadString(&text)) {
        return false;
      }
      out->AppendString(text);
      return true;
    }
    case Physical::kList:
      return ReadList(reader, out);
    case Physical::kRow:
      break;
  }
  for (std::size_t i = 0; i < out->child_count(); ++i) {
    if (!ReadInner(reader, &out->child(i))) {
      return false;
    }
  }
  out->AppendParent();
  return true;
}

char NullMarker(const OrderedColumn& order) {
  return order.nulls_first ? kNullFirst : kNullLast;
}

/// Writes a column at the cursors; `write` puts one value that is not null, already inverted.
template <class WriteOne>
void WriteAll(const OrderedColumn& order,
              const Column& column,
              char* bytes,
              std::span<std::uint32_t> cursors,
              WriteOne write) {
  for (std::size_t row = 0; row < cursors.size(); ++row) {
    char* to = bytes + cursors[row];
    if (column.IsNull(row)) {
      *to++ = NullMarker(order);
    } else {
      *to++ = kValue;
      to = write(row * column.stride(), to);
    }
    cursors[row] = static_cast<std::uint32_t>(to - bytes);
  }
}

void Invert(char* begin, const char* end) {
  for (; end - begin >= 8; begin += 8) {
    StoreFixed(begin, ~LoadFixed<std::uint64_t>(begin));
  }
  for (; begin != end; ++begin) {
    *begin = static_cast<char>(~*begin);
  }
}

void WriteColumn(const OrderedColumn& order,
                 const Column& column,
                 char* bytes,
                 std::span<std::uint32_t> cursors) {
  if (column.physical() == Physical::kInt64) {
    // BIGINT, short decimals and timestamps are what is mostly ordered by.
    const auto* values = column.Values<std::int64_t>().data();
    const std::uint64_t mask = order.descending ? ~std::uint64_t{0} : 0;
    WriteAll(order, column, bytes, cursors, [=](std::size_t at, char* to) {
      StoreFixed(to, ReverseBytes(ToOrdered(values[at])) ^ mask);
      return to + sizeof(std::uint64_t);
    });
    return;
  }
  WriteAll(order, column, bytes, cursors, [&](std::size_t at, char* to) {
    char* end = WriteValue(column, at, to);
    if (order.descending) {
      Invert(to, end);
    }
    return end;
  });
}

void AddSizes(const Column& column, std::span<std::uint32_t> sizes) {
  const std::size_t width = WidthOf(column.physical());
  const bool fixed = column.physical() < Physical::kString;
  if (fixed && !column.MayHaveNulls()) {
    for (std::uint32_t& size : sizes) {
      size += static_cast<std::uint32_t>(1 + width);
    }
    return;
  }
  for (std::size_t row = 0; row < sizes.size(); ++row) {
    sizes[row] += static_cast<std::uint32_t>(SizeOf(column, row * column.stride()));
  }
}

bool ReadOrdered(const OrderedColumn& order, OrderedReader& reader, ColumnBuilder* out) {
  char marker;
  reader.set_inverted(false);
  if (!reader.ReadByte(&marker)) {
    return false;
  }
  if (marker == NullMarker(order)) {
    out->AppendNull();
    return true;
  }
  reader.set_inverted(order.descending);
  return marker == kValue && ReadValue(reader, out);
}

bool HasOrder(const DataType& type) {
  if (type.kind() == TypeKind::kMap) {
    return false;
  }
  for (const Field& field : type.fields()) {
    if (!HasOrder(field.type)) {
      return false;
    }
  }
  return true;
}

}  // namespace

StatusOr<OrderedCodec> OrderedCodec::Make(std::vector<OrderedColumn> columns) {
  for (const OrderedColumn& column : columns) {
    if (!HasOrder(column.type)) {
      return InvalidArgument("Values of type " + column.type.ToString() + " have no order");
    }
  }
  return OrderedCodec(std::move(columns));
}

void OrderedCodec::Encode(const Batch& batch,
                          std::span<const std::uint32_t> order_columns,
                          ByteRows* out) const {
  CHECK_EQ(order_columns.size(), columns_.size());
  const auto sizes = value_bytes::StartSizes(batch.row_count(), 0, out);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = *batch.column(order_columns[i]);
    CHECK_EQ(column.physical(), columns_[i].type.physical());
    AddSizes(column, sizes);
  }
  const auto cursors = value_bytes::StartBytes(out);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    WriteColumn(columns_[i], *batch.column(order_columns[i]), out->bytes.data(), cursors);
  }
}

StatusOr<std::vector<ColumnPtr>> OrderedCodec::Decode(
    std::span<const std::string_view> rows) const {
  std::vector<ColumnBuilder> builders;
  builders.reserve(columns_.size());
  for (const OrderedColumn& column : columns_) {
    builders.emplace_back(column.type, rows.size());
  }
  for (const std::string_view row : rows) {
    OrderedReader reader(row);
    bool read = true;
    for (std::size_t i = 0; i < columns_.size() && read; ++i) {
      read = ReadOrdered(columns_[i], reader, &builders[i]);
    }
    if (!read || !reader.empty()) {
      return DataLoss("A stored sub-key of " + std::to_string(row.size()) +
                      " bytes does not fit its types");
    }
  }
  std::vector<ColumnPtr> decoded;
  for (ColumnBuilder& builder : builders) {
    decoded.push_back(builder.Finish());
  }
  return decoded;
}

}  // namespace thalweg::columnar
