// SPDX-License-Identifier: Apache-2.0

#include "coordinator/garbage.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/layout.h"

namespace thalweg::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const JobId kJob("0123456789abcdef0123456789abcdef");

std::string File(std::uint64_t generation, const std::string& name) {
  return storage::AttemptFilesPrefix(kJob, {.generation = Generation(generation), .n = 1}) + name;
}

proto::Manifest Naming(const std::vector<std::string>& files) {
  proto::Manifest manifest;
  for (const std::string& file : files) {
    manifest.add_tasks()->add_runs()->set_file(file);
  }
  return manifest;
}

MonoTime At(int millis) {
  return MonoTime(Milliseconds(millis));
}

TEST(GarbageTest, FindsTheFilesOfRunsAndEntriesAndNoInlineRuns) {
  proto::Manifest manifest = Naming({"a"});
  manifest.mutable_tasks(0)->add_runs()->set_inline_run("bytes");
  manifest.mutable_tasks(0)->add_entries()->add_files()->set_file("b");
  EXPECT_THAT(FilesOf(manifest), ElementsAre("a", "b"));
}

TEST(SupersededFilesTest, KeepsWhatARetainedManifestNames) {
  SupersededFiles files(kJob);
  files.OnSuperseded(Naming({File(1, "a"), File(1, "b")}), CheckpointId(3));
  EXPECT_THAT(files.Take(std::vector{Naming({File(1, "b")})}, std::nullopt),
              ElementsAre(File(1, "a")));
  EXPECT_THAT(files.Take({}, std::nullopt), IsEmpty());
}

TEST(SupersededFilesTest, WaitsForCheckpointsThatWereUnderWay) {
  SupersededFiles files(kJob);
  files.OnSuperseded(Naming({File(1, "a")}), CheckpointId(3));
  EXPECT_THAT(files.Take({}, CheckpointId(3)), IsEmpty());
  EXPECT_THAT(files.Take({}, CheckpointId(4)), ElementsAre(File(1, "a")));
}

TEST(SupersededFilesTest, LeavesFilesElsewhereAlone) {
  SupersededFiles files(kJob);
  files.OnSuperseded(Naming({"out/part-1", "jobs/other/files/1-1/a"}), CheckpointId(3));
  EXPECT_THAT(files.Take({}, std::nullopt), IsEmpty());
}

TEST(OrphanFinderTest, WantsToSeeAFileTwiceWithTheGraceTimeBetween) {
  OrphanFinder finder(kJob, Generation(2), Milliseconds(100));
  const std::vector<std::string> keys = {File(1, "a")};
  EXPECT_THAT(finder.OnListed(keys, {}, At(0)), IsEmpty());
  EXPECT_THAT(finder.OnListed(keys, {}, At(99)), IsEmpty());
  EXPECT_THAT(finder.OnListed(keys, {}, At(100)), ElementsAre(File(1, "a")));
}

TEST(OrphanFinderTest, SparesItsOwnGenerationAndLaterOnes) {
  OrphanFinder finder(kJob, Generation(2), Milliseconds(0));
  const std::vector<std::string> keys = {File(2, "a"), File(3, "a")};
  finder.OnListed(keys, {}, At(0));
  EXPECT_THAT(finder.OnListed(keys, {}, At(1)), IsEmpty());
}

TEST(OrphanFinderTest, SparesWhatARetainedManifestNamesAndWhatIsNoAttemptsFile) {
  OrphanFinder finder(kJob, Generation(2), Milliseconds(0));
  const std::vector<std::string> keys = {File(1, "a"), storage::JobFilesPrefix(kJob) + "readme"};
  const std::vector retained = {Naming({File(1, "a")})};
  finder.OnListed(keys, retained, At(0));
  EXPECT_THAT(finder.OnListed(keys, retained, At(1)), IsEmpty());
}

}  // namespace
}  // namespace thalweg::coordinator
