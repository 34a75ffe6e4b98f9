// SPDX-License-Identifier: Apache-2.0
//
// Results as one number, to see that a job and a bare loop have come to the same: a sum over rows,
// so their order does not matter, from which retracted rows are taken away.
#ifndef THALWEG_BENCH_FOLD_H_
#define THALWEG_BENCH_FOLD_H_

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/status.h"
#include "runtime/connector/sink.h"

namespace thalweg::bench {

struct Fold {
  std::int64_t rows = 0;
  std::uint64_t sum = 0;

  /// Adds a row, or takes it away again.
  void Add(std::initializer_list<std::int64_t> values, bool addition = true) {
    std::uint64_t hash = 0;
    for (const std::int64_t value : values) {
      hash = Mix(hash, value);
    }
    Add(hash, addition);
  }
  void Add(std::uint64_t hash, bool addition) {
    rows += addition ? 1 : -1;
    sum += addition ? hash : ~hash + 1;
  }
  static std::uint64_t Mix(std::uint64_t hash, std::int64_t value) {
    hash = (hash ^ static_cast<std::uint64_t>(value)) * 0x9E3779B97F4A7C15U;
    return hash ^ (hash >> 29);
  }
  /// Stands for a text.
  static std::int64_t NumberOf(std::string_view text) {
    return static_cast<std::int64_t>(Hash64(text));
  }

  friend bool operator==(const Fold&, const Fold&) = default;
};

/// kFailedPrecondition: they differ.
Status CheckEqual(const std::string& what, const Fold& bare, const Fold& job);

/// Takes up the first `column_count` columns of all rows, which are BIGINT, TIMESTAMP or STRING and
/// have no nulls. Its spec is empty. `fold` outlives the job and is valid after its end.
std::unique_ptr<runtime::SinkConnector> MakeFoldSink(std::size_t column_count, Fold& fold);

}  // namespace thalweg::bench

#endif  // THALWEG_BENCH_FOLD_H_
