// SPDX-License-Identifier: Apache-2.0
#include "connectors/filesystem/filesystem.h"

#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "connectors/filesystem/file_enumerator.h"
#include "connectors/filesystem/file_reader.h"
#include "connectors/filesystem/file_sink.h"
#include "storage/store.h"

namespace thalweg::connectors {
namespace {

using runtime::ConnectorContext;
using runtime::TableRequest;

inline constexpr Option<std::string_view> kPath{
    .key = "path", .default_value = "", .description = "A file or a folder."};
inline constexpr Option<std::string_view> kFormat{
    .key = "format", .default_value = "", .description = "json"};
inline constexpr Option<std::string_view> kOnError{
    .key = "on-error", .default_value = "fail", .description = "fail or skip."};
inline constexpr Option<ByteSize> kSplitSize{.key = "source.split-size",
                                             .default_value = ByteSize{64U << 20},
                                             .min = ByteSize{1},
                                             .description = "Larger files are read in parts."};
inline constexpr Option<std::string_view> kChangelog{
    .key = "changelog", .default_value = "none", .description = "none or column."};

/// Options of Flink's connector that would change what is read or written, were they heeded.
constexpr std::string_view kUnsupported[] = {"source.monitor-interval",
                                             "source.path.regex-pattern",
                                             "sink.rolling-policy.file-size",
                                             "sink.rolling-policy.rollover-interval",
                                             "sink.rolling-policy.check-interval",
                                             "auto-compaction",
                                             "compaction.file-size",
                                             "compaction.parallelism",
                                             "partition.default-name",
                                             "partition.time-extractor.kind",
                                             "partition.time-extractor.class",
                                             "partition.time-extractor.timestamp-pattern",
                                             "partition.time-extractor.timestamp-formatter",
                                             "sink.partition-commit.trigger",
                                             "sink.partition-commit.delay",
                                             "sink.partition-commit.policy.kind",
                                             "sink.partition-commit.policy.class",
                                             "sink.partition-commit.success-file.name",
                                             "sink.partition-commit.watermark-time-zone",
                                             "sink.shuffle-by-partition.enable",
                                             "sink.parallelism"};

Status BadValue(std::string_view key, std::string_view value, std::string_view allowed) {
  return InvalidArgument(fmt::format(
      "Option '{}' of connector 'filesystem' is '{}'; it may be {}.", key, value, allowed));
}

/// What source and sink share: path and format. `keys` are the role's own options.
StatusOr<JsonOptions> CheckCommon(const TableRequest& table, std::vector<std::string_view> keys) {
  for (const std::string_view key : kUnsupported) {
    if (table.options.Find(key)) {
      return Unimplemented(fmt::format(
          "Option '{}' of connector 'filesystem' is not supported. Files are read once; a sink "
          "begins a new file at each checkpoint.",
          key));
    }
  }
  keys.insert(keys.end(), {kPath.key, kFormat.key});
  keys.insert(keys.end(), JsonOptionKeys().begin(), JsonOptionKeys().end());
  RETURN_IF_ERROR(Annotate(table.options.CheckKeys(keys), "Connector 'filesystem'"));
  ASSIGN_OR_RETURN(const std::string format, table.options.Get(kFormat));
  if (format.empty()) {
    return InvalidArgument("Connector 'filesystem' needs the option 'format', such as 'json'.");
  }
  if (format != "json") {
    return Unimplemented(fmt::format(
        "Format '{}' of connector 'filesystem' is not supported; there is 'json'.", format));
  }
  RETURN_IF_ERROR(CheckJsonSchema(*table.schema));
  return ParseJsonOptions(table.options);
}

StatusOr<std::string> KeyFrom(const TableRequest& table) {
  ASSIGN_OR_RETURN(const std::string path, table.options.Get(kPath));
  if (path.empty()) {
    return InvalidArgument("Connector 'filesystem' needs the option 'path'.");
  }
  return KeyOfPath(path);
}

StatusOr<proto::OnError> ParseOnError(const TableRequest& table) {
  ASSIGN_OR_RETURN(const std::string on_error, table.options.Get(kOnError));
  if (on_error == "dead-letter") {
    return Unimplemented(
        "Option 'on-error' of connector 'filesystem' is 'dead-letter', which is not supported; "
        "'fail' stops the job at a bad record, 'skip' counts it in the metric bad_records.");
  }
  if (on_error != "fail" && on_error != "skip") {
    return BadValue(kOnError.key, on_error, "fail or skip");
  }
  return on_error == "fail" ? proto::ON_ERROR_FAIL : proto::ON_ERROR_SKIP;
}

template <class Spec>
StatusOr<Spec> ParseSpec(const std::string& bytes) {
  Spec spec;
  if (!spec.ParseFromString(bytes)) {
    return DataLoss("The spec of a table with connector 'filesystem' cannot be read.");
  }
  return spec;
}

Status CheckContext(const ConnectorContext& context) {
  if (context.files == nullptr) {
    return FailedPrecondition(
        "Connector 'filesystem' needs a store of files, and this process was given none.");
  }
  return OkStatus();
}

class FileSourceConnector final : public runtime::SourceConnector {
 public:
  StatusOr<std::string> Plan(const TableRequest& table) const override {
    FileSourceOptions options;
    ASSIGN_OR_RETURN(options.json, CheckCommon(table, {kOnError.key, kSplitSize.key}));
    ASSIGN_OR_RETURN(options.path, KeyFrom(table));
    ASSIGN_OR_RETURN(options.on_error, ParseOnError(table));
    ASSIGN_OR_RETURN(const ByteSize split_size, table.options.Get(kSplitSize));
    options.split_bytes = split_size.value;
    return FileSourceSpecOf(options);
  }

