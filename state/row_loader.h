// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_ROW_LOADER_H_
#define THALWEG_STATE_ROW_LOADER_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "state/run_format.h"
#include "state/table_set.h"

namespace thalweg::state {

/// Puts rows that were read from runs, or from the spill, into tables.
class RowLoader {
 public:
  /// `matches` outlives the loader. Rows outside `range` are an error.
  RowLoader(const std::vector<TableMatch>& matches,
            KeyGroupRange range,
            std::uint32_t key_group_count)
      : matches_(matches), range_(range), key_group_count_(key_group_count) {}

  /// Loads one pair, if it is a row of a declared table and a live slice. kDataLoss: these are not
  /// the bytes of such a row.
  Status Load(std::string_view key, std::string_view value);

 private:
  const TableMatch* Find(std::uint32_t table) const;
  Status LoadValueRow(const TableMatch& match,
                      ValueTable& rows,
                      const RunKey& key,
                      std::uint32_t hash);
  Status LoadOrderedRow(const TableMatch& match, const RunKey& key, std::uint32_t hash);
  Status LoadTimer(const TableMatch& match, const RunKey& key, std::uint32_t hash);
  void FillValue(const TableMatch& match,
                 const RowLayout& layout,
                 StringSlabs& slabs,
                 std::uint8_t* value);

  const std::vector<TableMatch>& matches_;
  const KeyGroupRange range_;
  const std::uint32_t key_group_count_;
  RunValue value_;  // Of the row being loaded.
};

}  // namespace thalweg::state

#endif  // THALWEG_STATE_ROW_LOADER_H_
