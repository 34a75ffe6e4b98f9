// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/order_keys.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/coding.h"
#include "state/row_buffer.h"

namespace thalweg::runtime {
namespace {

constexpr char kArrivalList[] = "arrival";
constexpr std::size_t kArrivalBytes = 8;

}  // namespace

OrderKeys::OrderKeys(std::span<const proto::OrderColumn* const> order,
                     const columnar::Schema& input) {
  std::vector<columnar::OrderedColumn> columns;
  for (const proto::OrderColumn* column : order) {
    columns_.push_back(column->column());
    columns.push_back({.type = input.type(column->column()),
                       .descending = column->descending(),
                       .nulls_first = column->nulls_first()});
    fields_.push_back({"order" + std::to_string(fields_.size()), columns.back().type});
  }
  fields_.push_back({"arrival", columnar::DataType::BigInt().NotNull()});
  if (!columns.empty()) {
    StatusOr<columnar::OrderedCodec> codec = columnar::OrderedCodec::Make(std::move(columns));
    CHECK_OK(codec);  // Columns without an order were refused with the plan.
    codec_ = *std::move(codec);
  }
}

std::vector<columnar::Field> OrderKeys::fields() const {
  return fields_;
}

void OrderKeys::Encode(const columnar::Batch& batch) {
  if (codec_.has_value()) {
    codec_->Encode(batch, columns_, &prefixes_);
  }
}

void OrderKeys::AppendSubKey(std::size_t row,
                             std::uint64_t arrival,
                             columnar::ByteRows* out) const {
  out->bytes.resize(out->offsets.back());
  out->bytes.append(prefix(row));
  ByteWriter(out->bytes).PutBigEndian64(arrival);
  out->offsets.push_back(static_cast<std::uint32_t>(out->bytes.size()));
}

bool EraseOrdered(state::OrderedTable& table,
                  state::SlotId slot,
                  std::string_view prefix,
                  const std::uint8_t* value) {
  // Behind the prefix come the eight bytes of the arrival.
  const std::string begin = std::string(prefix) + std::string(kArrivalBytes, '\0');
  const std::string end = std::string(prefix) + std::string(kArrivalBytes + 1, '\xFF');
  state::OrderedRows rows;
  table.ScanRange(slot, {.begin = begin, .end = end}, static_cast<std::size_t>(-1), 0, &rows);
  for (std::size_t i = rows.values.size(); i-- > 0;) {
    if (rows.sub_keys[i].size() == prefix.size() + kArrivalBytes &&
        state::EqualValues(table.layout(), rows.values[i], value)) {
      return table.Erase(slot, std::string(rows.sub_keys[i]));
    }
  }
  return false;
}

Status ArrivalCounter::Restore(state::OperatorState& state) {
  for (const proto::OperatorStateEntry& entry : state.Get(operator_id_, kArrivalList)) {
    ByteReader value(entry.value());
    std::uint64_t next = 0;
    if (entry.version() != 1 || !value.ReadFixed64(next)) {
      return DataLoss("The state of a step that orders rows has an entry that cannot be read");
    }
    next_ = std::max(next_, next);
  }
  return OkStatus();
}

void ArrivalCounter::Save(state::OperatorState& state) const {
  proto::OperatorStateEntry entry;
  entry.set_version(1);
  entry.set_redistribution(proto::REDISTRIBUTE_TO_ALL);
  ByteWriter(*entry.mutable_value()).PutFixed64(next_);
  state.Set(operator_id_, kArrivalList, {std::move(entry)});
}

}  // namespace thalweg::runtime
