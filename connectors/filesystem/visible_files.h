// SPDX-License-Identifier: Apache-2.0
//
// How the files of a sink become visible: blocking works, each of which may be repeated after
// anything, by any attempt.
#ifndef THALWEG_CONNECTORS_FILESYSTEM_VISIBLE_FILES_H_
#define THALWEG_CONNECTORS_FILESYSTEM_VISIBLE_FILES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/running_hash.h"
#include "base/status.h"
#include "proto/connectors.pb.h"
#include "storage/store.h"

namespace thalweg::connectors {

/// A file being written; used by works only, one at a time.
struct PartFile {
  std::string key;
  std::unique_ptr<storage::WritableFile> out;
  RunningHash hash;  // Of what was appended; when sealed used by nobody.

  Status Append(storage::DirectoryStore& files, std::string_view bytes);
  Status Sync();
  Status Seal();
};

/// Gives sealed files their final names, durably.
Status MakeVisible(storage::DirectoryStore& files, const std::vector<proto::PendingFile>& pending);

/// The same after a restore: kDataLoss when a file has lost bytes that its checkpoint counts on.
Status Settle(storage::DirectoryStore& files, const std::vector<proto::PendingFile>& pending);

/// The same for a file that went on behind the restored checkpoint: only the bytes that it covers
/// become visible. They are copied to `copy` first, as a late attempt may still write to the file.
Status SettleOpen(storage::DirectoryStore& files,
                  const proto::OpenFile& open,
                  const std::string& copy);

/// Writes empty files, durably.
Status WriteMarkers(storage::DirectoryStore& files, const std::vector<std::string>& keys);

/// Deletes files under `prefix` whose names end with an attempt older than `newest`. Failures are
/// left to the next attempt: such a file is invisible and costs only space.
void DeleteOlder(storage::DirectoryStore& files, const std::string& prefix, Attempt newest);

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FILESYSTEM_VISIBLE_FILES_H_
