// SPDX-License-Identifier: Apache-2.0
#include "connectors/filesystem/plan.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "columnar/type_proto.h"
#include "connectors/common/table_options.h"
#include "connectors/filesystem/file_names.h"
#include "connectors/filesystem/paths.h"
#include "connectors/filesystem/pattern.h"
#include "connectors/formats/formats.h"

namespace thalweg::connectors {
namespace {

using columnar::DataType;
using columnar::Field;
using columnar::Schema;
using runtime::TableRequest;

constexpr std::string_view kConnector = "filesystem";

inline constexpr std::string_view kOnErrorKey = "on-error";
inline constexpr std::string_view kDeadLetterPathKey = "dead-letter.path";
inline constexpr std::string_view kPatternKey = "source.path.regex-pattern";
inline constexpr std::string_view kDefaultNameKey = "partition.default-name";
inline constexpr Option<ByteSize> kSplitSize{.key = "source.split-size",
                                             .default_value = ByteSize{64U << 20},
                                             .min = ByteSize{1},
                                             .description = "Larger files are read in parts."};
inline constexpr Option<Milliseconds> kMonitorInterval{.key = "source.monitor-interval",
                                                       .default_value = Milliseconds(0),
                                                       .min = Milliseconds(1),
                                                       .description = "Without it: read once."};

inline constexpr std::string_view kChangelogKey = "changelog";
inline constexpr Option<ByteSize> kRollSize{.key = "sink.rolling-policy.file-size",
                                            .default_value = ByteSize{128U << 20},
                                            .min = ByteSize{1},
                                            .description = "Larger files are sealed."};
inline constexpr Option<Milliseconds> kRollInterval{.key = "sink.rolling-policy.rollover-interval",
                                                    .default_value = Milliseconds(1'800'000),
                                                    .min = Milliseconds(0),
                                                    .description = "Older files are sealed."};
inline constexpr Option<Milliseconds> kRollCheck{.key = "sink.rolling-policy.check-interval",
                                                 .default_value = Milliseconds(60'000),
                                                 .min = Milliseconds(0),
                                                 .description = "Between two looks at ages."};
inline constexpr std::string_view kTriggerKey = "sink.partition-commit.trigger";
inline constexpr std::string_view kPolicyKey = "sink.partition-commit.policy.kind";
inline constexpr std::string_view kTimeZoneKey = "sink.partition-commit.watermark-time-zone";
inline constexpr std::string_view kExtractorKey = "partition.time-extractor.kind";
inline constexpr std::string_view kTimePatternKey = "partition.time-extractor.timestamp-pattern";
inline constexpr Option<Milliseconds> kCommitDelay{.key = "sink.partition-commit.delay",
                                                   .default_value = Milliseconds(0),
                                                   .min = Milliseconds(0),
                                                   .description = "Behind the trigger."};
inline constexpr Option<std::string_view> kSuccessFile{
    .key = "sink.partition-commit.success-file.name",
    .default_value = "_SUCCESS",
    .description = "Written into a committed partition."};
inline constexpr Option<bool> kShuffle{.key = "sink.shuffle-by-partition.enable",
                                       .default_value = false,
                                       .description = "One task writes a partition."};

/// Options of Flink's connector that would change what is written, were they heeded.
constexpr std::string_view kUnsupported[] = {"auto-compaction",
                                             "compaction.file-size",
                                             "compaction.parallelism",
                                             "partition.time-extractor.class",
                                             "partition.time-extractor.timestamp-formatter",
                                             "sink.partition-commit.policy.class"};
// A table may be read and written, so each role knows the other one's options.
constexpr std::string_view kSourceKeys[] = {
    kOnErrorKey, kDeadLetterPathKey, kPatternKey, kSplitSize.key, kMonitorInterval.key};
constexpr std::string_view kSinkKeys[] = {kChangelogKey,
                                          kRollSize.key,
                                          kRollInterval.key,
                                          kRollCheck.key,
                                          kTriggerKey,
                                          kPolicyKey,
                                          kTimeZoneKey,
                                          kExtractorKey,
                                          kTimePatternKey,
                                          kCommitDelay.key,
                                          kSuccessFile.key,
                                          kShuffle.key};

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

/// What source and sink share: path, format, partitions.
struct Common {
  std::string path;
  proto::FormatSpec format;
  std::string default_partition;
  Schema records{{}};  // What lies in a file.
};

Status CheckPartitions(const TableRequest& table) {
  for (const std::string& name : table.partition_columns) {
    const auto column = table.schema->IndexOf(name);
    if (!column.has_value()) {
      return InvalidArgument(fmt::format(
          "PARTITIONED BY names '{}', which is no column of {}.", name, table.schema->ToString()));
    }
    const DataType& type = table.schema->type(*column);
    if (!type.fields().empty() || type.kind() == columnar::TypeKind::kRow || type.IsBinary()) {
      return Unimplemented(
          fmt::format("Partition column '{}' is {}; the name of a folder can hold a plain value.",
                      name,
                      type.ToString()));
    }
  }
  return OkStatus();
}

StatusOr<Common> PlanCommon(const TableRequest& table, TableOptions& options) {
  Common common;
  RETURN_IF_ERROR(
      options.Refuse(kUnsupported,
                     "Leave it out: files are not compacted, and times of partitions are read as "
                     "yyyy-MM-dd[ HH:mm:ss]."));
  options.Know(kSourceKeys);
  options.Know(kSinkKeys);
  ASSIGN_OR_RETURN(const std::string path, options.Require("path", "/data/in"));
  ASSIGN_OR_RETURN(common.path, KeyOfPath(path, table.folder));
  ASSIGN_OR_RETURN(common.format, ParseFormat(options));
  common.default_partition =
      std::string(options.Find(kDefaultNameKey).value_or(kDefaultPartitionName));
  RETURN_IF_ERROR(options.CheckNoOthers());
  RETURN_IF_ERROR(CheckPartitions(table));
  std::vector<Field> records;
  for (const Field& field : table.schema->fields()) {
    const bool is_metadata = std::ranges::any_of(
        table.metadata, [&](const auto& metadata) { return metadata.column == field.name; });
    if (!is_metadata && !Contains(table.partition_columns, field.name)) {
      records.push_back(field);
    }
  }
  if (records.empty()) {
    return InvalidArgument(
        "A table with connector 'filesystem' needs a column that lies in its files.");
  }
  common.records = Schema(std::move(records));
  RETURN_IF_ERROR(CheckFormatSchema(common.format, common.records));
  return common;
}

Status AddMetadata(const TableRequest& table, proto::FilesystemSourceSpec& spec) {
  for (const runtime::MetadataColumn& metadata : table.metadata) {
    std::string known;
    const runtime::MetadataKey* found = nullptr;
    const std::vector<runtime::MetadataKey> keys = FileMetadataKeys();
    for (const runtime::MetadataKey& key : keys) {
      known += fmt::format("{}'{}'", known.empty() ? "" : ", ", key.key);
      found = key.key == metadata.key ? &key : found;
    }
    if (found == nullptr) {
      return InvalidArgument(
          fmt::format("Connector 'filesystem' has no metadata '{}' for column '{}'; there are {}.",
                      metadata.key,
                      metadata.column,
                      known));
    }
    const auto column = table.schema->IndexOf(metadata.column);
    if (!column.has_value() || table.schema->type(*column).Nullable() != found->type.Nullable()) {
      return InvalidArgument(fmt::format("Metadata column '{}' must be {}, as '{}' is.",
                                         metadata.column,
                                         found->type.Nullable().ToString(),
                                         metadata.key));
    }
    proto::FileColumn* const out = spec.add_columns();
    out->set_name(metadata.column);
    out->set_metadata_key(metadata.key);
  }
  return OkStatus();
}

/// Columns that are wanted must be columns of the table, and may be narrower where parts are found
/// by name.
Status CheckRead(const TableRequest& table, const proto::FormatSpec& format) {
  if (table.read == nullptr) {
    return OkStatus();
  }
  for (const Field& field : table.read->fields()) {
    const auto column = table.schema->IndexOf(field.name);
    if (!column.has_value() ||
        (!FindsByName(format) && table.schema->type(*column).Nullable() != field.type.Nullable())) {
      return InvalidArgument(fmt::format("Column '{}' {} is wanted of a table of {}.",
                                         field.name,
                                         field.type.ToString(),
                                         table.schema->ToString()));
    }
  }
  return OkStatus();
}

/// Where records go that are no rows.
StatusOr<runtime::DeadLetterSink> PlanDeadLetters(const TableRequest& table,
                                                  const std::string& source,
                                                  TableOptions& options) {
  ASSIGN_OR_RETURN(const std::string path, options.Require(kDeadLetterPathKey, "/data/bad"));
  proto::FilesystemSinkSpec sink;
  ASSIGN_OR_RETURN(*sink.mutable_path(), KeyOfPath(path, table.folder));
  const std::string folder = source + "/";
  const bool is_inside = (sink.path() + "/").starts_with(folder);
  if (is_inside && !IsHiddenName(std::string_view(sink.path() + "/").substr(folder.size()))) {
    return options.Bad(kDeadLetterPathKey,
                       path,
                       "it lies in the folder that is read, so bad records would be read again. "
                       "Choose another folder, or one whose name begins with '_'");
  }
  sink.mutable_format()->mutable_json()->set_ignore_null_fields(true);
  return runtime::DeadLetterSink{std::string(kConnector), sink.SerializeAsString()};
}

StatusOr<proto::PartitionCommit> PlanCommit(const TableRequest& table, TableOptions& options) {
  proto::PartitionCommit commit;
  ASSIGN_OR_RETURN(const proto::PartitionCommitTrigger trigger,
                   options.GetChoice<proto::PartitionCommitTrigger>(
                       kTriggerKey,
                       {{"process-time", proto::COMMIT_PROCESS_TIME},
                        {"partition-time", proto::COMMIT_PARTITION_TIME}},
                       proto::COMMIT_PROCESS_TIME));
  commit.set_trigger(trigger);
  ASSIGN_OR_RETURN(const Milliseconds delay, options.Get(kCommitDelay));
  commit.set_delay_millis(delay.count());
  ASSIGN_OR_RETURN(*commit.mutable_success_file(), options.Get(kSuccessFile));
  if (!IsHiddenName(commit.success_file()) ||
      commit.success_file().find('/') != std::string::npos || commit.success_file()[0] == '.') {
    return options.Bad(kSuccessFile.key,
                       commit.success_file(),
                       "it must begin with '_' and be no path, so that nobody reads it as rows");
  }
  const std::string_view zone = options.Find(kTimeZoneKey).value_or("UTC");
  if (zone != "UTC") {
    return Unimplemented(fmt::format(
        "Option '{}' of connector 'filesystem' is '{}'; there is only 'UTC'. Let the partition "
        "columns hold times of UTC.",
        kTimeZoneKey,
        zone));
  }
  const std::string_view extractor = options.Find(kExtractorKey).value_or("default");
  if (extractor != "default") {
    return options.Bad(kExtractorKey, extractor, "there is only 'default'");
  }
  commit.set_timestamp_pattern(std::string(options.Find(kTimePatternKey).value_or("")));
  if (trigger == proto::COMMIT_PARTITION_TIME && !commit.timestamp_pattern().empty()) {
    bool found = false;
    FillPattern(commit.timestamp_pattern(), table.partition_columns, [&](std::string_view) {
      found = true;
      return "";
    });
    if (!found) {
      return options.Bad(kTimePatternKey,
                         commit.timestamp_pattern(),
                         "it names no partition column, such as '$dt'");
    }
  }
  return commit;
}

}  // namespace

std::vector<runtime::MetadataKey> FileMetadataKeys() {
  return {{kFilePathKey, DataType::String().NotNull()},
          {kFileNameKey, DataType::String().NotNull()},
          {kFileSizeKey, DataType::BigInt().NotNull()},
          {kModificationTimeKey, DataType::TimestampLtz(3).NotNull()}};
}

StatusOr<FileSourcePlan> PlanFileSource(const TableRequest& table) {
  FileSourcePlan plan;
  proto::FilesystemSourceSpec& spec = plan.spec;
  TableOptions options(kConnector, table.options);
  ASSIGN_OR_RETURN(Common common, PlanCommon(table, options));
  RETURN_IF_ERROR(CheckRead(table, common.format));
  spec.set_path(common.path);
  columnar::ToProto(common.records, spec.mutable_records());
  RETURN_IF_ERROR(AddMetadata(table, spec));
  for (const std::string& name : table.partition_columns) {
    spec.add_columns()->set_name(name);
  }
  spec.set_default_partition(common.default_partition);
  ASSIGN_OR_RETURN(const ByteSize split_size, options.Get(kSplitSize));
  spec.set_split_bytes(HasLongRecords(common.format) ? 0 : split_size.value);
  ASSIGN_OR_RETURN(const Milliseconds interval, options.Get(kMonitorInterval));
  spec.set_monitor_interval_millis(interval.count());
  if (const auto pattern = options.Find(kPatternKey)) {
    if (const Status compiled = Pattern::Compile(*pattern).status(); !compiled.ok()) {
      return options.Bad(kPatternKey, *pattern, MessageOf(compiled));
    }
    spec.set_pattern(std::string(*pattern));
  }
  ASSIGN_OR_RETURN(const proto::OnError on_error,
                   options.GetChoice<proto::OnError>(kOnErrorKey,
                                                     {{"fail", proto::ON_ERROR_FAIL},
                                                      {"skip", proto::ON_ERROR_SKIP},
                                                      {"dead-letter", proto::ON_ERROR_DEAD_LETTER}},
                                                     proto::ON_ERROR_FAIL));
  spec.set_on_error(on_error);
  if (on_error == proto::ON_ERROR_DEAD_LETTER) {
    ASSIGN_OR_RETURN(plan.traits.dead_letters, PlanDeadLetters(table, common.path, options));
  } else if (const auto path = options.Find(kDeadLetterPathKey)) {
    return options.Bad(
        kDeadLetterPathKey, *path, "it has a meaning only with 'on-error' = 'dead-letter'");
  }
  plan.traits.bounded = interval == Milliseconds(0);
  plan.traits.narrows_rows = FindsByName(common.format);
  *spec.mutable_format() = std::move(common.format);
  return plan;
}

StatusOr<FileSinkPlan> PlanFileSink(const TableRequest& table) {
  FileSinkPlan plan;
  proto::FilesystemSinkSpec& spec = plan.spec;
  TableOptions options(kConnector, table.options);
  ASSIGN_OR_RETURN(Common common, PlanCommon(table, options));
  if (!table.metadata.empty()) {
    return Unimplemented(
        fmt::format("Metadata column '{}' cannot be written by connector 'filesystem'. Declare it "
                    "as VIRTUAL.",
                    table.metadata[0].column));
  }
  spec.set_path(common.path);
  ASSIGN_OR_RETURN(const proto::ChangelogMode changelog,
                   options.GetChoice<proto::ChangelogMode>(
                       kChangelogKey,
                       {{"none", proto::CHANGELOG_REFUSED}, {"column", proto::CHANGELOG_COLUMN}},
                       proto::CHANGELOG_REFUSED));
  spec.set_changelog(changelog);
  if (table.updating && changelog == proto::CHANGELOG_REFUSED) {
    return InvalidArgument(
        "Connector 'filesystem' cannot take back rows, and the query updates its result. Set "
        "'changelog' to 'column' to write each change as a row whose first field is the kind.");
  }
  if (changelog == proto::CHANGELOG_COLUMN && common.format.has_raw()) {
    return options.Bad(kChangelogKey, "column", "the format 'raw' has no place for it");
  }
  for (const std::string& name : table.partition_columns) {
    spec.add_partition_columns(static_cast<std::uint32_t>(*table.schema->IndexOf(name)));
  }
  spec.set_default_partition(common.default_partition);
  ASSIGN_OR_RETURN(const ByteSize roll_size, options.Get(kRollSize));
  ASSIGN_OR_RETURN(const Milliseconds roll_interval, options.Get(kRollInterval));
  ASSIGN_OR_RETURN(const Milliseconds roll_check, options.Get(kRollCheck));
  spec.set_roll_bytes(roll_size.value);
  spec.set_rollover_millis(roll_interval.count());
  spec.set_check_millis(roll_check.count());
  if (const auto policy = options.Find(kPolicyKey)) {
    if (*policy != "success-file") {
      return options.Bad(kPolicyKey, *policy, "there is only 'success-file'");
    }
    if (table.partition_columns.empty()) {
      return options.Bad(kPolicyKey, *policy, "the table has no PARTITIONED BY");
    }
    ASSIGN_OR_RETURN(*spec.mutable_commit(), PlanCommit(table, options));
  }
  ASSIGN_OR_RETURN(const bool shuffle, options.Get(kShuffle));
  if (shuffle || spec.has_commit()) {
    // Who commits a partition must have written all of it.
    plan.traits.distribution = table.partition_columns;
  }
  *spec.mutable_format() = std::move(common.format);
  return plan;
}

}  // namespace thalweg::connectors
