// SPDX-License-Identifier: Apache-2.0
//
// What a planner and a connector tell each other about a table, before anything runs:
//
//   TableRequest ──> TraitsOf() ──> what the planner must heed: bounded, dead letters, distribution
//                └─> Plan()     ──> the spec that goes into the plan and comes back in Open()
#ifndef THALWEG_RUNTIME_CONNECTOR_TABLE_H_
#define THALWEG_RUNTIME_CONNECTOR_TABLE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "columnar/type.h"

namespace thalweg::runtime {

/// A column that a source fills from what it knows about a record: `column T METADATA FROM 'key'`.
struct MetadataColumn {
  std::string column;
  std::string key;
};

/// Something that a source knows about each record, and of what type it is. A column declared with
/// another type is given with this one, and the planner casts.
struct MetadataKey {
  std::string_view key;
  columnar::DataType type;
};

/// What a table of the user tells its connector.
struct TableRequest {
  /// All options of the table by Flink's names, but 'connector' and those that the planner itself
  /// heeds ('scan.watermark.*', 'scan.parallelism', 'sink.parallelism').
  Configuration options;
  /// The physical and the metadata columns in their order; computed columns are the planner's.
  columnar::SchemaPtr schema;
  bool updating = false;                            // Sinks: whether rows other than inserts come.
  std::vector<MetadataColumn> metadata = {};        // Sources; each one a column of `schema`.
  std::vector<std::string> partition_columns = {};  // PARTITIONED BY; columns of `schema`.
  /// Sources: what is wanted of `schema`, found by name, in any order; null: all of it. A ROW may
  /// be narrower than declared only where SourceTraits::narrows_rows. It is the schema that
  /// OpenReader() gets.
  columnar::SchemaPtr read = nullptr;
  /// Where relative paths of files begin: a path as users write it; empty: at the root of the store
  /// of files.
  std::string folder = {};
};

/// A sink that the planner must put beside a source; its rows are DeadLetterSchema()
/// (runtime/connector/dead_letters.h).
struct DeadLetterSink {
  std::string connector;  // Registry name.
  std::string spec;
};

/// What a planner must know of a source.
struct SourceTraits {
  bool bounded = false;       // It ends by itself.
  bool narrows_rows = false;  // TableRequest::read may leave out fields of ROW columns.
  /// Set: the plan says ReadStep.dead_letters, and an edge with side_output = 1 leads from the
  /// reader's vertex to one of this sink.
  std::optional<DeadLetterSink> dead_letters;
};

/// What a planner must know of a sink.
struct SinkTraits {
  /// Not empty: all rows that are equal in these columns must come to one task, by a HASH edge.
  std::vector<std::string> distribution;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_CONNECTOR_TABLE_H_
