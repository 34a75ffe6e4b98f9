// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_CONNECTORS_FILESYSTEM_FILE_NAMES_H_
#define THALWEG_CONNECTORS_FILESYSTEM_FILE_NAMES_H_

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace thalweg::connectors {

/// Whether a part of the name below the folder says "not for readers": it begins with '_' or '.'. A
/// partition's folder does not, whatever its column is named.
inline bool IsHiddenName(std::string_view name) {
  for (std::size_t begin = 0; begin < name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string_view part = name.substr(begin, end - begin);
    const bool is_partition = end < name.size() && part.find('=') != std::string_view::npos;
    if (!part.empty() && (part[0] == '_' || part[0] == '.') && !is_partition) {
      return true;
    }
    begin = end + 1;
  }
  return false;
}

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FILESYSTEM_FILE_NAMES_H_
