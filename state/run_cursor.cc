// SPDX-License-Identifier: Apache-2.0
#include "state/run_cursor.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/checksum.h"
#include "base/coding.h"
#include "state/inline_run.h"
#include "state/run_format.h"
#include "state/sst_file.h"

namespace thalweg::state {
namespace {

class InlineCursor final : public RunCursor {
 public:
  InlineCursor(std::string bytes, std::string name)
      : bytes_(std::move(bytes)), name_(std::move(name)), reader_("") {}

  Status Seek(std::string_view key) override {
    // Inline runs are small: from the begin.
    reader_ = ByteReader(InlineRows(bytes_));
    key_.clear();
    first_ = true;
    do {
      RETURN_IF_ERROR(Next());
    } while (valid_ && key_ < key);
    return OkStatus();
  }
  Status Next() override {
    valid_ = !reader_.empty();
    if (!valid_) {
      return OkStatus();
    }
    std::uint64_t shared = 0;
    std::string_view further;
    if (!reader_.ReadVarint(shared) || shared > key_.size() || !reader_.ReadBytes(further) ||
        !reader_.ReadBytes(value_)) {
      valid_ = false;
      return DataLoss(fmt::format("State run {} is damaged in a row.", name_));
    }
    // Ascending, but for the first row: what follows the shared bytes tells.
    if (!first_ && std::string_view(key_).substr(shared) >= further) {
      valid_ = false;
      return DataLoss(fmt::format("State run {} is damaged: its rows are out of order.", name_));
    }
    first_ = false;
    key_.resize(shared);
    key_.append(further);
    return OkStatus();
  }
  bool valid() const override { return valid_; }
  std::string_view key() const override { return key_; }
  std::string_view value() const override { return value_; }

 private:
  const std::string bytes_;
  const std::string name_;
  ByteReader reader_;
  std::string key_;
  std::string_view value_;
  bool valid_ = false;
  bool first_ = true;  // No row has been read yet.
};

class MergedCursor final : public RunCursor {
 public:
  explicit MergedCursor(std::vector<std::unique_ptr<RunCursor>> runs) : runs_(std::move(runs)) {}

  Status Seek(std::string_view key) override {
    heap_.clear();
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      RETURN_IF_ERROR(runs_[i]->Seek(key));
      Push(i);
    }
    return OkStatus();
  }
  Status Next() override {
    // The newest run with the smallest key is at the top: it goes on, and so do all others that
    // stand at the same key.
    passed_.assign(top().key());
    while (!heap_.empty() && top().key() == passed_) {
      std::pop_heap(heap_.begin(), heap_.end(), Later{this});
      const std::size_t i = heap_.back();
      heap_.pop_back();
      RETURN_IF_ERROR(runs_[i]->Next());
      Push(i);
    }
    return OkStatus();
  }
  bool valid() const override { return !heap_.empty(); }
  std::string_view key() const override { return top().key(); }
  std::string_view value() const override { return top().value(); }

 private:
  struct Later {
    const MergedCursor* merged;
    bool operator()(std::size_t a, std::size_t b) const {
      const int order = merged->runs_[a]->key().compare(merged->runs_[b]->key());
      return order != 0 ? order > 0 : a < b;
    }
  };
  const RunCursor& top() const { return *runs_[heap_.front()]; }
  void Push(std::size_t i) {
    if (runs_[i]->valid()) {
      heap_.push_back(i);
      std::push_heap(heap_.begin(), heap_.end(), Later{this});
    }
  }

  std::vector<std::unique_ptr<RunCursor>> runs_;
  std::vector<std::size_t> heap_;
  std::string passed_;
};

class ClippedCursor final : public RunCursor {
 public:
  ClippedCursor(std::unique_ptr<RunCursor> run, std::uint32_t begin, std::uint32_t end)
      : run_(std::move(run)), begin_(RunKeyPrefix(begin)), end_(end) {}

  Status Seek(std::string_view key) override {
    return run_->Seek(std::max<std::string_view>(key, begin_));
  }
  Status Next() override { return run_->Next(); }
  bool valid() const override {
    RunKey head;
    return run_->valid() && ReadRunKeyHead(run_->key(), &head) && head.key_group < end_;
  }
  std::string_view key() const override { return run_->key(); }
  std::string_view value() const override { return run_->value(); }

 private:
  std::unique_ptr<RunCursor> run_;
  const std::string begin_;
  const std::uint32_t end_;
};

}  // namespace

StatusOr<std::unique_ptr<RunCursor>> OpenInlineRun(std::string bytes, std::string name) {
  RETURN_IF_ERROR(CheckInlineRun(bytes, name));
  return std::make_unique<InlineCursor>(std::move(bytes), std::move(name));
}

StatusOr<std::unique_ptr<RunCursor>> OpenRun(storage::Store& store, const proto::RunRef& run) {
  if (run.format() != kRunFormat) {
    return Unimplemented(fmt::format("State run {} has format {}; this program knows {} only.",
                                     run.file(),
                                     run.format(),
                                     kRunFormat));
  }
  if (!run.file().empty()) {
    return OpenSstFile(store, run);
  }
  if (run.inline_run().size() != run.size() || Checksum(run.inline_run()) != run.checksum()) {
    return DataLoss("A state run inside the manifest is damaged: it does not fit its checksum.");
  }
  return OpenInlineRun(run.inline_run(), "inside the manifest");
}

std::unique_ptr<RunCursor> MergeRuns(std::vector<std::unique_ptr<RunCursor>> runs) {
  return std::make_unique<MergedCursor>(std::move(runs));
}

std::unique_ptr<RunCursor> ClipRun(std::unique_ptr<RunCursor> run,
                                   std::uint32_t begin,
                                   std::uint32_t end) {
  return std::make_unique<ClippedCursor>(std::move(run), begin, end);
}

}  // namespace thalweg::state
