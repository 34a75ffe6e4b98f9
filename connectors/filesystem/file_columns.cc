// SPDX-License-Identifier: Apache-2.0
#include "connectors/filesystem/file_columns.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "columnar/text.h"
#include "connectors/filesystem/paths.h"
#include "connectors/filesystem/plan.h"

namespace thalweg::connectors {

using columnar::Datum;

FileColumns::FileColumns(const proto::FilesystemSourceSpec& spec, columnar::SchemaPtr schema)
    : path_(spec.path()),
      default_partition_(spec.default_partition().empty() ? kDefaultPartitionName
                                                          : spec.default_partition()),
      schema_(std::move(schema)) {
  std::vector<columnar::Field> records;
  for (std::size_t i = 0; i < schema_->size(); ++i) {
    const columnar::Field& field = schema_->field(i);
    const auto source = std::ranges::find_if(spec.columns(), [&](const proto::FileColumn& column) {
      return column.name() == field.name;
    });
    if (source == spec.columns().end()) {
      records.push_back(field);
    } else {
      constants_.push_back({i, *source, Datum()});
    }
  }
  record_schema_ = constants_.empty() ? schema_ : columnar::Schema::Make(std::move(records));
}

Status FileColumns::Begin(const proto::FileSplit& file) {
  for (Constant& constant : constants_) {
    ASSIGN_OR_RETURN(constant.value, ValueOf(constant, file));
  }
  return OkStatus();
}

columnar::Batch FileColumns::Complete(columnar::Batch records) const {
  if (constants_.empty()) {
    return records;
  }
  std::vector<columnar::ColumnPtr> columns;
  std::size_t next_record = 0;
  std::size_t next_constant = 0;
  for (std::size_t i = 0; i < schema_->size(); ++i) {
    if (next_constant < constants_.size() && constants_[next_constant].column == i) {
      columns.push_back(columnar::Column::Constant(
          schema_->type(i), records.row_count(), constants_[next_constant++].value));
    } else {
      columns.push_back(records.column(next_record++));
    }
  }
  return columnar::Batch(schema_, std::move(columns), records.row_count());
}

StatusOr<Datum> FileColumns::ValueOf(const Constant& constant, const proto::FileSplit& file) const {
  const std::string& key = constant.source.metadata_key();
  const columnar::DataType& type = schema_->type(constant.column);
  if (key.empty()) {
    return PartitionOf(constant.source.name(), type, file.file());
  }
  if (key == kFilePathKey) {
    return Datum("/" + file.file());
  }
  if (key == kFileNameKey) {
    return Datum(file.file().substr(file.file().rfind('/') + 1));
  }
  if (key == kFileSizeKey) {
    return Datum(static_cast<std::int64_t>(file.file_size()));
  }
  if (key == kModificationTimeKey) {
    return Datum(columnar::FromEventMillis(type, file.modified_millis()));
  }
  return Unimplemented(
      fmt::format("The plan wants '{}' of a file, which this program does not know.", key));
}

StatusOr<Datum> FileColumns::PartitionOf(const std::string& name,
                                         const columnar::DataType& type,
                                         const std::string& file) const {
  const std::string_view relative =
      std::string_view(file).substr(std::min(path_.size() + 1, file.size()));
  const std::optional<std::string> text = PartitionValue(relative, name);
  if (!text.has_value()) {
    return InvalidArgument(fmt::format(
        "File '{0}' lies in no folder '{1}=...' below '{2}', which PARTITIONED BY ({1}) "
        "asks for. Move it, or leave the partition column out.",
        file,
        name,
        path_));
  }
  if (*text == default_partition_) {
    if (!type.nullable()) {
      return InvalidArgument(fmt::format(
          "File '{}' lies in the partition of NULL, and column '{}' is NOT NULL.", file, name));
    }
    return Datum();
  }
  if (type.IsCharacter()) {
    return Datum(*text);
  }
  StatusOr<Datum> value = columnar::ParseDatum(type, *text);
  if (!value.ok()) {
    return InvalidArgument(fmt::format("The folder of file '{}' gives partition column '{}': {}",
                                       file,
                                       name,
                                       MessageOf(value.status())));
  }
  return value;
}

}  // namespace thalweg::connectors
