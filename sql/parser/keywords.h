// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_SQL_PARSER_KEYWORDS_H_
#define THALWEG_SQL_PARSER_KEYWORDS_H_

#include <string_view>

namespace thalweg::sql {

/// Words (upper case) that are never a name unless quoted. Far fewer than Flink's: only those
/// without which a text would have two meanings.
bool IsReserved(std::string_view word);

/// Words that end a select item or a table and therefore are no alias without AS.
bool EndsItem(std::string_view word);

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_PARSER_KEYWORDS_H_
