// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_CONNECTORS_FILESYSTEM_FILE_ENUMERATOR_H_
#define THALWEG_CONNECTORS_FILESYSTEM_FILE_ENUMERATOR_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "connectors/common/serial_work.h"
#include "connectors/filesystem/pattern.h"
#include "proto/connectors.pb.h"
#include "runtime/connector/source.h"

namespace thalweg::connectors {

/// Lists a file or a folder, once or again and again. What was listed is state: a restored job
/// reads what the first start saw, whatever has come or gone since; of a watched folder each file
/// is read once, by its name.
class FileEnumerator final : public runtime::Enumerator {
 public:
  static StatusOr<std::unique_ptr<FileEnumerator>> Make(proto::FilesystemSourceSpec spec,
                                                        runtime::ConnectorContext context);

  StatusOr<runtime::SourceProgress> Poll(MonoTime now,
                                         std::size_t limit,
                                         std::vector<runtime::Split>* splits) override;
  std::optional<MonoTime> WakeAt() const override;
  runtime::StateEntries Snapshot() override;
  Status Restore(std::span<const proto::OperatorStateEntry> entries) override;

 private:
  enum class Phase { kNew, kListing, kListed };
  struct Job;  // What a listing needs; it may outlive the enumerator.
  using Listing = StatusOr<std::vector<proto::FileSplit>>;

  FileEnumerator(std::shared_ptr<const Job> job, runtime::ConnectorContext context);

  static Listing List(storage::DirectoryStore& files, const Job& job);
  void StartListing(MonoTime now);
  void OnListed(Listing listing);
  bool watches() const;

  const std::shared_ptr<const Job> job_;
  runtime::ConnectorContext context_;
  Phase phase_ = Phase::kNew;
  Status failure_;
  std::deque<proto::FileSplit> waiting_;     // Not handed out yet.
  std::set<std::string, std::less<>> seen_;  // Of a watched folder: files listed so far.
  MonoTime next_listing_;
  SerialWork work_;
};

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FILESYSTEM_FILE_ENUMERATOR_H_
