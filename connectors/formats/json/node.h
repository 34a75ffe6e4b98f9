// SPDX-License-Identifier: Apache-2.0
//
// A schema as the decoder sees it: a tree of fields, each with its column builder.
//
// Builders are used in bulk: a value is written to its slot, and counts once its row is committed.
// Slots of a row that is given up are written again; only what such a row nulled or appended to
// lists must be taken back, by Rollback().
#ifndef THALWEG_CONNECTORS_FORMATS_JSON_NODE_H_
#define THALWEG_CONNECTORS_FORMATS_JSON_NODE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/batch_builder.h"
#include "columnar/column_builder.h"
#include "columnar/time_text.h"
#include "columnar/type.h"
#include "connectors/formats/json/value_kind.h"

namespace thalweg::connectors::json {

/// Finds the field of a key without comparing it with all.
class KeyTable {
 public:
  /// Keys of up to 2^16 fields; of equal ones the first counts.
  explicit KeyTable(std::vector<std::string_view> keys);

  /// The index of the key, or -1. At least 8 bytes behind `key` must be readable.
  int Find(std::string_view key) const;
  const std::string& key(std::size_t i) const { return keys_[i]; }

 private:
  std::uint64_t HashOf(std::string_view key) const;

  std::vector<std::string> keys_;
  std::vector<std::int32_t> slots_;  // Open addressing; -1: free.
  int shift_;
};

struct Node {
  Node(std::string path, columnar::DataType type, columnar::ColumnBuilder* out);

  const std::string path;  // "bid.price"; "tags.element".
  const columnar::DataType type;
  const ValueKind kind;
  columnar::ColumnBuilder* const out;  // Null for the root.
  std::vector<Node> children;          // ROW: fields; ARRAY: element; MAP: key and value.
  std::optional<KeyTable> keys;        // ROW.
  std::optional<columnar::TimestampParser> timestamps;
  std::vector<std::uint64_t> seen;   // ROW: per child, the number of the object it was seen in.
  std::uint64_t object_count = 0;    // ROW: objects begun so far.
  std::size_t element_count = 0;     // ARRAY and MAP: elements written to the child builder.
  std::size_t element_capacity = 0;  // ARRAY and MAP: elements that there is room for.

  template <class T>
  void Store(std::size_t row, T value) {
    out->MutableValues<T>()[row] = value;
  }
};

/// The root of a schema, whose children write to `batch`, which stays where it is.
Node MakeRoot(const columnar::Schema& schema, columnar::BatchBuilder& batch);

/// Makes room for `capacity` rows, of which `row_count` are written.
void Reserve(Node& node, std::size_t row_count, std::size_t capacity);
/// Makes room for one more element of an ARRAY or a MAP.
void ReserveElement(Node& list);
/// Rows [0, row_count) are complete.
void SetLengths(Node& node, std::size_t row_count);
/// Writes a null, and nothing but nulls and zeroes below it.
void StoreNull(Node& node, std::size_t row);
/// Takes back what was written to a row that does not count.
void Rollback(Node& node, std::size_t row);
/// After SetLengths() and the end of the batch.
void Clear(Node& node);

}  // namespace thalweg::connectors::json

#endif  // THALWEG_CONNECTORS_FORMATS_JSON_NODE_H_
