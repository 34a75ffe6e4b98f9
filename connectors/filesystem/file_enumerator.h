// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_CONNECTORS_FILESYSTEM_FILE_ENUMERATOR_H_
#define THALWEG_CONNECTORS_FILESYSTEM_FILE_ENUMERATOR_H_

#include <cstddef>
#include <deque>
#include <span>
#include <vector>

#include "connectors/filesystem/serial_work.h"
#include "proto/connectors.pb.h"
#include "runtime/connector/source.h"

namespace thalweg::connectors {

/// Lists a file or a folder once. The listing is state: a restored job reads what the first start
/// saw, whatever has come or gone since.
class FileEnumerator final : public runtime::Enumerator {
 public:
  FileEnumerator(proto::FilesystemSourceSpec spec, runtime::ConnectorContext context);

  StatusOr<runtime::SourceProgress> Poll(MonoTime now,
                                         std::size_t limit,
                                         std::vector<runtime::Split>* splits) override;
  runtime::StateEntries Snapshot() override;
  Status Restore(std::span<const proto::OperatorStateEntry> entries) override;

 private:
  enum class Phase { kNew, kListing, kListed };
  using Listing = StatusOr<std::deque<proto::FileSplit>>;

  static Listing List(storage::DirectoryStore& files, const proto::FilesystemSourceSpec& spec);

  const proto::FilesystemSourceSpec spec_;
  runtime::ConnectorContext context_;
  Phase phase_ = Phase::kNew;
  Status failure_;
  std::deque<proto::FileSplit> waiting_;  // Not handed out yet.
  SerialWork work_;
};

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FILESYSTEM_FILE_ENUMERATOR_H_
