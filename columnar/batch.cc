// SPDX-License-Identifier: Apache-2.0
#include "columnar/batch.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "columnar/datum.h"

namespace thalweg::columnar {
namespace {

void CheckColumns(const Schema& schema, std::span<const ColumnPtr> columns, std::size_t row_count) {
  CHECK_LE(row_count, kMaxBatchRows);
  CHECK_EQ(columns.size(), schema.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    CHECK_EQ(columns[i]->length(), row_count);
    CHECK_EQ(columns[i]->type().kind(), schema.type(i).kind());
    CHECK_EQ(columns[i]->physical(), schema.type(i).physical());
  }
}

/// Keeps the order of rows; a mark on the row of the one before replaces it.
void AppendMark(std::vector<WatermarkMark>* marks, WatermarkMark mark) {
  if (!marks->empty() && mark.watermark <= marks->back().watermark) {
    return;
  }
  if (!marks->empty() && marks->back().row == mark.row) {
    marks->back() = mark;
  } else {
    marks->push_back(mark);
  }
}

bool IsEveryRow(std::span<const std::uint32_t> selection, std::size_t row_count) {
  if (selection.size() != row_count) {
    return false;
  }
  for (std::size_t i = 0; i < selection.size(); ++i) {
    if (selection[i] != i) {
      return false;
    }
  }
  return true;
}

BufferPtr GatherKinds(std::span<const ChangeKind> kinds, std::span<const std::uint32_t> selection) {
  if (kinds.empty()) {
    return nullptr;
  }
  MutableBufferPtr gathered = Buffer::Allocate(selection.size());
  for (std::size_t i = 0; i < selection.size(); ++i) {
    gathered->mutable_as<ChangeKind>()[i] = kinds[selection[i]];
  }
  return gathered;
}

}  // namespace

const char* ToString(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kInsert:
      return "+I";
    case ChangeKind::kUpdateBefore:
      return "-U";
    case ChangeKind::kUpdateAfter:
      return "+U";
    case ChangeKind::kDelete:
      break;
  }
  return "-D";
}

Batch::Batch() {
  static const auto kEmpty = std::make_shared<const Parts>(Parts{.schema = Schema::Make({})});
  parts_ = kEmpty;
}

Batch::Batch(SchemaPtr schema, std::vector<ColumnPtr> columns, std::size_t row_count) {
  CheckColumns(*schema, columns, row_count);
  parts_ = std::make_shared<const Parts>(
      Parts{.schema = std::move(schema), .columns = std::move(columns), .row_count = row_count});
}

Batch::Batch(SchemaPtr schema, std::vector<ColumnPtr> columns) {
  CHECK(!columns.empty());
  const std::size_t row_count = columns[0]->length();
  *this = Batch(std::move(schema), std::move(columns), row_count);
}

Batch Batch::Take(std::span<const std::uint32_t> selection) const {
  if (IsEveryRow(selection, row_count())) {
    return *this;
  }
  auto parts = std::make_shared<Parts>();
  parts->schema = parts_->schema;
  parts->row_count = selection.size();
  CHECK_LE(parts->row_count, kMaxBatchRows);
  parts->columns.reserve(column_count());
  for (const ColumnPtr& column : parts_->columns) {
    parts->columns.push_back(Gather(column, selection));
  }
  parts->kinds = GatherKinds(change_kinds(), selection);
  parts->marks = RemapMarks(marks(), selection);
  return Batch(std::move(parts));
}

Batch Batch::Slice(std::size_t begin, std::size_t count) const {
  CHECK_LE(begin + count, row_count());
  if (count == row_count()) {
    return *this;
  }
  auto parts = std::make_shared<Parts>();
  parts->schema = parts_->schema;
  parts->row_count = count;
  for (const ColumnPtr& column : parts_->columns) {
    parts->columns.push_back(columnar::Slice(column, begin, count));
  }
  parts->kinds = parts_->kinds;
  parts->kinds_begin = parts_->kinds_begin + begin;
  const std::size_t end = begin + count;
  for (const WatermarkMark& mark : marks()) {
    if (mark.row >= begin && (mark.row < end || end == row_count())) {
      parts->marks.push_back({static_cast<std::uint32_t>(mark.row - begin), mark.watermark});
    }
  }
  return Batch(std::move(parts));
}

Batch Batch::WithColumns(SchemaPtr schema, std::vector<ColumnPtr> columns) const {
  CheckColumns(*schema, columns, row_count());
  auto parts = std::make_shared<Parts>();
  parts->schema = std::move(schema);
  parts->columns = std::move(columns);
  parts->row_count = row_count();
  parts->kinds = parts_->kinds;
  parts->kinds_begin = parts_->kinds_begin;
  parts->marks = parts_->marks;
  return Batch(std::move(parts));
}

