// SPDX-License-Identifier: Apache-2.0
#include "connectors/blackhole/blackhole.h"

#include <utility>

namespace thalweg::connectors {
namespace {

using runtime::SinkListener;
using runtime::StateEntries;

class Blackhole final : public runtime::Sink {
 public:
  void Start(CheckpointId /*restored*/,
             std::span<const proto::OperatorStateEntry> /*entries*/,
             SinkListener& listener) override {
    listener_ = &listener;
    listener.OnReplayed();
  }
  bool HasRoom() const override { return true; }
  Status Write(const columnar::Batch& /*batch*/) override { return OkStatus(); }
  void Snapshot(CheckpointId /*checkpoint*/,
                UniqueFunction<void(StatusOr<StateEntries>)> done) override {
    done(StateEntries());
  }
  void Complete(CheckpointId checkpoint) override { listener_->OnCommitted(checkpoint); }
  void Abort(CheckpointId /*checkpoint*/) override {}

 private:
  SinkListener* listener_ = nullptr;
};

class BlackholeConnector final : public runtime::SinkConnector {
 public:
  StatusOr<std::string> Plan(const runtime::TableRequest& table) const override {
    RETURN_IF_ERROR(Annotate(table.options.CheckKeys({}), "Connector 'blackhole'"));
    return std::string();
  }
  StatusOr<std::unique_ptr<runtime::Sink>> Open(
      const std::string& /*spec*/,
      columnar::SchemaPtr /*schema*/,
      runtime::ConnectorContext /*context*/) const override {
    return std::make_unique<Blackhole>();
  }
};

}  // namespace

std::unique_ptr<runtime::SinkConnector> MakeBlackholeSink() {
  return std::make_unique<BlackholeConnector>();
}

}  // namespace thalweg::connectors
