// SPDX-License-Identifier: Apache-2.0
//
// The columns of a table over files: most lie in the records, others are the same for all records
// of a file: what is known about it, and the partition that its path names.
#ifndef THALWEG_CONNECTORS_FILESYSTEM_FILE_COLUMNS_H_
#define THALWEG_CONNECTORS_FILESYSTEM_FILE_COLUMNS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "base/status.h"
#include "columnar/batch.h"
#include "columnar/datum.h"
#include "columnar/type.h"
#include "proto/connectors.pb.h"

namespace thalweg::connectors {

/// Of one reader; not thread-safe.
class FileColumns {
 public:
  FileColumns(const proto::FilesystemSourceSpec& spec, columnar::SchemaPtr schema);

  /// The columns that lie in the records, in the order of the schema.
  const columnar::SchemaPtr& record_schema() const { return record_schema_; }
  /// Whether a batch can have rows of only one file.
  bool has_constants() const { return !constants_.empty(); }

  /// The rows that are added next are of this file. kInvalidArgument: its path does not name a
  /// partition column, or its value is none of the column's type.
  Status Begin(const proto::FileSplit& file);
  /// The whole rows.
  columnar::Batch Complete(columnar::Batch records) const;

 private:
  struct Constant {
    std::size_t column;  // Of the schema.
    proto::FileColumn source;
    columnar::Datum value;
  };

  StatusOr<columnar::Datum> ValueOf(const Constant& constant, const proto::FileSplit& file) const;
  StatusOr<columnar::Datum> PartitionOf(const std::string& name,
                                        const columnar::DataType& type,
                                        const std::string& file) const;

  const std::string path_;
  const std::string default_partition_;
  const columnar::SchemaPtr schema_;
  columnar::SchemaPtr record_schema_;
  std::vector<Constant> constants_;  // In the order of the schema.
};

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FILESYSTEM_FILE_COLUMNS_H_
