// SPDX-License-Identifier: Apache-2.0
#include "bench/feed.h"

#include <utility>

namespace thalweg::bench {
namespace {

using runtime::ConnectorContext;
using runtime::SourceProgress;

Status CannotRestore() {
  return FailedPrecondition(
      "The job was restarted, and a feed of a benchmark cannot be read twice");
}

class FeedEnumerator final : public runtime::Enumerator {
 public:
  StatusOr<SourceProgress> Poll(MonoTime /*now*/,
                                std::size_t /*limit*/,
                                std::vector<runtime::Split>* splits) override {
    splits->push_back({.id = "all", .spec = ""});
    return SourceProgress::kEnd;
  }
  runtime::StateEntries Snapshot() override { return {}; }
  Status Restore(std::span<const proto::OperatorStateEntry> /*entries*/) override {
    return CannotRestore();
  }
};

class FeedReader final : public runtime::Reader {
 public:
  FeedReader(Feed& feed, ConnectorContext context) : feed_(feed), context_(std::move(context)) {}

  Status AddSplit(const runtime::Split& /*split*/) override {
    added_ = true;
    return OkStatus();
  }

  StatusOr<SourceProgress> Read(MonoTime /*now*/, runtime::Output& output) override {
    if (!added_) {
      return SourceProgress::kEnd;
    }
    std::optional<columnar::Batch> batch;
    const SourceProgress progress = feed_.Next(&batch);
    if (batch.has_value()) {
      output.Emit(*std::move(batch));
    }
    return progress;
  }

  runtime::StateEntries Snapshot() override {
    feed_.OnBarrier();
    context_.wake();
    return {};
  }
  Status Restore(std::span<const proto::OperatorStateEntry> /*entries*/) override {
    return CannotRestore();
  }

 private:
  Feed& feed_;
  ConnectorContext context_;
  bool added_ = false;
};

class FeedConnector final : public runtime::SourceConnector {
 public:
  explicit FeedConnector(const Feeds& feeds) : feeds_(feeds) {}

  StatusOr<std::unique_ptr<runtime::Enumerator>> OpenEnumerator(
      const std::string& /*spec*/, ConnectorContext /*context*/) const override {
    return std::make_unique<FeedEnumerator>();
  }
  StatusOr<std::unique_ptr<runtime::Reader>> OpenReader(const std::string& spec,
                                                        columnar::SchemaPtr /*schema*/,
                                                        ConnectorContext context) const override {
    const auto found = feeds_.find(spec);
    if (found == feeds_.end()) {
      return NotFound("There is no feed '" + spec + "'");
    }
    return std::make_unique<FeedReader>(*found->second, std::move(context));
  }

 private:
  const Feeds& feeds_;
};

}  // namespace

SourceProgress BatchFeed::Next(std::optional<columnar::Batch>* batch) {
  if (next_ == batches_.size()) {
    return SourceProgress::kEnd;
  }
  *batch = batches_[next_++];
  return SourceProgress::kMoved;
}

std::unique_ptr<runtime::SourceConnector> MakeFeedSource(const Feeds& feeds) {
  return std::make_unique<FeedConnector>(feeds);
}

}  // namespace thalweg::bench
