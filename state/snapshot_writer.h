// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_SNAPSHOT_WRITER_H_
#define THALWEG_STATE_SNAPSHOT_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/ids.h"
#include "base/status.h"
#include "proto/checkpoint.pb.h"
#include "state/frozen_part.h"
#include "storage/store.h"

namespace thalweg::state {

/// Where and how a run is to be written.
struct RunTarget {
  storage::DirectoryStore* store = nullptr;
  std::string file;  // The store's key, if the run becomes a file.
  std::size_t inline_max = 0;
  KeyGroupRange range;
  std::uint32_t key_group_count = 0;
};

/// Sorts the rows of all parts by (key group, table, slice, key, sub-key) and writes them as one
/// run, tombstones included. Blocks; runs on a helper thread, which only reads the parts.
StatusOr<proto::RunRef> WriteSnapshotRun(std::span<const std::unique_ptr<FrozenPart>> parts,
                                         const RunTarget& target);

}  // namespace thalweg::state

#endif  // THALWEG_STATE_SNAPSHOT_WRITER_H_
