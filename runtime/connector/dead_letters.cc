// SPDX-License-Identifier: Apache-2.0
#include "runtime/connector/dead_letters.h"

namespace thalweg::runtime {

using columnar::DataType;

const columnar::SchemaPtr& DeadLetterSchema() {
  static const columnar::SchemaPtr* const schema =
      new columnar::SchemaPtr(columnar::Schema::Make({{"file", DataType::String().NotNull()},
                                                      {"line", DataType::BigInt()},
                                                      {"offset", DataType::BigInt().NotNull()},
                                                      {"reason", DataType::String().NotNull()},
                                                      {"text", DataType::String()},
                                                      {"bytes", DataType::Bytes()}}));
  return *schema;
}

void AppendDeadLetter(const DeadLetter& letter, columnar::BatchBuilder& batch) {
  batch.column(0).AppendString(letter.file);
  if (letter.line.has_value()) {
    batch.column(1).Append(static_cast<std::int64_t>(*letter.line));
  } else {
    batch.column(1).AppendNull();
  }
  batch.column(2).Append(static_cast<std::int64_t>(letter.offset));
  batch.column(3).AppendString(letter.reason);
  batch.column(letter.is_utf8 ? 4 : 5).AppendString(letter.record);
  batch.column(letter.is_utf8 ? 5 : 4).AppendNull();
  batch.CommitRows(1);
}

}  // namespace thalweg::runtime
