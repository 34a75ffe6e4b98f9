// SPDX-License-Identifier: Apache-2.0
#include "connectors/filesystem/file_enumerator.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "storage/store.h"

namespace thalweg::connectors {
namespace {

using runtime::SourceProgress;

constexpr std::string_view kListName = "listing";
constexpr std::uint32_t kVersion = 1;

/// Whether a part of the name below the folder says "not for readers".
bool IsHidden(std::string_view name) {
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    if (begin < name.size() && (name[begin] == '_' || name[begin] == '.')) {
      return true;
    }
    begin = end + 1;
  }
  return false;
}

void AddSplits(const std::string& file,
               std::uint64_t size,
               std::uint64_t split_bytes,
               std::deque<proto::FileSplit>& splits) {
  for (std::uint64_t begin = 0; begin < size;) {
    const std::uint64_t end = begin + std::min(size - begin, split_bytes);
    proto::FileSplit split;
    split.set_file(file);
    split.set_begin(begin);
    split.set_end(end);
    splits.push_back(std::move(split));
    begin = end;
  }
}

}  // namespace

FileEnumerator::FileEnumerator(proto::FilesystemSourceSpec spec, runtime::ConnectorContext context)
    : spec_(std::move(spec)),
      context_(std::move(context)),
      work_(*context_.executor, *context_.mailbox) {}

FileEnumerator::Listing FileEnumerator::List(storage::DirectoryStore& files,
                                             const proto::FilesystemSourceSpec& spec) {
  std::deque<proto::FileSplit> splits;
  const StatusOr<std::uint64_t> size = files.Size(spec.path());
  if (size.ok()) {
    AddSplits(spec.path(), *size, spec.split_bytes(), splits);
    return splits;
  }
  if (size.status().code() != StatusCode::kNotFound) {
    return size.status();
  }
  const std::string folder = spec.path() + "/";
  ASSIGN_OR_RETURN(const std::vector<std::string> keys, files.List(folder));
  if (keys.empty()) {
    return NotFound(fmt::format(
        "There is no file '{0}' and no file in a folder '{0}'. Check the option 'path'.",
        spec.path()));
  }
  for (const std::string& key : keys) {
    if (!IsHidden(std::string_view(key).substr(folder.size()))) {
      ASSIGN_OR_RETURN(const std::uint64_t bytes, files.Size(key));
      AddSplits(key, bytes, spec.split_bytes(), splits);
    }
  }
  return splits;
}

StatusOr<SourceProgress> FileEnumerator::Poll(MonoTime /*now*/,
                                              std::size_t limit,
                                              std::vector<runtime::Split>* splits) {
  RETURN_IF_ERROR(failure_);
  if (phase_ == Phase::kNew) {
    phase_ = Phase::kListing;
    work_.Add<Listing>([files = context_.files, spec = spec_] { return List(*files, spec); },
                       [this](Listing listing) {
                         if (listing.ok()) {
                           waiting_ = *std::move(listing);
                           phase_ = Phase::kListed;
                         } else {
                           failure_ = listing.status();
                         }
                         context_.wake();
                       });
  }
  if (phase_ == Phase::kListing) {
    return SourceProgress::kWait;
  }
  for (std::size_t i = 0; i < limit && !waiting_.empty(); ++i) {
    const proto::FileSplit& split = waiting_.front();
    splits->push_back(
        {fmt::format("{}@{}", split.file(), split.begin()), split.SerializeAsString()});
    waiting_.pop_front();
  }
  return waiting_.empty() ? SourceProgress::kEnd : SourceProgress::kMoved;
}

runtime::StateEntries FileEnumerator::Snapshot() {
  if (phase_ != Phase::kListed) {
    return {};  // Nothing was handed out: a restore lists again.
  }
  proto::FileListing listing;
  for (const proto::FileSplit& split : waiting_) {
    *listing.add_splits() = split;
  }
  proto::OperatorStateEntry entry;
  entry.set_name(std::string(kListName));
  entry.set_value(listing.SerializeAsString());
  entry.set_version(kVersion);
  entry.set_redistribution(proto::REDISTRIBUTE_TO_ONE);
  return {std::move(entry)};
}

Status FileEnumerator::Restore(std::span<const proto::OperatorStateEntry> entries) {
  for (const proto::OperatorStateEntry& entry : entries) {
    proto::FileListing listing;
    if (entry.name() != kListName || entry.version() != kVersion ||
        !listing.ParseFromString(entry.value())) {
      return DataLoss(fmt::format(
          "The list of files of source '{}' in the checkpoint cannot be read (entry '{}', version "
          "{}; this program reads version {}).",
          spec_.path(),
          entry.name(),
          entry.version(),
          kVersion));
    }
    waiting_.assign(listing.splits().begin(), listing.splits().end());
    phase_ = Phase::kListed;
  }
  return OkStatus();
}

}  // namespace thalweg::connectors
