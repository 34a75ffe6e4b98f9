// SPDX-License-Identifier: Apache-2.0
//
// A source of numbers and a sink that remembers them, for tests of tasks. Splits are ranges of
// numbers, read a few at a time; what a sink has made visible outlives it in a NumberBoard.
#ifndef THALWEG_TESTS_TESTING_FAKE_CONNECTORS_H_
#define THALWEG_TESTS_TESTING_FAKE_CONNECTORS_H_

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/connector/sink.h"
#include "runtime/connector/source.h"
#include "runtime/plan/plan.h"
#include "tests/testing/channel_items.h"

namespace thalweg::testing {

inline proto::OperatorStateEntry NumberEntry(const std::string& name,
                                             const std::string& key,
                                             std::int64_t value,
                                             proto::Redistribution redistribution) {
  proto::OperatorStateEntry entry;
  entry.set_name(name);
  entry.set_key(key);
  entry.set_value(std::to_string(value));
  entry.set_redistribution(redistribution);
  return entry;
}

/// The rows that bring splits to a reader.
inline columnar::Batch SplitBatch(const std::vector<runtime::Split>& splits) {
  columnar::BatchBuilder builder(runtime::SplitSchema());
  for (const runtime::Split& split : splits) {
    builder.column(runtime::kSplitSpecColumn).AppendString(split.spec);
    builder.column(runtime::kSplitIdColumn).AppendString(split.id);
  }
  builder.CommitRows(splits.size());
  return builder.Finish();
}

/// Lists splits "0" to "n-1", then ends, or waits for more that never come when `endless`.
class NumberEnumerator final : public runtime::Enumerator {
 public:
  NumberEnumerator(std::int64_t split_count, std::int64_t numbers_per_split, bool endless = false)
      : split_count_(split_count), numbers_per_split_(numbers_per_split), endless_(endless) {}

  StatusOr<runtime::SourceProgress> Poll(MonoTime,
                                         std::size_t,
                                         std::vector<runtime::Split>* splits) override {
    if (next_ == split_count_) {
      return endless_ ? runtime::SourceProgress::kWait : runtime::SourceProgress::kEnd;
    }
    splits->push_back({.id = std::to_string(next_), .spec = std::to_string(numbers_per_split_)});
    ++next_;
    return runtime::SourceProgress::kMoved;
  }
  runtime::StateEntries Snapshot() override {
    return {NumberEntry("listed", "", next_, proto::REDISTRIBUTE_TO_ONE)};
  }
  Status Restore(std::span<const proto::OperatorStateEntry> entries) override {
    next_ = entries.empty() ? 0 : std::stoll(entries[0].value());
    return OkStatus();
  }

 private:
  const std::int64_t split_count_;
  const std::int64_t numbers_per_split_;
  const bool endless_;
  std::int64_t next_ = 0;
};

/// Reads the numbers 1000 * split + 1, + 2, ..., at most `batch_rows` at a time.
class NumberReader final : public runtime::Reader {
 public:
  explicit NumberReader(std::int64_t batch_rows = 3) : batch_rows_(batch_rows) {}

  Status AddSplit(const runtime::Split& split) override {
    if (!positions_.emplace(std::stoll(split.id), Position{0, std::stoll(split.spec)}).second) {
      return InvalidArgument("Split " + split.id + " was added twice");
    }
    return OkStatus();
  }
  StatusOr<runtime::SourceProgress> Read(MonoTime, runtime::Output& output) override {
    for (auto& [split, position] : positions_) {
      std::vector<std::int64_t> numbers;
      while (position.next < position.end && std::ssize(numbers) < batch_rows_) {
        numbers.push_back(1000 * split + ++position.next);
      }
      if (!numbers.empty()) {
        output.Emit(Numbers(numbers));
        return runtime::SourceProgress::kMoved;
      }
    }
    return runtime::SourceProgress::kEnd;
  }
  runtime::StateEntries Snapshot() override {
    runtime::StateEntries entries;
    for (const auto& [split, position] : positions_) {
      entries.push_back(NumberEntry("position",
                                    std::to_string(split),
                                    1000 * position.end + position.next,
                                    proto::REDISTRIBUTE_BY_OWNER));
    }
    return entries;
  }
  Status Restore(std::span<const proto::OperatorStateEntry> entries) override {
    for (const proto::OperatorStateEntry& entry : entries) {
      const std::int64_t value = std::stoll(entry.value());
      positions_[std::stoll(entry.key())] = {value % 1000, value / 1000};
    }
    return OkStatus();
  }