  StatusOr<std::unique_ptr<runtime::Enumerator>> OpenEnumerator(
      const std::string& bytes, ConnectorContext context) const override {
    RETURN_IF_ERROR(CheckContext(context));
    ASSIGN_OR_RETURN(auto spec, ParseSpec<proto::FilesystemSourceSpec>(bytes));
    return std::make_unique<FileEnumerator>(std::move(spec), std::move(context));
  }

  StatusOr<std::unique_ptr<runtime::Reader>> OpenReader(const std::string& bytes,
                                                        columnar::SchemaPtr schema,
                                                        ConnectorContext context) const override {
    RETURN_IF_ERROR(CheckContext(context));
    RETURN_IF_ERROR(CheckJsonSchema(*schema));
    ASSIGN_OR_RETURN(auto spec, ParseSpec<proto::FilesystemSourceSpec>(bytes));
    return std::make_unique<FileReader>(std::move(spec), std::move(schema), std::move(context));
  }
};

class FileSinkConnector final : public runtime::SinkConnector {
 public:
  StatusOr<std::string> Plan(const TableRequest& table) const override {
    FileSinkOptions options;
    ASSIGN_OR_RETURN(options.json, CheckCommon(table, {kChangelog.key}));
    ASSIGN_OR_RETURN(options.path, KeyFrom(table));
    ASSIGN_OR_RETURN(const std::string changelog, table.options.Get(kChangelog));
    if (changelog != "none" && changelog != "column") {
      return BadValue(kChangelog.key, changelog, "none or column");
    }
    options.changelog = changelog == "column" ? proto::CHANGELOG_COLUMN : proto::CHANGELOG_REFUSED;
    if (table.updating && options.changelog == proto::CHANGELOG_REFUSED) {
      return InvalidArgument(
          "Connector 'filesystem' cannot take back rows, and the query updates its result. Set "
          "'changelog' to 'column' to write each change as a row whose first field is the kind.");
    }
    return FileSinkSpecOf(options);
  }

  StatusOr<std::unique_ptr<runtime::Sink>> Open(const std::string& bytes,
                                                columnar::SchemaPtr schema,
                                                ConnectorContext context) const override {
    RETURN_IF_ERROR(CheckContext(context));
    RETURN_IF_ERROR(CheckJsonSchema(*schema));
    ASSIGN_OR_RETURN(auto spec, ParseSpec<proto::FilesystemSinkSpec>(bytes));
    return std::make_unique<FileSink>(std::move(spec), std::move(schema), std::move(context));
  }
};

}  // namespace

StatusOr<std::string> KeyOfPath(const std::string& path) {
  std::string_view key = path;
  if (key.starts_with("file:")) {
    key.remove_prefix(5);
  } else if (const std::size_t scheme = key.find("://"); scheme != std::string_view::npos) {
    return Unimplemented(fmt::format("Path '{}': files of '{}' are not supported; there is 'file'.",
                                     path,
                                     key.substr(0, scheme)));
  }
  while (key.starts_with('/')) {
    key.remove_prefix(1);
  }
  while (key.ends_with('/')) {
    key.remove_suffix(1);
  }
  RETURN_IF_ERROR(Annotate(storage::ValidateKey(key), "Option 'path' of connector 'filesystem'"));
  return std::string(key);
}

std::string FileSourceSpecOf(const FileSourceOptions& options) {
  proto::FilesystemSourceSpec spec;
  spec.set_path(options.path);
  *spec.mutable_json() = options.json;
  spec.set_on_error(options.on_error);
  spec.set_split_bytes(options.split_bytes);
  return spec.SerializeAsString();
}

std::string FileSinkSpecOf(const FileSinkOptions& options) {
  proto::FilesystemSinkSpec spec;
  spec.set_path(options.path);
  *spec.mutable_json() = options.json;
  spec.set_changelog(options.changelog);
  return spec.SerializeAsString();
}

std::unique_ptr<runtime::SourceConnector> MakeFileSource() {
  return std::make_unique<FileSourceConnector>();
}

std::unique_ptr<runtime::SinkConnector> MakeFileSink() {
  return std::make_unique<FileSinkConnector>();
}

}  // namespace thalweg::connectors
