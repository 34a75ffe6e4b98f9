// SPDX-License-Identifier: Apache-2.0

#include "coordinator/log_replay.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace thalweg::coordinator {
namespace {

using ::testing::ElementsAre;

proto::LogRecord NewGeneration(std::uint64_t generation) {
  proto::LogRecord record;
  record.set_generation(generation);
  record.mutable_new_generation()->set_generation(generation);
  return record;
}

proto::LogRecord ManifestRecord(std::uint64_t generation,
                                std::uint64_t id,
                                proto::CheckpointKind kind = proto::CHECKPOINT_PERIODIC) {
  proto::LogRecord record;
  record.set_generation(generation);
  record.mutable_manifest()->set_checkpoint_id(id);
  record.mutable_manifest()->set_kind(kind);
  return record;
}

proto::LogRecord Submitted(std::uint64_t generation, const std::string& name) {
  proto::LogRecord record;
  record.set_generation(generation);
  record.mutable_submitted()->mutable_graph()->set_name(name);
  return record;
}

proto::LogRecord Intent(proto::JobEnd wanted) {
  proto::LogRecord record;
  record.set_generation(1);
  record.mutable_intent()->set_wanted(wanted);
  return record;
}

proto::LogRecord Ended(proto::JobEnd end) {
  proto::LogRecord record;
  record.set_generation(1);
  record.mutable_ended()->set_end(end);
  return record;
}

template <class State>
State Replay(const std::vector<proto::LogRecord>& records) {
  State state;
  for (const proto::LogRecord& record : records) {
    EXPECT_TRUE(state.Apply(record).ok());
  }
  return state;
}

TEST(ClusterLogStateTest, KeepsJobsInTheOrderOfSubmission) {
  proto::LogRecord b;
  b.set_generation(1);
  b.set_job_added("b");
  proto::LogRecord a = b;
  a.set_job_added("a");
  const auto state = Replay<ClusterLogState>({NewGeneration(1), b, a, b, NewGeneration(2)});
  EXPECT_THAT(state.jobs(), ElementsAre(JobId("b"), JobId("a")));
  EXPECT_EQ(state.generation(), Generation(2));
}

TEST(ClusterLogStateTest, RefusesARecordOfAJob) {
  ClusterLogState state;
  EXPECT_EQ(state.Apply(ManifestRecord(1, 1)).status().code(), StatusCode::kDataLoss);
}

TEST(JobLogStateTest, RestartsFromTheNewestManifest) {
  const auto state = Replay<JobLogState>(
      {Submitted(1, "j"), ManifestRecord(1, 1), ManifestRecord(1, 2), ManifestRecord(1, 5)});
  EXPECT_EQ(state.newest()->checkpoint_id(), 5u);
  EXPECT_EQ(state.manifests().size(), kManifestsRetained);
}

TEST(JobLogStateTest, HandsOutEachSupersededManifestOnce) {
  auto state = Replay<JobLogState>({ManifestRecord(1, 1), ManifestRecord(1, 2)});
  EXPECT_TRUE(state.TakeSuperseded().empty());
  ASSERT_TRUE(state.Apply(ManifestRecord(1, 3)).ok());
  const auto superseded = state.TakeSuperseded();
  ASSERT_EQ(superseded.size(), 1u);
  EXPECT_EQ(superseded[0].checkpoint_id(), 1u);
  EXPECT_TRUE(state.TakeSuperseded().empty());
}

TEST(JobLogStateTest, SkipsWhatALowerGenerationWroteBehindAHigherOne) {
  auto state = Replay<JobLogState>({Submitted(1, "j"), ManifestRecord(1, 1), NewGeneration(2)});
  EXPECT_EQ(*state.Apply(ManifestRecord(1, 2)), Folded::kFenced);
  EXPECT_EQ(state.newest()->checkpoint_id(), 1u);
  EXPECT_EQ(state.generation(), Generation(2));
}

TEST(JobLogStateTest, AManifestThatGoesBackIsDamage) {
  auto state = Replay<JobLogState>({ManifestRecord(1, 4)});
  EXPECT_EQ(state.Apply(ManifestRecord(1, 4)).status().code(), StatusCode::kDataLoss);
}

TEST(JobLogStateTest, AStateRecordStandsForAllBeforeIt) {
  const auto before = Replay<JobLogState>({Submitted(1, "j"),
                                           ManifestRecord(1, 4),
                                           Intent(proto::JOB_STOPPED),
                                           ManifestRecord(1, 5, proto::CHECKPOINT_STOP)});
  proto::LogRecord record;
  record.set_generation(1);
  *record.mutable_state() = before.ToState();
  const auto after = Replay<JobLogState>({record});
  EXPECT_EQ(after.submitted()->graph().name(), "j");
  EXPECT_EQ(after.newest()->checkpoint_id(), 5u);
  EXPECT_EQ(after.intent()->wanted(), proto::JOB_STOPPED);
  EXPECT_TRUE(after.settling());
}

TEST(JobLogStateTest, ACancelOverridesAStopForGood) {
  const auto state = Replay<JobLogState>({Intent(proto::JOB_CANCELED), Intent(proto::JOB_STOPPED)});
  EXPECT_EQ(state.intent()->wanted(), proto::JOB_CANCELED);
}

TEST(JobLogStateTest, ASecondSubmissionTakesUpAJobThatHadEnded) {
  const auto state = Replay<JobLogState>({Submitted(1, "old"),
                                          Intent(proto::JOB_STOPPED),
                                          ManifestRecord(1, 5, proto::CHECKPOINT_STOP),
                                          Ended(proto::JOB_STOPPED),
                                          Submitted(1, "new")});
  EXPECT_FALSE(state.ended().has_value());
  EXPECT_FALSE(state.intent().has_value());
  EXPECT_FALSE(state.settling());
  EXPECT_EQ(state.newest()->checkpoint_id(), 5u);
  EXPECT_EQ(state.submitted()->graph().name(), "new");
}

TEST(JobLogStateTest, AChangeOfARunningJobKeepsItsIntent) {
  const auto state =
      Replay<JobLogState>({Submitted(1, "old"), Intent(proto::JOB_CANCELED), Submitted(1, "new")});
  EXPECT_EQ(state.intent()->wanted(), proto::JOB_CANCELED);
}

}  // namespace
}  // namespace thalweg::coordinator
