// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/snapshot_assembly.h"

#include <gtest/gtest.h>

namespace thalweg::runtime {
namespace {

constexpr CheckpointId kFirst{1};
constexpr CheckpointId kSecond{2};

SnapshotPart PartWith(const std::string& entry) {
  SnapshotPart part;
  part.add_entries()->set_name(entry);
  return part;
}

TEST(SnapshotAssemblyTest, IsFinishedWithTheLastPart) {
  SnapshotAssembly assembly;
  assembly.Begin(kFirst, PartWith("head"), 2, {.alignment = Microseconds(7)});
  assembly.EndPause(kFirst, Microseconds(3), MonoTime(Microseconds(100)));
  EXPECT_FALSE(assembly.Add(kFirst, PartWith("state"), MonoTime()).has_value());
  const auto finished = assembly.Add(kFirst, PartWith("sink"), MonoTime(Microseconds(150)));
  ASSERT_TRUE(finished.has_value());
  EXPECT_EQ(finished->snapshot.entries_size(), 3);
  EXPECT_EQ(finished->timings.alignment, Microseconds(7));
  EXPECT_EQ(finished->timings.pause, Microseconds(3));
  EXPECT_EQ(finished->timings.background, Microseconds(50));
}

TEST(SnapshotAssemblyTest, CheckpointsDoNotMix) {
  SnapshotAssembly assembly;
  assembly.Begin(kFirst, {}, 1, {});
  assembly.Begin(kSecond, {}, 1, {});
  EXPECT_EQ(assembly.Add(kSecond, PartWith("b"), MonoTime())->snapshot.entries(0).name(), "b");
  EXPECT_EQ(assembly.Add(kFirst, PartWith("a"), MonoTime())->snapshot.entries(0).name(), "a");
}

TEST(SnapshotAssemblyTest, PartsOfADroppedCheckpointGoNowhere) {
  SnapshotAssembly assembly;
  assembly.Begin(kFirst, {}, 1, {});
  EXPECT_TRUE(assembly.Drop(kFirst));
  EXPECT_FALSE(assembly.Drop(kFirst));
  EXPECT_FALSE(assembly.Add(kFirst, {}, MonoTime()).has_value());
}

}  // namespace
}  // namespace thalweg::runtime
