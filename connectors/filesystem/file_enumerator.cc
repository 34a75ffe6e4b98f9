// SPDX-License-Identifier: Apache-2.0
#include "connectors/filesystem/file_enumerator.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "connectors/filesystem/file_names.h"
#include "connectors/filesystem/plan.h"
#include "storage/store.h"

namespace thalweg::connectors {
namespace {

using runtime::SourceProgress;

constexpr std::string_view kListName = "listing";
constexpr std::uint32_t kVersion = 1;

/// Parts of a file; one when `split_bytes` is 0. An empty file has none.
void AddSplits(const proto::FileSplit& file,
               std::uint64_t split_bytes,
               std::vector<proto::FileSplit>& splits) {
  const std::uint64_t size = file.file_size();
  const std::uint64_t step = split_bytes == 0 ? size : split_bytes;
  for (std::uint64_t begin = 0; begin < size;) {
    const std::uint64_t end = begin + std::min(size - begin, step);
    proto::FileSplit& split = splits.emplace_back(file);
    split.set_begin(begin);
    split.set_end(end);
    begin = end;
  }
}

bool IsEmptyFolder(storage::DirectoryStore& files, const std::string& key) {
  const auto path = files.LocalPath(key);
  std::error_code error;
  return path.has_value() && std::filesystem::is_directory(*path, error);
}

}  // namespace

struct FileEnumerator::Job {
  proto::FilesystemSourceSpec spec;
  std::optional<Pattern> pattern;
  bool wants_times = false;  // Of the files' last changes.
};

StatusOr<std::unique_ptr<FileEnumerator>> FileEnumerator::Make(proto::FilesystemSourceSpec spec,
                                                               runtime::ConnectorContext context) {
  auto job = std::make_shared<Job>();
  if (!spec.pattern().empty()) {
    ASSIGN_OR_RETURN(job->pattern, Pattern::Compile(spec.pattern()));
  }
  job->wants_times = std::ranges::any_of(spec.columns(), [](const proto::FileColumn& column) {
    return column.metadata_key() == kModificationTimeKey;
  });
  job->spec = std::move(spec);
  return std::unique_ptr<FileEnumerator>(new FileEnumerator(std::move(job), std::move(context)));
}

FileEnumerator::FileEnumerator(std::shared_ptr<const Job> job, runtime::ConnectorContext context)
    : job_(std::move(job)),
      context_(std::move(context)),
      work_(*context_.executor, *context_.mailbox) {}

bool FileEnumerator::watches() const {
  return job_->spec.monitor_interval_millis() > 0;
}

FileEnumerator::Listing FileEnumerator::List(storage::DirectoryStore& files, const Job& job) {
  const proto::FilesystemSourceSpec& spec = job.spec;
  std::vector<proto::FileSplit> splits;
  const auto add = [&](const std::string& key, std::uint64_t size) -> Status {
    proto::FileSplit file;
    file.set_file(key);
    file.set_file_size(size);
    if (job.wants_times) {
      ASSIGN_OR_RETURN(const WallTime time, files.ModifiedAt(key));
      file.set_modified_millis(time.time_since_epoch().count());
    }
    AddSplits(file, spec.split_bytes(), splits);
    return OkStatus();
  };
  const StatusOr<std::uint64_t> size = files.Size(spec.path());
  if (size.ok()) {
    RETURN_IF_ERROR(add(spec.path(), *size));
    return splits;
  }
  if (size.status().code() != StatusCode::kNotFound) {
    return size.status();
  }
  const std::string folder = spec.path() + "/";
  ASSIGN_OR_RETURN(const std::vector<std::string> keys, files.List(folder));
  const bool may_be_empty = spec.monitor_interval_millis() > 0;
  if (keys.empty() && !may_be_empty && !IsEmptyFolder(files, spec.path())) {
    return NotFound(fmt::format(
        "There is no file '{0}' and no folder '{0}' with files in it. Check the option 'path'.",
        spec.path()));
  }
  for (const std::string& key : keys) {
    if (IsHiddenName(std::string_view(key).substr(folder.size()))) {
      continue;
    }
    if (job.pattern.has_value()) {
      ASSIGN_OR_RETURN(const bool matches, job.pattern->Matches("/" + key));
      if (!matches) {
        continue;
      }
    }
    const StatusOr<std::uint64_t> bytes = files.Size(key);
    if (bytes.status().code() == StatusCode::kNotFound) {
      continue;  // It has gone since the folder was listed.
    }
    RETURN_IF_ERROR(bytes.status());
    RETURN_IF_ERROR(add(key, *bytes));
  }
  return splits;
}

void FileEnumerator::StartListing(MonoTime now) {
  phase_ = Phase::kListing;
  next_listing_ = now + Milliseconds(job_->spec.monitor_interval_millis());
  work_.Add<Listing>([files = context_.files, job = job_] { return List(*files, *job); },
                     [this](Listing listing) { OnListed(std::move(listing)); });
}

void FileEnumerator::OnListed(Listing listing) {
  if (listing.ok()) {
    const std::string* added = nullptr;  // The file whose splits are being added.
    for (proto::FileSplit& split : *listing) {
      const bool is_next_part = added != nullptr && *added == split.file();
      if (watches() && !is_next_part) {
        const auto [name, is_new] = seen_.insert(split.file());
        if (!is_new) {
          continue;
        }
        added = &*name;
      }
      waiting_.push_back(std::move(split));
    }
    phase_ = Phase::kListed;
  } else {
    failure_ = Annotate(listing.status(), fmt::format("Source '{}'", job_->spec.path()));
  }
  context_.wake();
}

StatusOr<SourceProgress> FileEnumerator::Poll(MonoTime now,
                                              std::size_t limit,
                                              std::vector<runtime::Split>* splits) {
  RETURN_IF_ERROR(failure_);
  const bool is_due = watches() && waiting_.empty() && now >= next_listing_;
  if (phase_ == Phase::kNew || (phase_ == Phase::kListed && is_due)) {
    StartListing(now);
  }
  for (std::size_t i = 0; i < limit && !waiting_.empty(); ++i) {
    const proto::FileSplit& split = waiting_.front();
    splits->push_back(
        {fmt::format("{}@{}", split.file(), split.begin()), split.SerializeAsString()});
    waiting_.pop_front();
  }
  if (!waiting_.empty()) {
    return SourceProgress::kMoved;
  }
  return phase_ == Phase::kListing || watches() ? SourceProgress::kWait : SourceProgress::kEnd;
}

std::optional<MonoTime> FileEnumerator::WakeAt() const {
  return watches() && phase_ == Phase::kListed ? std::optional(next_listing_) : std::nullopt;
}

runtime::StateEntries FileEnumerator::Snapshot() {
  if (phase_ == Phase::kNew || (phase_ == Phase::kListing && seen_.empty())) {
    return {};  // Nothing was handed out: a restore lists again.
  }
  proto::FileListing listing;
  for (const proto::FileSplit& split : waiting_) {
    *listing.add_splits() = split;
  }
  listing.mutable_seen()->Assign(seen_.begin(), seen_.end());
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
          job_->spec.path(),
          entry.name(),
          entry.version(),
          kVersion));
    }
    waiting_.assign(listing.splits().begin(), listing.splits().end());
    seen_.insert(listing.seen().begin(), listing.seen().end());
    phase_ = Phase::kListed;
  }
  return OkStatus();
}

}  // namespace thalweg::connectors
