// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_RUN_CURSOR_H_
#define THALWEG_STATE_RUN_CURSOR_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "proto/checkpoint.pb.h"
#include "storage/store.h"

namespace thalweg::state {

/// Walks over the pairs of a run in ascending key order. Views hold until the next move. Blocks.
class RunCursor {
 public:
  virtual ~RunCursor() = default;
  /// To the first pair whose key is at least `key`. kDataLoss names the run.
  virtual Status Seek(std::string_view key) = 0;
  /// REQUIRES: valid().
  virtual Status Next() = 0;
  /// False: there are no more pairs.
  virtual bool valid() const = 0;
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;
};

/// Opens a run and checks its form; a file that is read as a whole is checked against its checksum,
/// larger ones block by block as they are read. The cursor stands nowhere until Seek().
///
/// kDataLoss: the run is damaged, missing or shorter than its reference says; names the file.
/// kUnimplemented: a newer version wrote it. The store outlives the cursor.
StatusOr<std::unique_ptr<RunCursor>> OpenRun(storage::Store& store, const proto::RunRef& run);

/// Opens the bytes of an inline run; `name` stands in messages.
StatusOr<std::unique_ptr<RunCursor>> OpenInlineRun(std::string bytes, std::string name);

/// The pairs of several runs as one, oldest run first in `runs`: of equal keys only the newest one
/// is seen. Tombstones are seen.
std::unique_ptr<RunCursor> MergeRuns(std::vector<std::unique_ptr<RunCursor>> runs);

/// The pairs of a run that lie in key groups [begin, end).
std::unique_ptr<RunCursor> ClipRun(std::unique_ptr<RunCursor> run,
                                   std::uint32_t begin,
                                   std::uint32_t end);

}  // namespace thalweg::state

#endif  // THALWEG_STATE_RUN_CURSOR_H_
