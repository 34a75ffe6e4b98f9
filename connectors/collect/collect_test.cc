// SPDX-License-Identifier: Apache-2.0
#include "connectors/collect/collect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/batch_builder.h"
#include "columnar/datum.h"

namespace thalweg::connectors {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Attempt kFirst{Generation(1), 0};
constexpr Attempt kSecond{Generation(1), 1};

columnar::Batch Row(int value) {
  columnar::BatchBuilder builder(columnar::Schema::Make({{"value", columnar::DataType::BigInt()}}));
  builder.AppendRow({value});
  return builder.Finish();
}

std::vector<std::int64_t> Taken(CollectHub& hub) {
  std::vector<std::int64_t> values;
  for (const columnar::Batch& batch : hub.Take("q")) {
    for (std::size_t row = 0; row < batch.row_count(); ++row) {
      values.push_back(columnar::DatumAt(*batch.column(0), row).integer());
    }
  }
  return values;
}

class Listener final : public runtime::SinkListener {
 public:
  void OnCommitted(CheckpointId checkpoint) override { committed.push_back(checkpoint.value()); }
  void OnReplayed() override { ++replayed; }
  void OnFailed(Status status) override { failure = status; }

  std::vector<std::uint64_t> committed;
  int replayed = 0;
  Status failure;
};

std::unique_ptr<runtime::Sink> OpenSink(CollectHub& hub, Attempt attempt, std::uint32_t subtask) {
  runtime::ConnectorContext context;
  context.generation = attempt.generation.value();
  context.attempt = attempt.n;
  context.subtask = subtask;
  return *MakeCollectSink(hub)->Open(CollectSpecOf("q"), nullptr, std::move(context));
}

TEST(CollectTest, ShowsRowsOnceTheirCheckpointIsComplete) {
  CollectHub hub;
  Listener listener;
  const auto sink = OpenSink(hub, kFirst, 0);
  sink->Start(CheckpointId(0), {}, listener);
  ASSERT_TRUE(sink->Write(Row(1)).ok());
  bool sealed = false;
  sink->Snapshot(CheckpointId(1), [&](const auto& entries) { sealed = entries.ok(); });
  ASSERT_TRUE(sink->Write(Row(2)).ok());
  EXPECT_TRUE(sealed);
  EXPECT_THAT(Taken(hub), IsEmpty());
  sink->Complete(CheckpointId(1));
  EXPECT_THAT(Taken(hub), ElementsAre(1));
  EXPECT_THAT(Taken(hub), IsEmpty());
  EXPECT_THAT(listener.committed, ElementsAre(1));
}

TEST(CollectTest, AnAbortedCheckpointJoinsTheNext) {
  CollectHub hub;
  Listener listener;
  const auto sink = OpenSink(hub, kFirst, 0);
  sink->Start(CheckpointId(0), {}, listener);
  ASSERT_TRUE(sink->Write(Row(1)).ok());
  sink->Snapshot(CheckpointId(1), [](const auto&) {});
  sink->Abort(CheckpointId(1));
  ASSERT_TRUE(sink->Write(Row(2)).ok());
  sink->Snapshot(CheckpointId(2), [](const auto&) {});
  sink->Complete(CheckpointId(2));
  EXPECT_THAT(Taken(hub), ElementsAre(1, 2));
}

TEST(CollectTest, ARestoreCommitsWhatItsCheckpointHoldsAndDropsTheRest) {
  CollectHub hub;
  Listener listener;
  const auto a = OpenSink(hub, kFirst, 0);
  const auto b = OpenSink(hub, kFirst, 1);
  a->Start(CheckpointId(0), {}, listener);
  b->Start(CheckpointId(0), {}, listener);
  ASSERT_TRUE(a->Write(Row(1)).ok());
  ASSERT_TRUE(b->Write(Row(2)).ok());
  a->Snapshot(CheckpointId(1), [](const auto&) {});
  b->Snapshot(CheckpointId(1), [](const auto&) {});
  ASSERT_TRUE(a->Write(Row(3)).ok());
  b->Complete(CheckpointId(1));  // Nobody told `a` before the crash.
  EXPECT_THAT(Taken(hub), ElementsAre(2));

  Listener again;
  const auto restored = OpenSink(hub, kSecond, 0);  // At another parallelism.
  restored->Start(CheckpointId(1), {}, again);
  EXPECT_EQ(again.replayed, 1);
  EXPECT_THAT(Taken(hub), ElementsAre(1));
  ASSERT_TRUE(restored->Write(Row(3)).ok());
  restored->Snapshot(CheckpointId(2), [](const auto&) {});
  restored->Complete(CheckpointId(2));
  EXPECT_THAT(Taken(hub), ElementsAre(3));
}

TEST(CollectTest, AnOldAttemptIsRefusedEverywhere) {
  CollectHub hub;
  Listener listener;
  const auto zombie = OpenSink(hub, kFirst, 0);
  zombie->Start(CheckpointId(0), {}, listener);
  ASSERT_TRUE(zombie->Write(Row(1)).ok());
  Listener other;
  OpenSink(hub, kSecond, 0)->Start(CheckpointId(0), {}, other);

  EXPECT_EQ(zombie->Write(Row(2)).code(), StatusCode::kFailedPrecondition);
  zombie->Snapshot(CheckpointId(1), [](const auto& entries) {
    EXPECT_EQ(entries.status().code(), StatusCode::kFailedPrecondition);
  });
  zombie->Complete(CheckpointId(1));
  EXPECT_EQ(listener.failure.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(Taken(hub), IsEmpty());
}

TEST(CollectTest, PlansTheNameOfItsResultAndSuggestsTheRightOption) {
  CollectHub hub;
  const auto connector = MakeCollectSink(hub);
  runtime::TableRequest table;
  table.options.Set("result", "q");
  EXPECT_EQ(*connector->Plan(table), CollectSpecOf("q"));
  table.options.Set("resutl", "q");
  EXPECT_THAT(std::string(MessageOf(connector->Plan(table).status())),
              ::testing::HasSubstr("result"));
}

}  // namespace
}  // namespace thalweg::connectors
