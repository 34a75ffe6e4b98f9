// SPDX-License-Identifier: Apache-2.0

#include "coordinator/worker_table.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace thalweg::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const WorkerId kA("a");
const WorkerId kB("b");
const JobId kJob("job");

MonoTime At(int millis) {
  return MonoTime(Milliseconds(millis));
}

TEST(WorkerTableTest, LosesWorkersAfterTheirPatienceOldestFirst) {
  WorkerTable table;
  table.Add(kA, "a:1", 1, At(0));
  table.Add(kB, "b:1", 1, At(5));
  table.OnHeard(kA, At(10));
  EXPECT_THAT(table.LostWorkers(At(105), Milliseconds(100)), IsEmpty());
  EXPECT_THAT(table.LostWorkers(At(109), Milliseconds(100)), ElementsAre(kB));
  EXPECT_THAT(table.LostWorkers(At(200), Milliseconds(100)), ElementsAre(kB, kA));
}

TEST(WorkerTableTest, NextLossIsTheFirstInstantAtWhichAWorkerIsLost) {
  WorkerTable table;
  EXPECT_EQ(table.NextLoss(Milliseconds(100)), std::nullopt);
  table.Add(kA, "a:1", 1, At(0));
  const MonoTime next = *table.NextLoss(Milliseconds(100));
  EXPECT_THAT(table.LostWorkers(next - Microseconds(1), Milliseconds(100)), IsEmpty());
  EXPECT_THAT(table.LostWorkers(next, Milliseconds(100)), ElementsAre(kA));
}

TEST(WorkerTableTest, CountsReservedSlotsUntilTheyAreReleased) {
  WorkerTable table;
  table.Add(kA, "a:1", 2, At(0));
  table.Add(kB, "b:1", 2, At(0));
  table.Reserve(kJob, {kA, kA, kB});
  EXPECT_EQ(table.FreeSlots().at(kA), 0u);
  EXPECT_EQ(table.FreeSlots().at(kB), 1u);
  const std::uint64_t version = table.version();
  table.Release(kJob);
  EXPECT_EQ(table.FreeSlots().at(kA), 2u);
  EXPECT_GT(table.version(), version);
}

TEST(WorkerTableTest, HoldsSlotsBackWhileUnwantedTasksMayRun) {
  WorkerTable table;
  table.Add(kA, "a:1", 2, At(0));
  const Attempt first{.generation = Generation(1), .n = 1};
  const Attempt second{.generation = Generation(1), .n = 2};
  table.AddUnwanted(kA, kJob, second);
  EXPECT_EQ(table.FreeSlots().at(kA), 0u);
  table.OnGone(kA, JobId("another"), second);
  table.OnGone(kA, kJob, first);
  EXPECT_EQ(table.FreeSlots().at(kA), 0u);
  table.OnGone(kA, kJob, second);
  EXPECT_EQ(table.FreeSlots().at(kA), 2u);
}

TEST(WorkerTableTest, ALostWorkerTakesItsSlotsWithIt) {
  WorkerTable table;
  table.Add(kA, "a:1", 2, At(0));
  table.Reserve(kJob, {kA});
  EXPECT_TRUE(table.Remove(kA));
  EXPECT_FALSE(table.Remove(kA));
  EXPECT_THAT(table.FreeSlots(), IsEmpty());
}

}  // namespace
}  // namespace thalweg::coordinator
