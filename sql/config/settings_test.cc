// SPDX-License-Identifier: Apache-2.0
#include "sql/config/settings.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::sql {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TEST(SettingsTest, GivesDefaultsUntilAValueIsSet) {
  SessionSettings settings;
  EXPECT_EQ(settings.Get(setting::kCheckpointInterval), Milliseconds(1000));
  EXPECT_FALSE(settings.IsSet("execution.checkpointing.interval"));
  ASSERT_TRUE(settings.Set("execution.checkpointing.interval", "100 ms").ok());
  EXPECT_EQ(settings.Get(setting::kCheckpointInterval), Milliseconds(100));
  ASSERT_TRUE(settings.Reset("execution.checkpointing.interval").ok());
  EXPECT_EQ(settings.Get(setting::kCheckpointInterval), Milliseconds(1000));
}

TEST(SettingsTest, SuggestsTheKeyThatWasMeant) {
  SessionSettings settings;
  EXPECT_THAT(std::string(MessageOf(settings.Set("paralelism.default", "2").status())),
              HasSubstr("Did you mean 'parallelism.default'?"));
  EXPECT_THAT(std::string(MessageOf(settings.Reset("x"))), HasSubstr("SET without a key lists"));
}

TEST(SettingsTest, RefusesWhatIsNotOfTheType) {
  SessionSettings settings;
  EXPECT_FALSE(settings.Set("parallelism.default", "many").ok());
  EXPECT_FALSE(settings.Set("parallelism.default", "0").ok());
  EXPECT_FALSE(settings.Set("execution.checkpointing.interval", "1 ms").ok());
  EXPECT_THAT(std::string(MessageOf(settings.Set("execution.runtime-mode", "fast").status())),
              HasSubstr("one of streaming, batch"));
  EXPECT_EQ(settings.Get(setting::kParallelism), 1);
}

TEST(SettingsTest, TakesValuesInAnyCase) {
  SessionSettings settings;
  ASSERT_TRUE(settings.Set("execution.runtime-mode", "BATCH").ok());
  EXPECT_EQ(settings.Get(setting::kRuntimeMode), "batch");
}

TEST(SettingsTest, NotesWhatHasNoEffect) {
  SessionSettings settings;
  const auto note = settings.Set("state.backend.type", "rocksdb");
  ASSERT_TRUE(note.ok());
  EXPECT_THAT(*note, HasSubstr("no effect here: there is one kind of state"));
  EXPECT_THAT(*settings.Set("parallelism.default", "2"), IsEmpty());
}

TEST(SettingsTest, DescribesEachOnce) {
  const auto& all = AllSettings();
  EXPECT_EQ(
      std::adjacent_find(all.begin(),
                         all.end(),
                         [](const Setting& a, const Setting& b) { return a.key() == b.key(); }),
      all.end());
  for (const Setting& each : all) {
    EXPECT_NE(each.description().empty(), each.no_effect.empty()) << each.key();
  }
}

TEST(SettingsTest, HasDefaultsThatCanBeSet) {
  for (const Setting& each : AllSettings()) {
    SessionSettings settings;
    const auto set = settings.Set(each.key(), each.DefaultText());
    EXPECT_TRUE(set.ok()) << each.key() << ": " << set.status();
  }
}

TEST(SettingsTest, IsListedInThePage) {
  std::ifstream file(THALWEG_SOURCE_DIR "/docs/operations.md");
  ASSERT_TRUE(file.is_open());
  const std::string page(std::istreambuf_iterator<char>(file), {});
  EXPECT_THAT(page, HasSubstr(SettingsTable())) << "Put this into docs/operations.md:\n"
                                                << SettingsTable();
}

}  // namespace
}  // namespace thalweg::sql
