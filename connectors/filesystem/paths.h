// SPDX-License-Identifier: Apache-2.0
//
// Paths as users write them, keys of the store of files, and partitions in names of folders:
//
//   out/dt=2001-01-01/hm=12%3A00/part-...       dt = '2001-01-01', hm = '12:00'
#ifndef THALWEG_CONNECTORS_FILESYSTEM_PATHS_H_
#define THALWEG_CONNECTORS_FILESYSTEM_PATHS_H_

#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace thalweg::connectors {

inline constexpr std::string_view kDefaultPartitionName = "__DEFAULT_PARTITION__";

/// The key behind a path: '/data/in', 'file:///data/in', or 'in' below `folder`; '.' and '..' are
/// resolved by their names. kInvalidArgument: no such key can be, kUnimplemented: another scheme.
StatusOr<std::string> KeyOfPath(const std::string& path, const std::string& folder = {});

/// "column=value" with everything that a folder's name or a key cannot hold as %XX.
std::string PartitionFolder(std::string_view column, std::string_view value);

/// The value of `column` in the folders of `relative`, a key below the table's folder; absent: no
/// folder of that name.
std::optional<std::string> PartitionValue(std::string_view relative, std::string_view column);

/// `pattern` with each $column replaced by what `value_of` gives for it; the longest name counts.
/// `columns` are all names.
template <class Columns, class ValueOf>
std::string FillPattern(std::string_view pattern, const Columns& columns, const ValueOf& value_of) {
  std::string text;
  for (std::size_t i = 0; i < pattern.size();) {
    std::string_view best;
    if (pattern[i] == '$') {
      for (const std::string_view column : columns) {
        if (pattern.substr(i + 1).starts_with(column) && column.size() > best.size()) {
          best = column;
        }
      }
    }
    if (best.empty()) {
      text += pattern[i++];
    } else {
      text += value_of(best);
      i += 1 + best.size();
    }
  }
  return text;
}

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FILESYSTEM_PATHS_H_
