// SPDX-License-Identifier: Apache-2.0
//
// Options of tables with connector "filesystem" into specs.
#ifndef THALWEG_CONNECTORS_FILESYSTEM_PLAN_H_
#define THALWEG_CONNECTORS_FILESYSTEM_PLAN_H_

#include <string_view>
#include <vector>

#include "base/status.h"
#include "proto/connectors.pb.h"
#include "runtime/connector/table.h"

namespace thalweg::connectors {

// What a source can tell about the file of a record.
inline constexpr std::string_view kFilePathKey = "file.path";
inline constexpr std::string_view kFileNameKey = "file.name";
inline constexpr std::string_view kFileSizeKey = "file.size";
inline constexpr std::string_view kModificationTimeKey = "file.modification-time";
std::vector<runtime::MetadataKey> FileMetadataKeys();

struct FileSourcePlan {
  proto::FilesystemSourceSpec spec;
  runtime::SourceTraits traits;
};
StatusOr<FileSourcePlan> PlanFileSource(const runtime::TableRequest& table);

struct FileSinkPlan {
  proto::FilesystemSinkSpec spec;
  runtime::SinkTraits traits;
};
StatusOr<FileSinkPlan> PlanFileSink(const runtime::TableRequest& table);

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FILESYSTEM_PLAN_H_
