// SPDX-License-Identifier: Apache-2.0
//
// Run files in RocksDB's table format, over our own stores. The only place, beside the spill, that
// knows RocksDB.
#ifndef THALWEG_STATE_SST_FILE_H_
#define THALWEG_STATE_SST_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "proto/checkpoint.pb.h"
#include "state/run_cursor.h"
#include "storage/store.h"

namespace rocksdb {
class Status;
struct Options;
}  // namespace rocksdb

namespace thalweg::state {

/// What a file came to be.
struct SstFileInfo {
  std::uint64_t size = 0;
  std::uint64_t checksum = 0;
};

/// Writes one table file. Blocks; one thread at a time.
class SstFile {
 public:
  /// Creates the file under `key`, replacing what a failed try left there.
  static StatusOr<std::unique_ptr<SstFile>> Create(storage::DirectoryStore& store,
                                                   const std::string& key);
  virtual ~SstFile() = default;
  /// Keys must ascend strictly.
  virtual Status Add(std::string_view key, std::string_view value) = 0;
  /// Makes the file durable.
  virtual StatusOr<SstFileInfo> Finish() = 0;
};

/// See OpenRun(), for references to files.
StatusOr<std::unique_ptr<RunCursor>> OpenSstFile(storage::Store& store, const proto::RunRef& run);

/// Tables as run files and the spill have them; so the spill can take run files as they are.
rocksdb::Options TableOptions();

/// RocksDB's error with our meaning; `what` names the file.
Status FromRocks(const rocksdb::Status& status, std::string_view what);

}  // namespace thalweg::state

#endif  // THALWEG_STATE_SST_FILE_H_
