// SPDX-License-Identifier: Apache-2.0
#include "connectors/filesystem/partitions.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "columnar/text.h"
#include "columnar/time_text.h"
#include "connectors/filesystem/paths.h"

namespace thalweg::connectors {
namespace {

constexpr std::uint32_t kVersion = 1;

std::vector<columnar::DataType> TypesOf(const columnar::Schema& schema,
                                        std::span<const std::uint32_t> columns) {
  std::vector<columnar::DataType> types;
  for (const std::uint32_t column : columns) {
    types.push_back(schema.type(column));
  }
  return types;
}

}  // namespace

PartitionSplitter::PartitionSplitter(const proto::FilesystemSinkSpec& spec,
                                     columnar::SchemaPtr schema)
    : columns_(spec.partition_columns().begin(), spec.partition_columns().end()),
      default_partition_(spec.default_partition().empty() ? kDefaultPartitionName
                                                          : spec.default_partition()),
      schema_(std::move(schema)),
      encoder_(TypesOf(*schema_, columns_)) {
  std::vector<columnar::Field> records;
  for (std::uint32_t i = 0; i < schema_->size(); ++i) {
    if (std::ranges::find(columns_, i) == columns_.end()) {
      records.push_back(schema_->field(i));
      record_columns_.push_back(i);
    }
  }
  record_schema_ = columns_.empty() ? schema_ : columnar::Schema::Make(std::move(records));
}

void PartitionSplitter::Describe(const columnar::Batch& batch,
                                 std::size_t row,
                                 PartitionRows& part) const {
  for (const std::uint32_t column : columns_) {
    const columnar::Column& values = *batch.column(column);
    std::optional<std::string> value;
    if (!values.IsNull(row)) {
      value = columnar::TextAt(values, row);
    }
    // An empty text would make a name that cannot be told from none.
    const std::string& name = value.has_value() && !value->empty() ? *value : default_partition_;
    part.folder += PartitionFolder(schema_->field(column).name, name) + "/";
    part.values.push_back(std::move(value));
  }
}

std::vector<PartitionRows> PartitionSplitter::Split(const columnar::Batch& batch) {
  std::vector<PartitionRows> parts;
  if (columns_.empty()) {
    parts.push_back({.folder = "", .values = {}, .key = "", .rows = batch});
    return parts;
  }
  encoder_.Encode(batch, columns_, &keys_);
  std::unordered_map<std::string_view, std::size_t, StringHash> index;
  std::vector<std::vector<std::uint32_t>> rows;
  std::string_view last;
  std::size_t last_part = 0;
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    const std::string_view key = keys_[row];
    if (row == 0 || key != last) {
      const auto [found, is_new] = index.emplace(key, parts.size());
      last_part = found->second;
      last = key;
      if (is_new) {
        PartitionRows& part = parts.emplace_back();
        part.key = std::string(key);
        Describe(batch, row, part);
        rows.emplace_back();
      }
    }
    rows[last_part].push_back(row);
  }
  std::vector<columnar::ColumnPtr> columns;
  for (const std::uint32_t column : record_columns_) {
    columns.push_back(batch.column(column));
  }
  const columnar::Batch records =
      batch.WithMarks({}).WithColumns(record_schema_, std::move(columns));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i].rows = parts.size() == 1 ? records : records.Take(rows[i]);
  }
  return parts;
}

PartitionCommits::PartitionCommits(const proto::FilesystemSinkSpec& spec,
                                   std::vector<std::string> names)
    : enabled_(spec.has_commit()), spec_(spec.commit()), names_(std::move(names)) {}

