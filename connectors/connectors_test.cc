// SPDX-License-Identifier: Apache-2.0
#include "connectors/connectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/batch_builder.h"
#include "connectors/blackhole/blackhole.h"
#include "connectors/collect/collect.h"

namespace thalweg::connectors {
namespace {

using ::testing::HasSubstr;

TEST(ConnectorsTest, AreFoundByName) {
  runtime::ConnectorRegistry registry;
  CollectHub hub;
  RegisterAll(registry);
  RegisterCollect(registry, hub);
  for (const char* name : {"datagen", "filesystem"}) {
    EXPECT_TRUE(registry.Source(name).ok()) << name;
  }
  for (const char* name : {"filesystem", "print", "blackhole", "collect"}) {
    EXPECT_TRUE(registry.Sink(name).ok()) << name;
  }
  EXPECT_THAT(std::string(MessageOf(registry.Sink("datagen").status())), HasSubstr("blackhole"));
}

class Listener final : public runtime::SinkListener {
 public:
  void OnCommitted(CheckpointId checkpoint) override { committed = checkpoint.value(); }
  void OnReplayed() override { replayed = true; }
  void OnFailed(Status status) override { failure = status; }

  std::uint64_t committed = 0;
  bool replayed = false;
  Status failure;
};

TEST(BlackholeTest, TakesAllRowsAndFollowsTheProtocol) {
  const auto connector = MakeBlackholeSink();
  const auto schema = columnar::Schema::Make({{"v", columnar::DataType::Int()}});
  const auto sink = *connector->Open(*connector->Plan({{}, schema, /*updating=*/true}), schema, {});
  Listener listener;
  sink->Start(CheckpointId(0), {}, listener);
  EXPECT_TRUE(listener.replayed);
  columnar::BatchBuilder builder(schema);
  builder.AppendRow({1}, columnar::ChangeKind::kDelete);
  EXPECT_TRUE(sink->HasRoom());
  EXPECT_TRUE(sink->Write(builder.Finish()).ok());
  bool sealed = false;
  sink->Snapshot(CheckpointId(4), [&](const auto& entries) { sealed = entries->empty(); });
  EXPECT_TRUE(sealed);
  sink->Complete(CheckpointId(4));
  EXPECT_EQ(listener.committed, 4U);
  EXPECT_TRUE(listener.failure.ok());
}

TEST(BlackholeTest, HasNoOptions) {
  const auto schema = columnar::Schema::Make({{"v", columnar::DataType::Int()}});
  EXPECT_THAT(std::string(MessageOf(MakeBlackholeSink()->Plan({{{"path", "x"}}, schema}).status())),
              HasSubstr("path"));
}

}  // namespace
}  // namespace thalweg::connectors
