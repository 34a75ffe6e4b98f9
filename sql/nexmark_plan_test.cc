// SPDX-License-Identifier: Apache-2.0
//
// The queries of tests/sql/nexmark must plan, and into the operators that they are meant for.
#include <fstream>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/planner_test_util.h"

namespace thalweg::sql {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string ReadText(const std::string& name) {
  std::ifstream file(std::string(THALWEG_SOURCE_DIR) + "/tests/sql/nexmark/" + name + ".sql");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class NexmarkPlanTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(session.Error(ReadText("tables")), ""); }

  /// The plan of a query's INSERT, or the mistake.
  std::string Plan(const std::string& name) {
    const std::string text = ReadText(name);
    const std::size_t insert = text.find("INSERT");
    const std::string error = session.Error(text.substr(0, insert));
    return error.empty() ? session.Physical(text.substr(insert)) : "ERROR " + error;
  }

  TestSession session;
};

TEST_F(NexmarkPlanTest, AllQueriesPlan) {
  for (const char* name : {"q0",
                           "q1",
                           "q2",
                           "q3",
                           "q4",
                           "q5",
                           "q7",
                           "q8",
                           "q9",
                           "q14",
                           "q15",
                           "q16",
                           "q17",
                           "q18",
                           "q19",
                           "q20",
                           "q21",
                           "q22",
                           "q23"}) {
    const std::string plan = Plan(name);
    EXPECT_THAT(plan, HasSubstr("sink " + std::string(name))) << name;
    EXPECT_THAT(plan, Not(HasSubstr("ERROR"))) << name;
    RecordProperty(name, plan);
  }
}

TEST_F(NexmarkPlanTest, ProjectionReadsOnlyItsFieldsOfTheBid) {
  EXPECT_EQ(session.Job("SELECT auction, bidder, price FROM bid WHERE price > 1000000")
                .graph.vertices(0)
                .steps(0)
                .enumerate()
                .source()
                .spec(),
            "events.num=100000;(event_type INT, bid ROW<`auction` BIGINT, `bidder` BIGINT, `price` "
            "BIGINT>)");
}

TEST_F(NexmarkPlanTest, HotItemsCountsEachWindowOnce) {
  const std::string plan = Plan("q5");
  EXPECT_THAT(plan, AllOf(HasSubstr("join"), HasSubstr("again [")));
  std::size_t counts = 0;
  for (std::size_t at = plan.find("hop"); at != std::string::npos; at = plan.find("hop", at + 1)) {
    ++counts;
  }
  EXPECT_GE(counts, 1U) << plan;
}

TEST_F(NexmarkPlanTest, TheLastBidIsDeduplication) {
  EXPECT_THAT(Plan("q18"), HasSubstr("deduplicate"));
}

TEST_F(NexmarkPlanTest, TheTenHighestBidsAreRankedWithTheirNumber) {
  EXPECT_THAT(Plan("q19"), HasSubstr("rank"));
}

TEST_F(NexmarkPlanTest, WindowedResultsAreNeverTakenBack) {
  for (const char* name : {"q5", "q7", "q8"}) {
    EXPECT_THAT(Plan(name), Not(HasSubstr("UA"))) << name;
  }
}

}  // namespace
}  // namespace thalweg::sql
