// SPDX-License-Identifier: Apache-2.0
#include "sql/parser/keywords.h"

#include <algorithm>
#include <array>

namespace thalweg::sql {
namespace {

// Both sorted, for a binary search.
constexpr auto kReserved = std::to_array<std::string_view>({
    "AND",     "AS",     "BETWEEN", "BY",     "CASE",    "CREATE",    "CROSS", "DISTINCT", "DROP",
    "ELSE",    "END",    "EXCEPT",  "EXISTS", "FALSE",   "FETCH",     "FOR",   "FROM",     "FULL",
    "GROUP",   "HAVING", "IN",      "INNER",  "INSERT",  "INTERSECT", "INTO",  "IS",       "JOIN",
    "LATERAL", "LEFT",   "LIKE",    "LIMIT",  "NATURAL", "NOT",       "NULL",  "ON",       "OR",
    "ORDER",   "OUTER",  "QUALIFY", "RIGHT",  "SELECT",  "TABLE",     "THEN",  "TRUE",     "UNION",
    "USING",   "VALUES", "WHEN",    "WHERE",  "WINDOW",  "WITH",
});
constexpr auto kItemEnds = std::to_array<std::string_view>({
    "MATCH_RECOGNIZE",
    "OFFSET",
    "PIVOT",
    "TABLESAMPLE",
    "UNPIVOT",
});
static_assert(std::is_sorted(kReserved.begin(), kReserved.end()));
static_assert(std::is_sorted(kItemEnds.begin(), kItemEnds.end()));

}  // namespace

bool IsReserved(std::string_view word) {
  return std::binary_search(kReserved.begin(), kReserved.end(), word);
}

bool EndsItem(std::string_view word) {
  return IsReserved(word) || std::binary_search(kItemEnds.begin(), kItemEnds.end(), word);
}

}  // namespace thalweg::sql
