// SPDX-License-Identifier: Apache-2.0
#include "connectors/collect/collect.h"

#include <iterator>
#include <utility>

#include "proto/connectors.pb.h"

namespace thalweg::connectors {
namespace {

inline constexpr Option<std::string_view> kResult{
    .key = "result", .default_value = "default", .description = "The name to take rows by."};

Status Replaced() {
  return FailedPrecondition(
      "A newer attempt of the job collects now; this one must not write any more.");
}

class CollectSink final : public runtime::Sink {
 public:
  CollectSink(CollectHub& hub, std::string result, const runtime::ConnectorContext& context)
      : hub_(hub),
        result_(std::move(result)),
        attempt_{Generation(context.generation), context.attempt},
        subtask_(context.subtask) {}

  void Start(CheckpointId restored,
             std::span<const proto::OperatorStateEntry> /*entries*/,
             runtime::SinkListener& listener) override {
    listener_ = &listener;
    if (hub_.Begin(result_, attempt_, restored)) {
      listener.OnReplayed();
    } else {
      listener.OnFailed(Replaced());
    }
  }
  bool HasRoom() const override { return true; }
  Status Write(const columnar::Batch& batch) override {
    return hub_.Add(result_, attempt_, subtask_, batch.CompactHeaps()) ? OkStatus() : Replaced();
  }
  void Snapshot(CheckpointId checkpoint,
                UniqueFunction<void(StatusOr<runtime::StateEntries>)> done) override {
    if (hub_.Seal(result_, attempt_, subtask_, checkpoint)) {
      done(runtime::StateEntries());
    } else {
      done(Replaced());
    }
  }
  void Complete(CheckpointId checkpoint) override {
    if (hub_.Commit(result_, attempt_, subtask_, checkpoint)) {
      listener_->OnCommitted(checkpoint);
    } else {
      listener_->OnFailed(Replaced());
    }
  }
  void Abort(CheckpointId /*checkpoint*/) override {}  // The next Complete() commits it too.

 private:
  CollectHub& hub_;
  const std::string result_;
  const Attempt attempt_;
  const std::uint32_t subtask_;
  runtime::SinkListener* listener_ = nullptr;
};

class CollectConnector final : public runtime::SinkConnector {
 public:
  explicit CollectConnector(CollectHub& hub) : hub_(hub) {}

  StatusOr<std::string> Plan(const runtime::TableRequest& table) const override {
    static constexpr std::string_view kKeys[] = {kResult.key};
    RETURN_IF_ERROR(Annotate(table.options.CheckKeys(kKeys), "Connector 'collect'"));
    ASSIGN_OR_RETURN(const std::string result, table.options.Get(kResult));
    return CollectSpecOf(result);
  }
  StatusOr<std::unique_ptr<runtime::Sink>> Open(const std::string& spec,
                                                columnar::SchemaPtr /*schema*/,
                                                runtime::ConnectorContext context) const override {
    proto::CollectSpec parsed;
    if (!parsed.ParseFromString(spec)) {
      return DataLoss("The spec of a sink 'collect' cannot be read.");
    }
    return std::make_unique<CollectSink>(hub_, parsed.result(), context);
  }

 private:
  CollectHub& hub_;
};

template <class T>
void MoveAll(std::vector<T>& from, std::vector<T>& to) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  from.clear();
}

}  // namespace

std::vector<columnar::Batch> CollectHub::Take(const std::string& result) {
  MutexLock lock(mutex_);
  return std::exchange(results_[result].committed, {});
}

bool CollectHub::Begin(const std::string& result, Attempt attempt, CheckpointId restored) {
  MutexLock lock(mutex_);
  Result& entry = results_[result];
  if (attempt < entry.attempt) {
    return false;
  }
  if (entry.attempt < attempt) {
    for (auto& [subtask, writer] : entry.writers) {
      CommitUpTo(restored, writer, entry);
    }
    entry.writers.clear();
    entry.attempt = attempt;
  }
  return true;
}

bool CollectHub::Add(const std::string& result,
                     Attempt attempt,
                     std::uint32_t subtask,
                     columnar::Batch batch) {
  MutexLock lock(mutex_);
  Result* const entry = Find(result, attempt);
  if (entry != nullptr) {
    entry->writers[subtask].open.push_back(std::move(batch));
  }
  return entry != nullptr;
}

bool CollectHub::Seal(const std::string& result,
                      Attempt attempt,
                      std::uint32_t subtask,
                      CheckpointId checkpoint) {
  MutexLock lock(mutex_);
  Result* const entry = Find(result, attempt);
  if (entry != nullptr) {
    Writer& writer = entry->writers[subtask];
    writer.sealed.push_back({checkpoint, std::exchange(writer.open, {})});
  }
  return entry != nullptr;
}

bool CollectHub::Commit(const std::string& result,
                        Attempt attempt,
                        std::uint32_t subtask,
                        CheckpointId checkpoint) {
  MutexLock lock(mutex_);
  Result* const entry = Find(result, attempt);
  if (entry != nullptr) {
    CommitUpTo(checkpoint, entry->writers[subtask], *entry);
  }
  return entry != nullptr;
}

void CollectHub::CommitUpTo(CheckpointId checkpoint, Writer& writer, Result& result) {
  while (!writer.sealed.empty() && writer.sealed.front().checkpoint <= checkpoint) {
    MoveAll(writer.sealed.front().batches, result.committed);
    writer.sealed.pop_front();
  }
}

CollectHub::Result* CollectHub::Find(const std::string& result, Attempt attempt) {
  const auto found = results_.find(result);
  return found != results_.end() && found->second.attempt == attempt ? &found->second : nullptr;
}

std::string CollectSpecOf(const std::string& result) {
  proto::CollectSpec spec;
  spec.set_result(result);
  return spec.SerializeAsString();
}

std::unique_ptr<runtime::SinkConnector> MakeCollectSink(CollectHub& hub) {
  return std::make_unique<CollectConnector>(hub);
}

}  // namespace thalweg::connectors
