// SPDX-License-Identifier: Apache-2.0
//
// Batches of one BIGINT column and the items of a channel, made and read in few words.
#ifndef THALWEG_TESTS_TESTING_CHANNEL_ITEMS_H_
#define THALWEG_TESTS_TESTING_CHANNEL_ITEMS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "columnar/batch.h"
#include "columnar/batch_builder.h"
#include "runtime/channel/channel.h"
#include "runtime/channel/item.h"
#include "runtime/channel/waker.h"

namespace thalweg::testing {

inline columnar::SchemaPtr NumberSchema() {
  static const columnar::SchemaPtr& schema = *new columnar::SchemaPtr(
      columnar::Schema::Make({{"number", columnar::DataType::BigInt().NotNull()}}));
  return schema;
}

/// A batch of these numbers; marks are (row, watermark).
inline columnar::Batch Numbers(const std::vector<std::int64_t>& numbers,
                               std::vector<columnar::WatermarkMark> marks = {}) {
  columnar::BatchBuilder builder(NumberSchema());
  for (const std::int64_t number : numbers) {
    builder.column(0).Append(number);
  }
  builder.CommitRows(numbers.size());
  columnar::Batch batch = builder.Finish();
  return marks.empty() ? batch : batch.WithMarks(std::move(marks));
}

inline std::vector<std::int64_t> NumbersOf(const columnar::Batch& batch) {
  std::vector<std::int64_t> numbers;
  for (std::size_t row = 0; row < batch.row_count(); ++row) {
    numbers.push_back(batch.column(0)->Values<std::int64_t>()[row * batch.column(0)->stride()]);
  }
  return numbers;
}

/// "1 2 @5 3": rows and, where they hold, marks; "barrier 7", "watermark 5", "idle", "end".
inline std::string Describe(const runtime::Item& item) {
  if (const auto* batch = std::get_if<columnar::Batch>(&item)) {
    std::string text;
    const auto add = [&](const std::string& word) { text += (text.empty() ? "" : " ") + word; };
    const std::vector<std::int64_t> numbers = NumbersOf(*batch);
    std::size_t mark = 0;
    for (std::size_t row = 0; row <= numbers.size(); ++row) {
      for (; mark < batch->marks().size() && batch->marks()[mark].row == row; ++mark) {
        add("@" + std::to_string(batch->marks()[mark].watermark));
      }
      if (row < numbers.size()) {
        add(std::to_string(numbers[row]));
      }
    }
    return text;
  }
  if (const auto* barrier = std::get_if<runtime::Barrier>(&item)) {
    return "barrier " + std::to_string(barrier->checkpoint.value());
  }
  if (const auto* watermark = std::get_if<runtime::Watermark>(&item)) {
    return watermark->millis == kMaxWatermark ? "watermark max"
                                              : "watermark " + std::to_string(watermark->millis);
  }
  return std::holds_alternative<runtime::Idle>(item) ? "idle" : "end";
}

/// Everything that can be read from a channel now.
inline std::vector<std::string> ReadAll(runtime::ChannelReader& reader) {
  std::vector<std::string> items;
  while (std::optional<runtime::Item> item = reader.Read()) {
    items.push_back(Describe(*item));
  }
  return items;
}

/// Counts its wake-ups. One thread.
class CountingWaker final : public runtime::Waker {
 public:
  void Wake() override { ++count_; }
  int TakeCount() { return std::exchange(count_, 0); }

 private:
  int count_ = 0;
};

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_TESTING_CHANNEL_ITEMS_H_
