// SPDX-License-Identifier: Apache-2.0

#include "coordinator/scheduler.h"

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace thalweg::coordinator {
namespace {

using ::testing::ElementsAre;

const WorkerId kA("a");
const WorkerId kB("b");
const WorkerId kC("c");

std::ptrdiff_t CountOf(const Placement& placement, const WorkerId& worker) {
  return std::count(placement.begin(), placement.end(), worker);
}

TEST(SchedulerTest, SpreadsEvenlyOverWorkers) {
  const PlaceResult placed = Place(4, {{kA, 8}, {kB, 8}}, {});
  EXPECT_EQ(CountOf(placed.placement, kA), 2);
  EXPECT_EQ(CountOf(placed.placement, kB), 2);
}

TEST(SchedulerTest, FillsSmallWorkersAndGivesTheRestToLargeOnes) {
  const PlaceResult placed = Place(6, {{kA, 1}, {kB, 8}, {kC, 2}}, {});
  EXPECT_EQ(CountOf(placed.placement, kA), 1);
  EXPECT_EQ(CountOf(placed.placement, kB), 3);
  EXPECT_EQ(CountOf(placed.placement, kC), 2);
}

TEST(SchedulerTest, TellsHowManySlotsAreMissing) {
  const PlaceResult placed = Place(5, {{kA, 1}, {kB, 2}}, {});
  EXPECT_TRUE(placed.placement.empty());
  EXPECT_EQ(placed.missing_slots, 2u);
}

TEST(SchedulerTest, LeavesSlotsWhereTheyWere) {
  const Placement previous = {kB, kA, kB, kA};
  EXPECT_EQ(Place(4, {{kA, 4}, {kB, 4}}, previous).placement, previous);
}

TEST(SchedulerTest, MovesOnlyTheSlotsOfALostWorker) {
  const PlaceResult placed = Place(3, {{kA, 2}, {kC, 2}}, {kA, kB, kC});
  EXPECT_EQ(placed.placement[0], kA);
  EXPECT_EQ(placed.placement[2], kC);
}

TEST(SchedulerTest, LetsTheOddSlotStayWithWhoHeldMore) {
  EXPECT_THAT(Place(3, {{kA, 4}, {kB, 4}}, {kB, kA, kB}).placement, ElementsAre(kB, kA, kB));
}

TEST(SchedulerTest, PrefersTheEmptierWorkerForALoneSlot) {
  EXPECT_THAT(Place(1, {{kA, 1}, {kB, 3}}, {}).placement, ElementsAre(kB));
}

TEST(SchedulerTest, NeedsNoPreviousPlacementOfTheSameSize) {
  EXPECT_EQ(Place(2, {{kA, 4}, {kB, 4}}, {kA, kB, kA, kB}).placement, (Placement{kA, kB}));
  EXPECT_EQ(Place(4, {{kA, 4}, {kB, 4}}, {kB}).placement[0], kB);
}

}  // namespace
}  // namespace thalweg::coordinator
