// SPDX-License-Identifier: Apache-2.0
#include "client/cli/commands.h"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::client {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

struct Ran {
  ExitCode code = ExitCode::kOk;
  std::string out;
  std::string err;
};

/// Presses Ctrl-C when the first row is printed.
class InterruptingBuffer final : public std::stringbuf {
 public:
  explicit InterruptingBuffer(std::atomic<int>& interrupts) : interrupts_(interrupts) {}

 protected:
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    interrupts_ = 1;
    return std::stringbuf::xsputn(text, size);
  }

 private:
  std::atomic<int>& interrupts_;
};

Ran RunUntilFirstRow(const std::vector<std::string>& arguments) {
  std::atomic<int> interrupts{0};
  InterruptingBuffer buffer(interrupts);
  std::ostream out(&buffer);
  std::ostringstream err;
  const Terminal terminal = {.out = out, .err = err, .progress = false, .interrupts = interrupts};
  const ExitCode code = RunCommand(arguments, terminal);
  return {.code = code, .out = buffer.str(), .err = err.str()};
}

class CommandsTest : public testing::Test {
 protected:
  CommandsTest() {
    directory_ = std::filesystem::path(testing::TempDir()) /
                 testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
  }

  static Ran Run(std::vector<std::string> arguments) {
    std::ostringstream out;
    std::ostringstream err;
    std::atomic<int> interrupts{0};
    const Terminal terminal = {.out = out, .err = err, .progress = false, .interrupts = interrupts};
    const ExitCode code = RunCommand(std::move(arguments), terminal);
    return {.code = code, .out = out.str(), .err = err.str()};
  }

  std::string Script(const std::string& text) {
    const std::filesystem::path path = directory_ / "job.sql";
    std::ofstream(path) << text;
    return path.string();
  }

  std::filesystem::path directory_;
};

TEST_F(CommandsTest, TellsItsVersion) {
  const Ran ran = Run({"version"});
  EXPECT_EQ(ran.code, ExitCode::kOk);
  EXPECT_THAT(ran.out, HasSubstr("thalweg 0."));
}

TEST_F(CommandsTest, RefusesACommandLineThatIsWrong) {
  EXPECT_EQ(Run({}).code, ExitCode::kUsage);
  EXPECT_EQ(Run({"run"}).code, ExitCode::kUsage);
  EXPECT_EQ(Run({"run", "x.sql", "--output", "xml"}).code, ExitCode::kUsage);
  const Ran ran = Run({"run", Script("SELECT 1"), "--set", "paralelism.default=2"});
  EXPECT_EQ(ran.code, ExitCode::kUsage);
  EXPECT_THAT(ran.err, HasSubstr("Did you mean 'parallelism.default'?"));
}

TEST_F(CommandsTest, TellsThatAFileCannotBeRead) {
  const Ran ran = Run({"run", (directory_ / "none.sql").string()});
  EXPECT_EQ(ran.code, ExitCode::kNoFile);
  EXPECT_THAT(ran.err, HasSubstr("none.sql cannot be read"));
}

TEST_F(CommandsTest, PrintsAQueryInEachWay) {
  const std::string script = Script("SELECT * FROM (VALUES (1, 'x')) AS t (id, name)");
  const Ran table = Run({"run", script});
  EXPECT_EQ(table.code, ExitCode::kOk) << table.err;
  EXPECT_EQ(table.out,
            "+----+------+\n"
            "| id | name |\n"
            "+----+------+\n"
            "|  1 | x    |\n"
            "+----+------+\n"
            "1 row\n");
  EXPECT_THAT(table.err, IsEmpty());
  EXPECT_EQ(Run({"run", script, "--output", "changelog"}).out, "+I[1, x]\n");
  EXPECT_EQ(Run({"run", script, "--output", "jsonl", "-p", "2"}).out,
            "{\"id\":1,\"name\":\"x\"}\n");
}

TEST_F(CommandsTest, ShowsTheLineOfAMistake) {
  const Ran ran = Run({"run", Script("SELECT 1;\nSELECT a FORM t;")});
  EXPECT_EQ(ran.code, ExitCode::kStatementFailed);
  EXPECT_THAT(ran.err, HasSubstr("job.sql:2:15: Expected"));
  EXPECT_THAT(ran.err, HasSubstr("Did you mean FROM instead of 'FORM'?"));
  EXPECT_THAT(ran.out, IsEmpty());
}

TEST_F(CommandsTest, TellsWhyAJobFailed) {
  const Ran ran = Run({"run", Script("SELECT 1 / a FROM (VALUES (0)) AS t (a)")});
  EXPECT_EQ(ran.code, ExitCode::kJobFailed);
  EXPECT_THAT(ran.err, HasSubstr("zero"));
}

TEST_F(CommandsTest, RunsSeveralQueriesOfOneScript) {
  const Ran ran = Run({"run", Script("SELECT 1; SELECT 2;"), "--output", "changelog"});
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  EXPECT_EQ(ran.out, "+I[1]\n+I[2]\n");
}

TEST_F(CommandsTest, SaysThatAJobHasFinishedAlready) {
  const std::string state = (directory_ / "state").string();
  const std::string script = Script("SELECT 1");
  EXPECT_EQ(Run({"run", script, "--output", "changelog", "--state-dir", state}).out, "+I[1]\n");
  const Ran again = Run({"run", script, "--output", "changelog", "--state-dir", state});
  EXPECT_EQ(again.code, ExitCode::kOk);
  EXPECT_THAT(again.out, IsEmpty());
  EXPECT_THAT(again.err, HasSubstr("already finished"));
}

TEST_F(CommandsTest, GoesOnWhereItWasStopped) {
  const std::vector<std::string> arguments = {
      "run",
      Script("CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', "
             "'rows-per-second' = '1000', 'fields.n.kind' = 'sequence', 'fields.n.start' = '1', "
             "'fields.n.end' = '1000000'); SELECT n FROM numbers"),
      "--output",
      "changelog",
      "--set",
      "execution.checkpointing.interval=20 ms",
      "--state-dir",
      (directory_ / "state").string()};
  std::string rows;
  for (int i = 0; i < 3; ++i) {
    const Ran ran = RunUntilFirstRow(arguments);
    EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("stopped with a checkpoint"));
    EXPECT_THAT(ran.out, testing::StartsWith("+I["));
    rows += ran.out;
  }
  std::istringstream lines(rows);
  std::int64_t expected = 0;
  for (std::string line; std::getline(lines, line);) {
    ASSERT_EQ(line, "+I[" + std::to_string(++expected) + "]");
  }
}

TEST_F(CommandsTest, ExplainsWithoutRunning) {
  const Ran ran = Run({"explain",
                       Script("CREATE TABLE t (a INT) WITH ('connector' = 'datagen'); "
                              "SELECT a, COUNT(*) FROM t GROUP BY a")});
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("COUNT"));
}

TEST_F(CommandsTest, LetsTheCommandLineWinOverTheScript) {
  const std::string script =
      Script("SET 'sql-client.execution.result-mode' = 'table'; SELECT 1; SHOW TABLES;");
  const Ran ran = Run({"run", script, "--set", "sql-client.execution.result-mode=changelog"});
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("+I[1]\n"));
}

}  // namespace
}  // namespace thalweg::client