StatusOr<std::optional<EventMillis>> PartitionCommits::TimeOf(const PartitionRows& part) const {
  if (spec_.trigger() != proto::COMMIT_PARTITION_TIME) {
    return std::optional<EventMillis>();
  }
  bool has_null = false;
  const std::string pattern =
      spec_.timestamp_pattern().empty() ? "$" + names_[0] : spec_.timestamp_pattern();
  const std::string text = FillPattern(pattern, names_, [&](std::string_view name) {
    const auto index = std::ranges::find(names_, name) - names_.begin();
    const std::optional<std::string>& value = part.values[static_cast<std::size_t>(index)];
    has_null = has_null || !value.has_value();
    return value.value_or("");
  });
  if (has_null) {
    return std::optional<EventMillis>();
  }
  const columnar::DataType type = columnar::DataType::Timestamp(3);
  const std::optional<std::int64_t> value = columnar::TimestampParser(type).Parse(text);
  if (!value.has_value()) {
    return InvalidArgument(fmt::format(
        "Partition '{}' has no time: the pattern '{}' gives '{}', and yyyy-MM-dd[ HH:mm:ss] was "
        "expected. Set 'partition.time-extractor.timestamp-pattern'.",
        part.folder,
        pattern,
        text));
  }
  return std::optional(columnar::ToEventMillis(type, *value));
}

Status PartitionCommits::OnRows(const PartitionRows& part, WallTime now) {
  if (open_.contains(part.folder)) {
    return OkStatus();
  }
  ASSIGN_OR_RETURN(const std::optional<EventMillis> time, TimeOf(part));
  open_.emplace(part.folder, Partition{.key = part.key, .created = now, .time = time});
  return OkStatus();
}

bool PartitionCommits::IsDue(const Partition& partition, const CommitTime& time) const {
  if (time.ended) {
    return true;
  }
  if (spec_.trigger() == proto::COMMIT_PROCESS_TIME) {
    return time.now >= partition.created + Milliseconds(spec_.delay_millis());
  }
  return partition.time.has_value() && time.watermark >= *partition.time + spec_.delay_millis();
}

std::vector<std::string> PartitionCommits::TakeDue(CheckpointId checkpoint,
                                                   const CommitTime& time) {
  std::vector<std::string> due;
  for (auto open = open_.begin(); open != open_.end();) {
    if (!IsDue(open->second, time)) {
      ++open;
      continue;
    }
    due.push_back(open->first);
    committing_.push_back({open->first, std::move(open->second), checkpoint});
    open = open_.erase(open);
  }
  return due;
}

std::vector<std::string> PartitionCommits::Committing(CheckpointId checkpoint) const {
  std::vector<std::string> folders;
  for (const Committed& partition : committing_) {
    if (partition.checkpoint <= checkpoint) {
      folders.push_back(partition.folder);
    }
  }
  return folders;
}

void PartitionCommits::OnCommitted(CheckpointId checkpoint) {
  std::erase_if(committing_, [&](const Committed& p) { return p.checkpoint <= checkpoint; });
}

void PartitionCommits::AppendEntries(std::vector<proto::OperatorStateEntry>* entries) const {
  const auto add = [&](const std::string& folder, const Partition& partition, bool committing) {
    proto::OpenPartition value;
    value.set_folder(folder);
    value.set_created_millis(partition.created.time_since_epoch().count());
    if (partition.time.has_value()) {
      value.set_time_millis(*partition.time);
    }
    value.set_committing(committing);
    proto::OperatorStateEntry& entry = entries->emplace_back();
    entry.set_name(std::string(kListName));
    entry.set_key(partition.key);  // So that it goes where the partition's rows go.
    entry.set_value(value.SerializeAsString());
    entry.set_version(kVersion);
    entry.set_redistribution(proto::REDISTRIBUTE_BY_OWNER);
  };
  for (const auto& [folder, partition] : open_) {
    add(folder, partition, /*committing=*/false);
  }
  for (const Committed& committed : committing_) {
    add(committed.folder, committed.partition, /*committing=*/true);
  }
}

Status PartitionCommits::Restore(const proto::OperatorStateEntry& entry) {
  proto::OpenPartition value;
  if (entry.version() != kVersion || !value.ParseFromString(entry.value())) {
    return DataLoss(fmt::format(
        "A partition in the checkpoint cannot be read by a file sink (version {}; this program "
        "reads version {}).",
        entry.version(),
        kVersion));
  }
  Partition partition{
      .key = entry.key(),
      .created = WallTime(Milliseconds(value.created_millis())),
      .time = value.has_time_millis() ? std::optional(value.time_millis()) : std::nullopt};
  if (value.committing()) {
    committing_.push_back({value.folder(), std::move(partition), CheckpointId(0)});
  } else {
    open_.emplace(value.folder(), std::move(partition));
  }
  return OkStatus();
}

}  // namespace thalweg::connectors
