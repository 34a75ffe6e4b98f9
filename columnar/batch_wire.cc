// SPDX-License-Identifier: Apache-2.0
#include "columnar/batch_wire.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/coding.h"
#include "columnar/bitmap.h"
#include "columnar/int128.h"

// Layout: version u8, flags u8 (1: change kinds, 2: marks), varint rows, varint columns, [a byte
// per row], [varint marks, each varint row and zigzag watermark], columns. A column: flags u8 (1:
// constant, one value; 2: has nulls), [validity bitmap], values. Values of fixed width as they lie
// in memory; strings: width of a length (1, 2 or 4), the lengths, all bytes; lists: a u32 length
// each, then the column of all elements; rows: the columns of their fields, or when they have none
// a byte per row, so that every value costs a byte and a small message cannot claim billions of
// them.
namespace thalweg::columnar {
namespace {

constexpr std::uint8_t kHasKinds = 1;
constexpr std::uint8_t kHasMarks = 2;
constexpr std::uint8_t kConstant = 1;
constexpr std::uint8_t kHasNulls = 2;
constexpr std::size_t kCopySlack = 16;

/// The stored values to write: those of a selection, or a range.
struct Rows {
  const std::uint32_t* selection;  // nullptr: begin, begin + 1, ...
  std::size_t begin;
  std::size_t count;

