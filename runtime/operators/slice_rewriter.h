// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_OPERATORS_SLICE_REWRITER_H_
#define THALWEG_RUNTIME_OPERATORS_SLICE_REWRITER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "columnar/byte_rows.h"
#include "columnar/column.h"
#include "state/sliced_table.h"

namespace thalweg::runtime {

/// Opens a slice again whose scan has begun: the rows that were not given out yet are taken out
/// and put into a new slice of the same end. Needed where a restore puts key groups together of
/// which only some have given the slice out; holds the slice's rows in memory meanwhile.
class SliceRewriter {
 public:
  /// `table` outlives this.
  SliceRewriter(state::SlicedTable& table, std::int64_t slice_end, std::size_t key_stride)
      : table_(&table), slice_end_(slice_end), key_stride_(key_stride) {}

  /// False: spilled rows are being read; call again.
  StatusOr<bool> Run();

 private:
  /// Some rows: keys, and a column per field.
  struct Chunk {
    std::vector<std::string> keys;
    std::vector<columnar::ColumnPtr> fields;
  };

  Status Keep(const std::vector<state::SlotId>& slots);
  void PutBack();

  state::SlicedTable* table_;
  std::int64_t slice_end_;
  std::size_t key_stride_;
  std::vector<Chunk> chunks_;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_SLICE_REWRITER_H_
