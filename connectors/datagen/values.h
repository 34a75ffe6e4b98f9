// SPDX-License-Identifier: Apache-2.0
//
// Columns of made-up values for given row numbers.
#ifndef THALWEG_CONNECTORS_DATAGEN_VALUES_H_
#define THALWEG_CONNECTORS_DATAGEN_VALUES_H_

#include <cstdint>
#include <span>
#include <vector>

#include "columnar/batch.h"
#include "columnar/column_builder.h"
#include "proto/connectors.pb.h"

namespace thalweg::connectors {

/// Makes rows. A value depends on the seed, the place of its field in the schema and the row number
/// alone. Not thread-safe.
class RowMaker {
 public:
  /// REQUIRES: spec.fields() is one per column.
  RowMaker(const proto::DatagenSpec& spec, columnar::SchemaPtr schema);

  /// The rows of these numbers, in this order; at most kMaxBatchRows.
  columnar::Batch Make(std::span<const std::uint64_t> rows);

 private:
  struct Field {
    proto::DatagenField spec;
    std::uint64_t seed = 0;
    std::vector<Field> parts;
  };

  static Field MakeField(const proto::DatagenField& spec, std::uint64_t seed);
  static void Append(const Field& field,
                     std::span<const std::uint64_t> rows,
                     columnar::ColumnBuilder& out);
  template <class T>
  static void AppendIntegers(const Field& field,
                             std::span<const std::uint64_t> rows,
                             columnar::ColumnBuilder& out);
  template <class T>
  static void AppendReals(const Field& field,
                          std::span<const std::uint64_t> rows,
                          columnar::ColumnBuilder& out);
  static void AppendStrings(const Field& field,
                            std::span<const std::uint64_t> rows,
                            columnar::ColumnBuilder& out);
  static void AppendRow(const Field& field, std::uint64_t row, columnar::ColumnBuilder& out);
  static void AppendList(const Field& field, std::uint64_t row, columnar::ColumnBuilder& out);

  columnar::SchemaPtr schema_;
  std::vector<Field> fields_;
};

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_DATAGEN_VALUES_H_
