// SPDX-License-Identifier: Apache-2.0
//
// Rows (k BIGINT, v BIGINT, ts TIMESTAMP(3)), all NOT NULL, as columns in memory. A job gets them
// as batches and a bare loop as arrays: both read the same bytes.
#ifndef THALWEG_BENCH_ROWS_H_
#define THALWEG_BENCH_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "columnar/batch.h"

namespace thalweg::bench {

const columnar::SchemaPtr& RowSchema();

/// The columns of one batch, for bare loops.
struct RowArrays {
  std::span<const std::int64_t> keys;
  std::span<const std::int64_t> values;
  std::span<const std::int64_t> times;  // Microseconds.
};
RowArrays ArraysOf(const columnar::Batch& batch);

/// A key far from those of its neighbours, so that order in a table says nothing.
constexpr std::int64_t SpreadKey(std::uint64_t n) {
  return static_cast<std::int64_t>(n * 0x9E3779B97F4A7C15U);
}

struct RowOptions {
  std::size_t row_count = 0;
  std::uint64_t key_count = 1;       // Keys are drawn at random from so many.
  std::int64_t duration_millis = 0;  // Times rise evenly from 0 to this.
  std::uint64_t seed = 1;
};
/// Full batches, and one with the rest.
std::vector<columnar::Batch> MakeRows(const RowOptions& options);

/// One batch of rows with the given keys; values and times are functions of the key.
columnar::Batch MakeBatch(std::span<const std::int64_t> keys);

}  // namespace thalweg::bench

#endif  // THALWEG_BENCH_ROWS_H_
