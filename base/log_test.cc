// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <cstdio>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/ids.h"

namespace thalweg {
namespace {

class FixedClock final : public Clock {
 public:
  MonoTime Now() const override { return {}; }
  WallTime WallNow() const override { return WallTime(Milliseconds(1'714'557'600'007)); }
};

TEST(LogTest, FieldsOfAllKindsFollowTheMessage) {
  CapturingLogSink sink;
  const FixedClock clock;
  const Log log(sink, clock);
  const std::string name = "words";
  log.Info("Started", {{"job", JobId("4f")}, {"checkpoint", CheckpointId(7)}, {"source", name}});
  log.Warn("Slow", {{"ok", true}, {"count", -3}, {"text", "plain"}});
  log.Error("Failed");
  EXPECT_THAT(sink.lines(),
              testing::ElementsAre("INFO Started job=4f checkpoint=7 source=words",
                                   "WARN Slow ok=true count=-3 text=plain",
                                   "ERROR Failed"));
}

TEST(LogTest, ValuesThatWouldBreakTheLineAreQuoted) {
  CapturingLogSink sink;
  const FixedClock clock;
  Log(sink, clock).Info("m", {{"a", "two words"}, {"b", "x\n\"y\"\\"}, {"c", ""}, {"d", "k=v"}});
  EXPECT_THAT(sink.lines(),
              testing::ElementsAre(R"(INFO m a="two words" b="x\x0a\"y\"\\" c="" d="k=v")"));
}

TEST(LogTest, TheTextSinkWritesOneLineWithTheTimeInUtc) {
  std::FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  TextLogSink sink(file);
  const FixedClock clock;
  Log(sink, clock).Info("Started", {{"n", 1}});
  ASSERT_EQ(std::fseek(file, 0, SEEK_SET), 0);
  char line[200] = {};
  ASSERT_NE(std::fgets(line, sizeof(line), file), nullptr);
  EXPECT_STREQ(line, "2024-05-01T10:00:00.007Z INFO Started n=1\n");
  std::fclose(file);
}

}  // namespace
}  // namespace thalweg
