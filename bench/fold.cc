// SPDX-License-Identifier: Apache-2.0
#include "bench/fold.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

namespace thalweg::bench {
namespace {

class FoldSink final : public runtime::Sink {
 public:
  FoldSink(std::size_t column_count, Fold& fold) : column_count_(column_count), fold_(fold) {}

  void Start(CheckpointId /*restored*/,
             std::span<const proto::OperatorStateEntry> /*entries*/,
             runtime::SinkListener& listener) override {
    listener_ = &listener;
    listener.OnReplayed();
  }
  bool HasRoom() const override { return true; }

  Status Write(const columnar::Batch& batch) override {
    hashes_.assign(batch.row_count(), 0);
    for (std::size_t c = 0; c < column_count_; ++c) {
      const columnar::Column& column = *batch.column(c);
      if (column.physical() == columnar::Physical::kString) {
        for (std::size_t row = 0; row < hashes_.size(); ++row) {
          hashes_[row] = Fold::Mix(hashes_[row], Fold::NumberOf(column.StringAt(row)));
        }
        continue;
      }
      const auto values = column.Values<std::int64_t>();
      for (std::size_t row = 0; row < hashes_.size(); ++row) {
        hashes_[row] = Fold::Mix(hashes_[row], values[row * column.stride()]);
      }
    }
    for (std::size_t row = 0; row < hashes_.size(); ++row) {
      fold_.Add(hashes_[row], columnar::IsAddition(batch.change_kind(row)));
    }
    return OkStatus();
  }

  void Snapshot(CheckpointId /*checkpoint*/,
                UniqueFunction<void(StatusOr<runtime::StateEntries>)> done) override {
    done(runtime::StateEntries());
  }
  void Complete(CheckpointId checkpoint) override { listener_->OnCommitted(checkpoint); }
  void Abort(CheckpointId /*checkpoint*/) override {}

 private:
  const std::size_t column_count_;
  Fold& fold_;
  std::vector<std::uint64_t> hashes_;
  runtime::SinkListener* listener_ = nullptr;
};

class FoldConnector final : public runtime::SinkConnector {
 public:
  FoldConnector(std::size_t column_count, Fold& fold) : column_count_(column_count), fold_(fold) {}

  StatusOr<std::unique_ptr<runtime::Sink>> Open(
      const std::string& /*spec*/,
      columnar::SchemaPtr /*schema*/,
      runtime::ConnectorContext /*context*/) const override {
    return std::make_unique<FoldSink>(column_count_, fold_);
  }

 private:
  const std::size_t column_count_;
  Fold& fold_;
};

}  // namespace

Status CheckEqual(const std::string& what, const Fold& bare, const Fold& job) {
  if (bare == job) {
    return OkStatus();
  }
  return FailedPrecondition(fmt::format(
      "The results of '{}' differ: the bare loop has {} rows that fold to {:x}, the job "
      "{} rows that fold to {:x}",
      what,
      bare.rows,
      bare.sum,
      job.rows,
      job.sum));
}

std::unique_ptr<runtime::SinkConnector> MakeFoldSink(std::size_t column_count, Fold& fold) {
  return std::make_unique<FoldConnector>(column_count, fold);
}

}  // namespace thalweg::bench