Batch Batch::WithMarks(std::vector<WatermarkMark> marks) const {
  for (std::size_t i = 0; i < marks.size(); ++i) {
    CHECK_LE(marks[i].row, row_count());
    CHECK(i == 0 ||
          (marks[i - 1].row < marks[i].row && marks[i - 1].watermark < marks[i].watermark));
  }
  auto parts = std::make_shared<Parts>(*parts_);
  parts->marks = std::move(marks);
  return Batch(std::move(parts));
}

Batch Batch::WithChangeKinds(std::span<const ChangeKind> kinds) const {
  if (kinds.empty()) {
    return WithChangeKinds(BufferPtr());
  }
  const auto* bytes = reinterpret_cast<const char*>(kinds.data());
  return WithChangeKinds(Buffer::CopyOf({bytes, kinds.size()}));
}

Batch Batch::WithChangeKinds(BufferPtr kinds) const {
  CHECK(kinds == nullptr || kinds->size() == row_count());
  auto parts = std::make_shared<Parts>(*parts_);
  parts->kinds = std::move(kinds);
  parts->kinds_begin = 0;
  return Batch(std::move(parts));
}

Batch Batch::CompactHeaps() const {
  std::vector<ColumnPtr> columns = parts_->columns;
  std::ranges::transform(columns, columns.begin(), columnar::CompactHeaps);
  return columns == parts_->columns ? *this : WithColumns(schema(), std::move(columns));
}

std::size_t Batch::ReferencedBytes() const {
  std::size_t bytes = parts_->kinds == nullptr ? 0 : parts_->kinds->size();
  for (const ColumnPtr& column : parts_->columns) {
    bytes += column->ReferencedBytes();
  }
  return bytes;
}

std::string Batch::ToString() const {
  std::string text = schema()->ToString() + '\n';
  auto mark = marks().begin();
  for (std::size_t row = 0; row <= row_count(); ++row) {
    for (; mark != marks().end() && mark->row == row; ++mark) {
      text += "watermark " + std::to_string(mark->watermark) + '\n';
    }
    if (row == row_count()) {
      break;
    }
    text += columnar::ToString(change_kind(row));
    for (const ColumnPtr& column : columns()) {
      text += ' ' + DatumAt(*column, row).ToString();
    }
    text += '\n';
  }
  return text;
}

Batch Concat(std::span<const Batch> batches) {
  CHECK(!batches.empty());
  if (batches.size() == 1) {
    return batches[0];
  }
  std::size_t row_count = 0;
  bool has_kinds = false;
  std::vector<WatermarkMark> marks;
  for (const Batch& batch : batches) {
    for (const WatermarkMark& mark : batch.marks()) {
      AppendMark(&marks, {static_cast<std::uint32_t>(row_count + mark.row), mark.watermark});
    }
    row_count += batch.row_count();
    has_kinds |= !batch.change_kinds().empty();
  }
  std::vector<ColumnPtr> columns;
  std::vector<ColumnPtr> parts(batches.size());
  for (std::size_t i = 0; i < batches[0].column_count(); ++i) {
    std::ranges::transform(
        batches, parts.begin(), [i](const Batch& batch) { return batch.column(i); });
    columns.push_back(Concat(parts));
  }
  Batch all(batches[0].schema(), std::move(columns), row_count);
  if (has_kinds && row_count > 0) {
    MutableBufferPtr kinds = Buffer::AllocateZeroed(row_count);
    std::size_t row = 0;
    for (const Batch& batch : batches) {
      std::ranges::copy(batch.change_kinds(), kinds->mutable_as<ChangeKind>() + row);
      row += batch.row_count();
    }
    all = all.WithChangeKinds(std::move(kinds));
  }
  return marks.empty() ? all : all.WithMarks(std::move(marks));
}

bool Equal(const Batch& a, const Batch& b) {
  if (a.row_count() != b.row_count() || a.column_count() != b.column_count() ||
      !std::ranges::equal(a.marks(), b.marks())) {
    return false;
  }
  for (std::size_t row = 0; row < a.row_count(); ++row) {
    if (a.change_kind(row) != b.change_kind(row)) {
      return false;
    }
  }
  for (std::size_t i = 0; i < a.column_count(); ++i) {
    if (!Equal(*a.column(i), *b.column(i))) {
      return false;
    }
  }
  return true;
}

std::vector<WatermarkMark> RemapMarks(std::span<const WatermarkMark> marks,
                                      std::span<const std::uint32_t> selection) {
  std::vector<WatermarkMark> remapped;
  if (marks.empty()) {
    return remapped;
  }
  DCHECK(std::ranges::is_sorted(selection));
  for (const WatermarkMark& mark : marks) {
    const auto at = std::ranges::lower_bound(selection, mark.row) - selection.begin();
    AppendMark(&remapped, {static_cast<std::uint32_t>(at), mark.watermark});
  }
  return remapped;
}

}  // namespace thalweg::columnar
