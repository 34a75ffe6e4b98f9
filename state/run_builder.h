// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_RUN_BUILDER_H_
#define THALWEG_STATE_RUN_BUILDER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/status.h"
#include "proto/checkpoint.pb.h"
#include "storage/store.h"

namespace thalweg::state {

class SstFile;

/// Writes one run: small ones stay inline, larger ones become a file in SST format. Blocks.
class RunBuilder {
 public:
  /// `file` is the store's key if the run becomes a file. The store outlives the builder.
  RunBuilder(storage::DirectoryStore& store, std::string file, std::size_t inline_max);
  ~RunBuilder();

  /// Keys must ascend strictly. An empty value is a tombstone.
  Status Add(std::string_view key, std::string_view value);
  /// Makes the run durable and tells how to find it. `range` goes into the reference.
  StatusOr<proto::RunRef> Finish(KeyGroupRange range);

 private:
  Status MoveToFile();

  storage::DirectoryStore& store_;
  const std::string file_;
  const std::size_t inline_max_;
  std::string inline_;  // While no file is open.
  std::string last_key_;
  std::unique_ptr<SstFile> sst_;
  std::uint64_t row_count_ = 0;
};

}  // namespace thalweg::state

#endif  // THALWEG_STATE_RUN_BUILDER_H_
