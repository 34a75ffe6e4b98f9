// SPDX-License-Identifier: Apache-2.0
#include "bench/rows.h"

#include <algorithm>

#include "base/random.h"
#include "columnar/column_builder.h"

namespace thalweg::bench {
namespace {

constexpr std::uint64_t kValues = 1'000;

/// Writes rows straight into columns.
class BatchMaker {
 public:
  explicit BatchMaker(std::size_t count) : count_(count) {
    for (std::size_t c = 0; c < RowSchema()->size(); ++c) {
      builders_.emplace_back(RowSchema()->type(c), count);
      builders_.back().Reserve(count);
    }
  }

  void Set(std::size_t row, std::int64_t key, std::int64_t value, std::int64_t time_micros) {
    builders_[0].MutableValues<std::int64_t>()[row] = key;
    builders_[1].MutableValues<std::int64_t>()[row] = value;
    builders_[2].MutableValues<std::int64_t>()[row] = time_micros;
  }

  columnar::Batch Finish() {
    std::vector<columnar::ColumnPtr> columns;
    for (columnar::ColumnBuilder& builder : builders_) {
      builder.SetLength(count_);
      columns.push_back(builder.Finish());
    }
    return {RowSchema(), std::move(columns)};
  }

 private:
  const std::size_t count_;
  std::vector<columnar::ColumnBuilder> builders_;
};

}  // namespace

const columnar::SchemaPtr& RowSchema() {
  static const columnar::SchemaPtr schema =
      columnar::Schema::Make({{"k", columnar::DataType::BigInt().NotNull()},
                              {"v", columnar::DataType::BigInt().NotNull()},
                              {"ts", columnar::DataType::Timestamp(3).NotNull()}});
  return schema;
}

RowArrays ArraysOf(const columnar::Batch& batch) {
  return {.keys = batch.column(0)->Values<std::int64_t>(),
          .values = batch.column(1)->Values<std::int64_t>(),
          .times = batch.column(2)->Values<std::int64_t>()};
}

std::vector<columnar::Batch> MakeRows(const RowOptions& options) {
  SeededRandom random(options.seed);
  std::vector<columnar::Batch> batches;
  for (std::size_t begin = 0; begin < options.row_count; begin += columnar::kMaxBatchRows) {
    const std::size_t count = std::min(columnar::kMaxBatchRows, options.row_count - begin);
    BatchMaker maker(count);
    for (std::size_t i = 0; i < count; ++i) {
      const double share = static_cast<double>(begin + i) / static_cast<double>(options.row_count);
      const auto millis =
          static_cast<std::int64_t>(share * static_cast<double>(options.duration_millis));
      maker.Set(i,
                SpreadKey(random.Uniform(options.key_count)),
                static_cast<std::int64_t>(random.Uniform(kValues)),
                millis * 1000);
    }
    batches.push_back(maker.Finish());
  }
  return batches;
}

columnar::Batch MakeBatch(std::span<const std::int64_t> keys) {
  BatchMaker maker(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    maker.Set(i, keys[i], keys[i] & 1023, 0);
  }
  return maker.Finish();
}

}  // namespace thalweg::bench
