// SPDX-License-Identifier: Apache-2.0
//
// The connector "filesystem": JSON lines in files.
//
// As a source it reads a file or all files of a folder once, sorted by name; names that begin with
// '_' or '.' are skipped, in folders too. As a sink it writes a folder exactly once:
//
//   out/_inprogress/part-5f0c..-3-17.2-1      being written by subtask 3 in attempt (2, 1)
//   out/part-5f0c..-3-42-17.jsonl             sealed at checkpoint 42, visible since 42 is durable
//
// A file is sealed and synced at each barrier, named in the checkpoint, and renamed to its final
// name when the checkpoint is complete; a restore renames what its checkpoint names and what is not
// visible yet. So a reader of out/*.jsonl sees each committed row once and no other row, ever.
// docs/connectors/filesystem.md has the argument.
//
//   'path'                                    a key of the store of files, '/' or 'file://' before
//                                             it means the same
//   'format'                                  json
//   'json.*'                                  see formats/json/json_options.h
//   'on-error'              [fail]            source: a bad record fails the job, or 'skip' counts
//   it 'source.split-size'     [64 mb]           larger files are read in parts, by several readers
//   'changelog'             [none]            sink: 'column' writes the change kind (+I -U +U -D)
//   as
//                                             first field "op"; without it updates are refused
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

/// Typed options, for plans made in C++.
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

/// The key of a store of files behind a path as users write it. kInvalidArgument: no such key can
/// be.
StatusOr<std::string> KeyOfPath(const std::string& path);

std::unique_ptr<runtime::SourceConnector> MakeFileSource();
std::unique_ptr<runtime::SinkConnector> MakeFileSink();

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FILESYSTEM_FILESYSTEM_H_
