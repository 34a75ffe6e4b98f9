// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_SPILL_H_
#define THALWEG_STATE_SPILL_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace thalweg::state {

/// One row on its way out of memory. No value: forget the key.
struct SpillWrite {
  std::string key;  // As in runs: state/run_format.h.
  std::optional<std::string> value;
};

/// Where cold rows lie while they are not in memory. A cache with no promise of its own: what it
/// holds is in the runs of a checkpoint as well, so it is empty after a crash.
///
/// All calls block and are made from a BlockingExecutor's threads, one at a time. After an error
/// the task fails and starts anew from its checkpoint.
class SpillStore {
 public:
  virtual ~SpillStore() = default;

  /// Applies the writes, sorted by key, each key once.
  virtual Status Write(std::span<const SpillWrite> writes) = 0;
  /// values[i] belongs to keys[i]; keys are sorted.
  virtual Status Read(std::span<const std::string> keys,
                      std::vector<std::optional<std::string>>* values) = 0;
  /// Appends all rows whose key begins with `prefix`, in order.
  virtual Status ReadPrefix(std::string_view prefix,
                            std::vector<std::pair<std::string, std::string>>* rows) = 0;
  /// Removes all rows whose key begins with `prefix`.
  virtual Status DeletePrefix(std::string_view prefix) = 0;
  /// Takes in a run file in SST format, newer than all that is here. The file stays as it is.
  virtual Status Ingest(const std::filesystem::path& run) = 0;
};

/// Opens a task's spill store when it is first needed.
class SpillFactory {
 public:
  virtual ~SpillFactory() = default;
  /// An empty store under a name that is unique in the process. Blocks. Any thread.
  virtual StatusOr<std::unique_ptr<SpillStore>> Open(std::string_view name) = 0;
};

/// RocksDB under `directory`, without write-ahead log; a store's folder is removed when it opens
/// and when it closes. The factory must outlive its stores.
std::unique_ptr<SpillFactory> MakeRocksDbSpill(std::filesystem::path directory);

}  // namespace thalweg::state

#endif  // THALWEG_STATE_SPILL_H_
