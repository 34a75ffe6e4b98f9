// SPDX-License-Identifier: Apache-2.0
//
// Records that are no rows of their table, as rows: a reader emits them on its side output, which
// the plan connects to an ordinary sink. So they are written exactly once, as all rows are.
#ifndef THALWEG_RUNTIME_CONNECTOR_DEAD_LETTERS_H_
#define THALWEG_RUNTIME_CONNECTOR_DEAD_LETTERS_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "columnar/batch_builder.h"
#include "columnar/type.h"

namespace thalweg::runtime {

/// `file` STRING, `line` BIGINT (from 1; NULL: not known), `offset` BIGINT (bytes from 0), `reason`
/// STRING, `text` STRING (the record; NULL where it is no UTF-8), `bytes` BYTES (the record, only
/// where it is no UTF-8).
const columnar::SchemaPtr& DeadLetterSchema();

struct DeadLetter {
  std::string_view file;
  std::optional<std::uint64_t> line;
  std::uint64_t offset = 0;
  std::string_view reason;
  std::string_view record;
  bool is_utf8 = true;  // Of the record.
};

/// Adds a row. REQUIRES: the batch has DeadLetterSchema().
void AppendDeadLetter(const DeadLetter& letter, columnar::BatchBuilder& batch);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_CONNECTOR_DEAD_LETTERS_H_
