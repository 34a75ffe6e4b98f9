// SPDX-License-Identifier: Apache-2.0
//
// The connector "filesystem": records in files, as JSON lines, CSV or lines.
//
// As a source it reads a file or all files of a folder, sorted by name, once or for ever; names
// that begin with '_' or '.' are skipped, in folders too. As a sink it writes a folder exactly
// once:
//
//   out/_inprogress/part-5f0c..-3-17.2-1          being written by subtask 3 in attempt (2, 1)
//   out/dt=2001-01-01/part-5f0c..-3-42.jsonl      sealed at checkpoint 42, visible since 42 is
//   durable
//
// A file is named in the checkpoint, sealed or with the bytes that the checkpoint covers; what is
// sealed is renamed to its final name when the checkpoint is complete; a restore renames what its
// checkpoint names and what is not visible yet. So a reader of out/ sees each committed row once
// and no other row, ever. docs/connectors/filesystem.md has the argument, and all options.
#ifndef THALWEG_CONNECTORS_FILESYSTEM_FILESYSTEM_H_
#define THALWEG_CONNECTORS_FILESYSTEM_FILESYSTEM_H_

#include <cstdint>
#include <memory>
#include <string>

#include "connectors/formats/json/json_options.h"
#include "proto/connectors.pb.h"
#include "runtime/connector/sink.h"
#include "runtime/connector/source.h"

namespace thalweg::connectors {

/// Typed options, for plans made in C++: JSON lines, and a sink that begins a new file at each
/// checkpoint.
struct FileSourceOptions {
  std::string path;
  JsonOptions json;
  proto::OnError on_error = proto::ON_ERROR_FAIL;
  std::uint64_t split_bytes = 64U << 20;  // At least 1.
};
struct FileSinkOptions {
  std::string path;
  JsonOptions json;
  proto::ChangelogMode changelog = proto::CHANGELOG_REFUSED;
};

std::string FileSourceSpecOf(const FileSourceOptions& options);
std::string FileSinkSpecOf(const FileSinkOptions& options);

std::unique_ptr<runtime::SourceConnector> MakeFileSource();
std::unique_ptr<runtime::SinkConnector> MakeFileSink();

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FILESYSTEM_FILESYSTEM_H_