  std::size_t operator[](std::size_t i) const {
    return selection == nullptr ? begin + i : selection[i];
  }
};

/// Appends `size` bytes of undefined content and returns where they start.
char* Extend(std::size_t size, std::string* out) {
  const std::size_t at = out->size();
  out->resize(at + size);
  return out->data() + at;
}

/// Whether any bit was clear, in which case the bitmap is appended.
bool AppendValidity(const Column& column, const Rows& rows, std::string* out) {
  if (!column.MayHaveNulls()) {
    return false;
  }
  const std::size_t at = out->size();
  auto* bits = reinterpret_cast<std::uint8_t*>(Extend(bitmap::BytesFor(rows.count), out));
  if (rows.selection == nullptr) {
    bitmap::Copy(column.validity(), rows.begin, rows.count, bits, 0);
  } else {
    for (std::size_t i = 0; i < rows.count; ++i) {
      bitmap::Put(bits, i, bitmap::Get(column.validity(), rows.selection[i]));
    }
  }
  if (bitmap::CountOnes(bits, rows.count) == rows.count) {
    out->resize(at);
    return false;
  }
  return true;
}

template <class T>
void AppendSelected(const Column& column, const Rows& rows, std::string* out) {
  const T* values = reinterpret_cast<const T*>(column.values_bytes());
  char* to = Extend(rows.count * sizeof(T), out);
  for (std::size_t i = 0; i < rows.count; ++i) {
    StoreFixed(to + i * sizeof(T), values[rows.selection[i]]);
  }
}

void AppendFixed(const Column& column, const Rows& rows, std::string* out) {
  const std::size_t width = WidthOf(column.physical());
  if (rows.selection == nullptr) {
    const auto* values = reinterpret_cast<const char*>(column.values_bytes());
    out->append(values + rows.begin * width, rows.count * width);
    return;
  }
  switch (width) {
    case 1:
      return AppendSelected<std::uint8_t>(column, rows, out);
    case 2:
      return AppendSelected<std::uint16_t>(column, rows, out);
    case 4:
      return AppendSelected<std::uint32_t>(column, rows, out);
    case 8:
      return AppendSelected<std::uint64_t>(column, rows, out);
    default:
      return AppendSelected<Int128>(column, rows, out);
  }
}

template <class Length>
void StoreLengths(std::span<const StringRef> refs, const Rows& rows, char* to) {
  for (std::size_t i = 0; i < rows.count; ++i) {
    StoreFixed(to + i * sizeof(Length), static_cast<Length>(refs[rows[i]].length));
  }
}

void AppendStrings(const Column& column, const Rows& rows, std::string* out) {
  const auto refs = column.Values<StringRef>();
  std::size_t total = 0;
  std::uint32_t longest = 0;
  for (std::size_t i = 0; i < rows.count; ++i) {
    total += refs[rows[i]].length;
    longest = std::max(longest, refs[rows[i]].length);
  }
  const std::uint8_t width = longest < 1U << 8 ? 1 : (longest < 1U << 16 ? 2 : 4);
  out->push_back(static_cast<char>(width));
  const std::size_t end = out->size() + rows.count * width + total;
  char* to = Extend(rows.count * width + total + kCopySlack, out);
  if (width == 1) {
    StoreLengths<std::uint8_t>(refs, rows, to);
  } else if (width == 2) {
    StoreLengths<std::uint16_t>(refs, rows, to);
  } else {
    StoreLengths<std::uint32_t>(refs, rows, to);
  }
  to += rows.count * width;
  for (std::size_t i = 0; i < rows.count; ++i) {
    const StringRef& ref = refs[rows[i]];
    if (ref.is_inline()) {
      // A copy of constant size is cheap; what is too much of it the next string overwrites.
      std::memcpy(to, ref.bytes, StringRef::kInlineMax);
    } else {
      std::memcpy(to, column.View(ref).data(), ref.length);
    }
    to += ref.length;
  }
  out->resize(end);
}

void AppendColumn(const ColumnPtr& column, Rows rows, bool may_be_constant, std::string* out);

void AppendLists(const Column& column, const Rows& rows, std::string* out) {
  const auto offsets = column.Offsets();
  std::vector<std::uint32_t> elements;
  char* lengths = Extend(rows.count * sizeof(std::uint32_t), out);
  for (std::size_t i = 0; i < rows.count; ++i) {
    const std::size_t at = rows[i];
    StoreFixed(lengths + i * sizeof(std::uint32_t), offsets[at + 1] - offsets[at]);
    if (rows.selection != nullptr) {
      for (std::uint32_t element = offsets[at]; element < offsets[at + 1]; ++element) {
        elements.push_back(element);
      }
    }
  }
  if (rows.selection == nullptr) {
    const std::size_t begin = offsets[rows.begin];
    AppendColumn(
        column.child(0), {nullptr, begin, offsets[rows.begin + rows.count] - begin}, false, out);
  } else {
    AppendColumn(column.child(0), {elements.data(), 0, elements.size()}, false, out);
  }
}

/// Elements of lists are never written as constants, as their number is not bounded by rows.
void AppendColumn(const ColumnPtr& column, Rows rows, bool may_be_constant, std::string* out) {
  if (column->IsConstant()) {
    if (!may_be_constant) {
      const ColumnPtr one = WithLength(column, std::max<std::size_t>(column->length(), 1));
      return AppendColumn(Flatten(one), rows, false, out);
    }
    rows = {nullptr, 0, 1};
  }
  const std::size_t flags_at = out->size();
  std::uint8_t flags = column->IsConstant() ? kConstant : 0;
  out->push_back(0);
  if (AppendValidity(*column, rows, out)) {
    flags |= kHasNulls;
  }
  (*out)[flags_at] = static_cast<char>(flags);
  const bool inner_constant = may_be_constant && !column->IsConstant();
  switch (column->physical()) {
    case Physical::kString:
      return AppendStrings(*column, rows, out);
    case Physical::kList:
      return AppendLists(*column, rows, out);
    case Physical::kRow:
      for (const ColumnPtr& child : column->children()) {
        AppendColumn(child, rows, inner_constant, out);
      }
      if (column->children().empty()) {
        out->append(rows.count, 0);
      }
      return;
    default:
      return AppendFixed(*column, rows, out);
  }
}

void AppendMarks(std::span<const WatermarkMark> marks, ByteWriter& writer) {
  writer.PutVarint(marks.size());
  for (const WatermarkMark& mark : marks) {
    writer.PutVarint(mark.row);
    writer.PutZigZag(mark.watermark);
  }
}

void AppendBatch(const Batch& batch,
                 const Rows& rows,
                 std::span<const WatermarkMark> marks,
                 std::string* out) {
  CHECK_LE(rows.count, kMaxBatchRows);
  const auto kinds = batch.change_kinds();
  ByteWriter writer(*out);
  writer.PutU8(kBatchWireVersion);
  writer.PutU8(
      static_cast<std::uint8_t>((kinds.empty() ? 0 : kHasKinds) | (marks.empty() ? 0 : kHasMarks)));
  writer.PutVarint(rows.count);
  writer.PutVarint(batch.column_count());
  if (!kinds.empty()) {
    char* to = Extend(rows.count, out);
    for (std::size_t i = 0; i < rows.count; ++i) {
      to[i] = static_cast<char>(kinds[rows[i]]);
    }
  }
  if (!marks.empty()) {
    AppendMarks(marks, writer);
  }
  for (const ColumnPtr& column : batch.columns()) {
    AppendColumn(column, rows, true, out);
  }
}

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : reader_(bytes) {}

  StatusOr<Batch> Decode(SchemaPtr schema);

 private:
  // Each returns false or null when the bytes are not what they should be.
  bool ReadKinds(std::size_t row_count, BufferPtr* kinds);
  bool ReadMarks(std::size_t row_count, std::vector<WatermarkMark>* marks);
  ColumnPtr ReadColumn(const DataType& type, std::size_t length, bool may_be_constant);
  bool ReadValidity(std::size_t stored, BufferPtr* validity);
  bool ReadFixed(Physical physical, std::size_t stored, BufferPtr* values);
  bool ReadStrings(std::size_t stored, Column::Parts* parts);
  bool ReadStringRefs(std::string_view lengths, std::size_t width, Column::Parts* parts);
  bool ReadList(const DataType& type, std::size_t stored, Column::Parts* parts);
  bool ReadRow(const DataType& type, std::size_t stored, bool inner_constant, Column::Parts* parts);