 private:
  struct Position {
    std::int64_t next;  // Numbers that were emitted.
    std::int64_t end;
  };

  const std::int64_t batch_rows_;
  std::map<std::int64_t, Position> positions_;
};

/// Spec: "<splits> <numbers per split>".
class NumberSourceConnector final : public runtime::SourceConnector {
 public:
  StatusOr<std::unique_ptr<runtime::Enumerator>> OpenEnumerator(
      const std::string& spec, runtime::ConnectorContext) const override {
    const std::size_t blank = spec.find(' ');
    return std::make_unique<NumberEnumerator>(std::stoll(spec), std::stoll(spec.substr(blank)));
  }
  StatusOr<std::unique_ptr<runtime::Reader>> OpenReader(const std::string&,
                                                        columnar::SchemaPtr,
                                                        runtime::ConnectorContext) const override {
    return std::make_unique<NumberReader>();
  }
};

/// The outside world of number sinks.
struct NumberBoard {
  std::multiset<std::int64_t> written;  // Seen by a sink, visible or not.
  std::multiset<std::int64_t> visible;
  std::set<CheckpointId> settled;  // Checkpoints whose numbers are visible.
};

/// Makes numbers visible with the complete() of the checkpoint that they belong to.
class NumberSink final : public runtime::Sink {
 public:
  explicit NumberSink(NumberBoard& board) : board_(board) {}

  void Start(CheckpointId restored,
             std::span<const proto::OperatorStateEntry> entries,
             runtime::SinkListener& listener) override {
    listener_ = &listener;
    if (!board_.settled.contains(restored)) {
      for (const proto::OperatorStateEntry& entry : entries) {
        board_.visible.insert(std::stoll(entry.value()));
      }
      board_.settled.insert(restored);
    }
    listener.OnReplayed();
  }
  bool HasRoom() const override { return !full; }
  Status Write(const columnar::Batch& batch) override {
    if (!fail_writes.empty()) {
      return Unavailable(fail_writes);
    }
    for (const std::int64_t number : NumbersOf(batch)) {
      board_.written.insert(number);
      open_.push_back(number);
    }
    return OkStatus();
  }
  void Snapshot(CheckpointId checkpoint,
                UniqueFunction<void(StatusOr<runtime::StateEntries>)> done) override {
    if (!fail_next_snapshot.empty()) {
      done(Unavailable(std::exchange(fail_next_snapshot, "")));
      sealed_[checkpoint] = std::exchange(open_, {});
      return;
    }
    sealed_[checkpoint] = std::exchange(open_, {});
    runtime::StateEntries entries;
    for (const auto& [id, numbers] : sealed_) {
      for (const std::int64_t number : numbers) {
        entries.push_back(NumberEntry("pending", "", number, proto::REDISTRIBUTE_TO_ONE));
      }
    }
    done(std::move(entries));
  }
  void Complete(CheckpointId checkpoint) override {
    while (!sealed_.empty() && sealed_.begin()->first <= checkpoint) {
      const std::vector<std::int64_t>& numbers = sealed_.begin()->second;
      board_.visible.insert(numbers.begin(), numbers.end());
      sealed_.erase(sealed_.begin());
    }
    board_.settled.insert(checkpoint);
    listener_->OnCommitted(checkpoint);
  }
  void Abort(CheckpointId checkpoint) override {
    const auto lost = sealed_.find(checkpoint);
    if (lost != sealed_.end()) {
      const auto next = std::next(lost);
      std::vector<std::int64_t>& heir = next == sealed_.end() ? open_ : next->second;
      heir.insert(heir.begin(), lost->second.begin(), lost->second.end());
      sealed_.erase(lost);
    }
  }

  bool full = false;
  std::string fail_writes;         // The error; empty: none.
  std::string fail_next_snapshot;  // The same.

 private:
  NumberBoard& board_;
  runtime::SinkListener* listener_ = nullptr;
  std::vector<std::int64_t> open_;
  std::map<CheckpointId, std::vector<std::int64_t>> sealed_;
};

/// Sinks that write to one board.
class NumberSinkConnector final : public runtime::SinkConnector {
 public:
  explicit NumberSinkConnector(NumberBoard& board) : board_(board) {}

  StatusOr<std::unique_ptr<runtime::Sink>> Open(const std::string&,
                                                columnar::SchemaPtr,
                                                runtime::ConnectorContext) const override {
    return std::make_unique<NumberSink>(board_);
  }

 private:
  NumberBoard& board_;
};

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_TESTING_FAKE_CONNECTORS_H_
