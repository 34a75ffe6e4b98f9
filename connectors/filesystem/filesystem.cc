// SPDX-License-Identifier: Apache-2.0
#include "connectors/filesystem/filesystem.h"

#include <utility>

#include "connectors/filesystem/file_enumerator.h"
#include "connectors/filesystem/file_reader.h"
#include "connectors/filesystem/file_sink.h"
#include "connectors/filesystem/plan.h"

namespace thalweg::connectors {
namespace {

using runtime::ConnectorContext;
using runtime::TableRequest;

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
  std::vector<runtime::MetadataKey> MetadataKeys() const override { return FileMetadataKeys(); }

  StatusOr<runtime::SourceTraits> TraitsOf(const TableRequest& table) const override {
    ASSIGN_OR_RETURN(const FileSourcePlan plan, PlanFileSource(table));
    return plan.traits;
  }

  StatusOr<std::string> Plan(const TableRequest& table) const override {
    ASSIGN_OR_RETURN(const FileSourcePlan plan, PlanFileSource(table));
    return plan.spec.SerializeAsString();
  }

  StatusOr<std::unique_ptr<runtime::Enumerator>> OpenEnumerator(
      const std::string& bytes, ConnectorContext context) const override {
    RETURN_IF_ERROR(CheckContext(context));
    ASSIGN_OR_RETURN(auto spec, ParseSpec<proto::FilesystemSourceSpec>(bytes));
    return FileEnumerator::Make(std::move(spec), std::move(context));
  }

  StatusOr<std::unique_ptr<runtime::Reader>> OpenReader(const std::string& bytes,
                                                        columnar::SchemaPtr schema,
                                                        ConnectorContext context) const override {
    RETURN_IF_ERROR(CheckContext(context));
    ASSIGN_OR_RETURN(auto spec, ParseSpec<proto::FilesystemSourceSpec>(bytes));
    return FileReader::Make(std::move(spec), std::move(schema), std::move(context));
  }
};

class FileSinkConnector final : public runtime::SinkConnector {
 public:
  StatusOr<runtime::SinkTraits> TraitsOf(const TableRequest& table) const override {
    ASSIGN_OR_RETURN(const FileSinkPlan plan, PlanFileSink(table));
    return plan.traits;
  }

  StatusOr<std::string> Plan(const TableRequest& table) const override {
    ASSIGN_OR_RETURN(const FileSinkPlan plan, PlanFileSink(table));
    return plan.spec.SerializeAsString();
  }

  StatusOr<std::unique_ptr<runtime::Sink>> Open(const std::string& bytes,
                                                columnar::SchemaPtr schema,
                                                ConnectorContext context) const override {
    RETURN_IF_ERROR(CheckContext(context));
    ASSIGN_OR_RETURN(auto spec, ParseSpec<proto::FilesystemSinkSpec>(bytes));
    return FileSink::Make(std::move(spec), std::move(schema), std::move(context));
  }
};

}  // namespace

std::string FileSourceSpecOf(const FileSourceOptions& options) {
  proto::FilesystemSourceSpec spec;
  spec.set_path(options.path);
  *spec.mutable_format()->mutable_json() = options.json;
  spec.set_on_error(options.on_error);
  spec.set_split_bytes(options.split_bytes);
  return spec.SerializeAsString();
}

std::string FileSinkSpecOf(const FileSinkOptions& options) {
  proto::FilesystemSinkSpec spec;
  spec.set_path(options.path);
  *spec.mutable_format()->mutable_json() = options.json;
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