  ByteReader reader_;
};

bool Decoder::ReadKinds(std::size_t row_count, BufferPtr* kinds) {
  std::string_view bytes;
  if (!reader_.ReadRaw(row_count, bytes)) {
    return false;
  }
  for (const char kind : bytes) {
    if (static_cast<std::uint8_t>(kind) > static_cast<std::uint8_t>(ChangeKind::kDelete)) {
      return false;
    }
  }
  *kinds = Buffer::CopyOf(bytes);
  return true;
}

bool Decoder::ReadMarks(std::size_t row_count, std::vector<WatermarkMark>* marks) {
  std::uint64_t count;
  if (!reader_.ReadVarint(count) || count > row_count + 1) {
    return false;
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint64_t row;
    WatermarkMark mark;
    if (!reader_.ReadVarint(row) || row > row_count || !reader_.ReadZigZag(mark.watermark)) {
      return false;
    }
    mark.row = static_cast<std::uint32_t>(row);
    if (!marks->empty() &&
        (mark.row <= marks->back().row || mark.watermark <= marks->back().watermark)) {
      return false;
    }
    marks->push_back(mark);
  }
  return true;
}

bool Decoder::ReadValidity(std::size_t stored, BufferPtr* validity) {
  std::string_view bytes;
  if (!reader_.ReadRaw(bitmap::BytesFor(stored), bytes)) {
    return false;
  }
  *validity = Buffer::CopyOf(bytes);
  return true;
}

bool Decoder::ReadFixed(Physical physical, std::size_t stored, BufferPtr* values) {
  std::string_view bytes;
  if (!reader_.ReadRaw(stored * WidthOf(physical), bytes)) {
    return false;
  }
  if (physical == Physical::kBool &&
      std::ranges::any_of(bytes, [](char byte) { return static_cast<std::uint8_t>(byte) > 1; })) {
    return false;
  }
  *values = Buffer::CopyOf(bytes);
  return true;
}

std::uint32_t LengthAt(std::string_view lengths, std::size_t width, std::size_t i) {
  const char* at = lengths.data() + i * width;
  if (width == 1) {
    return LoadFixed<std::uint8_t>(at);
  }
  return width == 2 ? LoadFixed<std::uint16_t>(at) : LoadFixed<std::uint32_t>(at);
}

bool Decoder::ReadStrings(std::size_t stored, Column::Parts* parts) {
  std::uint8_t width;
  std::string_view lengths;
  if (!reader_.ReadU8(width) || (width != 1 && width != 2 && width != 4) ||
      !reader_.ReadRaw(stored * width, lengths)) {
    return false;
  }
  return ReadStringRefs(lengths, width, parts);
}

bool Decoder::ReadStringRefs(std::string_view lengths, std::size_t width, Column::Parts* parts) {
  const std::size_t stored = lengths.size() / width;
  std::uint64_t total = 0;
  bool any_long = false;
  for (std::size_t i = 0; i < stored; ++i) {
    const std::uint32_t length = LengthAt(lengths, width, i);
    total += length;
    any_long |= length > StringRef::kInlineMax;
  }
  std::string_view bytes;
  if (total > std::numeric_limits<std::int32_t>::max() || !reader_.ReadRaw(total, bytes)) {
    return false;
  }
  // The copy is padded, so short strings can be cut out of it by loads of constant size.
  const BufferPtr heap = Buffer::CopyOf(bytes);
  MutableBufferPtr values = Buffer::Allocate(stored * sizeof(StringRef));
  auto* refs = values->mutable_as<StringRef>();
  std::uint32_t offset = 0;
  for (std::size_t i = 0; i < stored; ++i) {
    const std::uint32_t length = LengthAt(lengths, width, i);
    const char* text = heap->as<char>() + offset;
    refs[i] = length <= StringRef::kInlineMax ? StringRef::InlinePadded(text, length)
                                              : StringRef::Long({text, length}, 0, offset);
    offset += length;
  }
  parts->values = std::move(values);
  if (any_long) {
    HeapSet heaps;
    heaps.Add(heap);
    parts->heaps = std::make_shared<const HeapSet>(std::move(heaps));
  }
  return true;
}

bool Decoder::ReadList(const DataType& type, std::size_t stored, Column::Parts* parts) {
  std::string_view lengths;
  if (!reader_.ReadRaw(stored * sizeof(std::uint32_t), lengths)) {
    return false;
  }
  MutableBufferPtr values = Buffer::Allocate((stored + 1) * sizeof(std::uint32_t));
  auto* offsets = values->mutable_as<std::uint32_t>();
  std::uint64_t total = 0;
  offsets[0] = 0;
  for (std::size_t i = 0; i < stored; ++i) {
    total += LengthAt(lengths, sizeof(std::uint32_t), i);
    if (total > reader_.remaining()) {
      return false;
    }
    offsets[i + 1] = static_cast<std::uint32_t>(total);
  }
  parts->values = std::move(values);
  ColumnPtr elements = ReadColumn(type.ChildTypes()[0], total, false);
  if (elements == nullptr) {
    return false;
  }
  parts->children.push_back(std::move(elements));
  return true;
}

bool Decoder::ReadRow(const DataType& type,
                      std::size_t stored,
                      bool inner_constant,
                      Column::Parts* parts) {
  for (const Field& field : type.fields()) {
    ColumnPtr child = ReadColumn(field.type, stored, inner_constant);
    if (child == nullptr) {
      return false;
    }
    parts->children.push_back(std::move(child));
  }
  return !type.fields().empty() || reader_.Skip(stored);
}

ColumnPtr Decoder::ReadColumn(const DataType& type, std::size_t length, bool may_be_constant) {
  std::uint8_t flags;
  if (!reader_.ReadU8(flags) || flags > (kConstant | kHasNulls)) {
    return nullptr;
  }
  const bool constant = (flags & kConstant) != 0;
  if (constant && !may_be_constant) {
    return nullptr;
  }
  const std::size_t stored = constant ? 1 : length;
  Column::Parts parts;
  if ((flags & kHasNulls) != 0 && !ReadValidity(stored, &parts.validity)) {
    return nullptr;
  }
  bool read = false;
  switch (type.physical()) {
    case Physical::kString:
      read = ReadStrings(stored, &parts);
      break;
    case Physical::kList:
      read = ReadList(type, stored, &parts);
      break;
    case Physical::kRow:
      read = ReadRow(type, stored, may_be_constant && !constant, &parts);
      break;
    default:
      read = ReadFixed(type.physical(), stored, &parts.values);
  }
  if (!read) {
    return nullptr;
  }
  return constant ? Column::Constant(type, length, std::move(parts))
                  : Column::Flat(type, length, std::move(parts));
}

StatusOr<Batch> Decoder::Decode(SchemaPtr schema) {
  const auto damaged = [&] {
    return DataLoss("A batch is cut, damaged or of another schema than " + schema->ToString());
  };
  std::uint8_t version;
  if (!reader_.ReadU8(version)) {
    return damaged();
  }
  if (version != kBatchWireVersion) {
    return Unimplemented("A batch has format version " + std::to_string(version) +
                         "; this program knows " + std::to_string(kBatchWireVersion));
  }
  std::uint8_t flags;
  std::uint64_t row_count;
  std::uint64_t column_count;
  if (!reader_.ReadU8(flags) || flags > (kHasKinds | kHasMarks) || !reader_.ReadVarint(row_count) ||
      row_count > kMaxBatchRows || !reader_.ReadVarint(column_count) ||
      column_count != schema->size()) {
    return damaged();
  }
  BufferPtr kinds;
  std::vector<WatermarkMark> marks;
  if (((flags & kHasKinds) != 0 && !ReadKinds(row_count, &kinds)) ||
      ((flags & kHasMarks) != 0 && !ReadMarks(row_count, &marks))) {
    return damaged();
  }
  std::vector<ColumnPtr> columns;
  columns.reserve(schema->size());
  for (const Field& field : schema->fields()) {
    columns.push_back(ReadColumn(field.type, row_count, true));
    if (columns.back() == nullptr) {
      return damaged();
    }
  }
  if (!reader_.empty()) {
    return damaged();
  }
  Batch batch(std::move(schema), std::move(columns), row_count);
  if (kinds != nullptr) {
    batch = batch.WithChangeKinds(std::move(kinds));
  }
  return marks.empty() ? batch : batch.WithMarks(std::move(marks));
}

}  // namespace

void EncodeBatch(const Batch& batch, std::string* out) {
  AppendBatch(batch, {nullptr, 0, batch.row_count()}, batch.marks(), out);
}

void EncodeRows(const Batch& batch, std::span<const std::uint32_t> selection, std::string* out) {
  const std::vector<WatermarkMark> marks = RemapMarks(batch.marks(), selection);
  AppendBatch(batch, {selection.data(), 0, selection.size()}, marks, out);
}

StatusOr<Batch> DecodeBatch(SchemaPtr schema, std::string_view bytes) {
  return Decoder(bytes).Decode(std::move(schema));
}

}  // namespace thalweg::columnar
