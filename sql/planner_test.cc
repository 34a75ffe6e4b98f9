// SPDX-License-Identifier: Apache-2.0
#include "sql/planner.h"

#include <string>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/plan/validate.h"
#include "sql/planner_test_util.h"

namespace thalweg::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view kTables = R"(
CREATE TABLE orders (
  id BIGINT NOT NULL,
  customer STRING,
  amount DECIMAL(10, 2),
  ts TIMESTAMP(3),
  place ROW<city STRING, point ROW<x DOUBLE, y DOUBLE>>,
  proc AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'numbers');
CREATE TABLE customers (name STRING, city STRING, since DATE, PRIMARY KEY (name) NOT ENFORCED)
WITH ('connector' = 'numbers', 'bounded' = 'true');
CREATE TABLE out2 (a STRING, b BIGINT) WITH ('connector' = 'blackhole');
CREATE TABLE added (a STRING, b BIGINT) WITH ('connector' = 'append');
)";

class PlannerTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(session.Error(kTables), ""); }
  TestSession session;
};

// ---- Names and types

TEST_F(PlannerTest, AMisspelledNameIsToldWithItsPlaceAndASuggestion) {
  EXPECT_EQ(session.Error("SELECT id,\n  custommer FROM orders"),
            "2:3: There is no column 'custommer'. Did you mean 'customer'?\n"
            "  2 |   custommer FROM orders\n"
            "    |   ^^^^^^^^^");
  EXPECT_THAT(session.Error("SELECT * FROM order_s"),
              HasSubstr("1:15: There is no table or view 'order_s'. Did you mean 'orders'?"));
  EXPECT_THAT(session.Error("SELECT UPER(customer) FROM orders"),
              HasSubstr("There is no function UPER. Did you mean 'UPPER'?"));
  EXPECT_THAT(session.Error("SELECT o.place.town FROM orders o"),
              HasSubstr("There is no field 'town' in ROW<"));
  EXPECT_THAT(session.Error("SELECT Customer FROM orders"), HasSubstr("Did you mean 'customer'?"));
}

TEST_F(PlannerTest, AnAmbiguousNameIsRefused) {
  EXPECT_THAT(session.Error("SELECT city FROM customers c JOIN customers d ON c.name = d.name"),
              HasSubstr("Column 'city' is ambiguous: it is in c and in d"));
}

TEST_F(PlannerTest, TextIsReadAsWhatItIsComparedWith) {
  EXPECT_THAT(session.Logical("SELECT id FROM orders WHERE ts > '2024-01-01 00:00:00'"),
              HasSubstr("CAST('2024-01-01 00:00:00' AS TIMESTAMP(3))"));
  EXPECT_THAT(session.Logical("SELECT id FROM orders WHERE id = '7'"), HasSubstr("AS BIGINT)"));
}

TEST_F(PlannerTest, NullTakesTheTypeOfItsSurroundings) {
  EXPECT_EQ(session.Error("SELECT CASE WHEN id > 1 THEN amount ELSE NULL END FROM orders"), "");
  EXPECT_EQ(session.Error("SELECT id FROM orders WHERE customer = NULL"), "");
  EXPECT_EQ(session.Error("SELECT NULL"), "");
}

TEST_F(PlannerTest, ConditionsMustBeBoolean) {
  EXPECT_THAT(session.Error("SELECT id FROM orders WHERE amount"),
              HasSubstr("The condition of WHERE must be a BOOLEAN, not DECIMAL(10, 2)"));
}

// ---- Projection, filters, sources

TEST_F(PlannerTest, OnlyWhatIsAskedForIsRead) {
  const PlannedJob job = session.Job("SELECT place.point.x, customer FROM orders WHERE id > 5");
  ASSERT_EQ(session.job_error(), "");
  EXPECT_EQ(job.graph.vertices(0).steps(0).enumerate().source().spec(),
            "(id BIGINT NOT NULL, customer STRING, place ROW<`point` ROW<`x` DOUBLE>>)");
  ASSERT_NE(job.result, nullptr);
  EXPECT_EQ(job.result->ToString(), "(x DOUBLE, customer STRING)");
  EXPECT_FALSE(job.updating);
  EXPECT_FALSE(job.bounded);
}

TEST_F(PlannerTest, ConditionsMoveIntoSubQueriesAndUnions) {
  EXPECT_EQ(session.Logical("SELECT * FROM (SELECT id AS k, customer FROM orders UNION ALL "
                            "SELECT id + 1, customer FROM orders) WHERE k > 3"),
            "Sink collect\n"
            "  Project(id AS k, customer)\n"
            "    UnionAll\n"
            "      Filter((id > 3))\n"
            "        Scan orders(id, customer)\n"
            "      Project((id + 1) AS k, customer)\n"
            "        Filter(((id + 1) > 3))\n"
            "          Scan orders(id, customer)\n");
}

TEST_F(PlannerTest, TwoReadersOfATableShareIt) {
  const std::string plan = session.Physical(
      "SELECT a.id FROM orders a JOIN orders b ON a.id = b.id WHERE a.amount > 1 AND b.amount > 2");
  EXPECT_THAT(plan, HasSubstr("read orders, changes [I] [1]"));
  EXPECT_THAT(plan, HasSubstr("again [1]"));
}

TEST_F(PlannerTest, ViewsAreExpandedWhereTheyWereMade) {
  ASSERT_EQ(session.Error("CREATE VIEW big AS SELECT id, amount FROM orders WHERE amount > 100;"
                          "CREATE DATABASE other; USE other;"),
            "");
  EXPECT_EQ(session.Logical("SELECT id FROM default_database.big"),
            "Sink collect\n"
            "  Project(id)\n"
            "    Filter((amount > 100))\n"
            "      Scan orders(id, amount)\n");
}

// ---- Aggregates

TEST_F(PlannerTest, GroupsAreComputedBehindTheirKeys) {
  EXPECT_EQ(session.Logical("SELECT UPPER(customer) AS u, COUNT(*) AS n, SUM(amount) FILTER (WHERE "
                            "id > 1) FROM orders GROUP BY UPPER(customer) HAVING COUNT(*) > 2"),
            "Sink collect\n"
            "  Project($f0 AS u, agg0 AS n, agg1 AS EXPR$2)\n"
            "    Filter((agg0 > 2))\n"
            "      Aggregate(by: $f0, COUNT(*), SUM(amount) FILTER ($f2))\n"
            "        Project(UPPER(customer) AS $f0, amount, (id > 1) AS $f2)\n"
            "          Scan orders(id, customer, amount)\n");
  EXPECT_THAT(session.Error("SELECT customer, id FROM orders GROUP BY customer"),
              HasSubstr("1:18: 'id' is neither grouped nor aggregated; add it to GROUP BY"));
  EXPECT_THAT(session.Error("SELECT id FROM orders WHERE COUNT(*) > 1"),
              HasSubstr("cannot stand in WHERE; conditions on aggregates stand in HAVING"));
  EXPECT_EQ(session.Error("SELECT UPPER(customer) AS u, COUNT(*) FROM orders GROUP BY u"), "");
  EXPECT_EQ(session.Error("SELECT UPPER(customer), COUNT(*) FROM orders GROUP BY 1"), "");
  EXPECT_EQ(session.Error("SELECT COUNT(*) FROM orders"), "");
}

TEST_F(PlannerTest, ChangesAreShownAlongEveryEdge) {
  const std::string plan = session.Physical(
      "INSERT INTO out2 SELECT city, COUNT(*) FROM (SELECT customer AS city, id FROM orders GROUP "
      "BY customer, id) GROUP BY city");
  EXPECT_THAT(plan, HasSubstr("sink out2\n"));
  EXPECT_THAT(plan, HasSubstr("(hash on customer, id) "));
  EXPECT_THAT(plan, HasSubstr("changes [I,UB,UA"));
}

TEST_F(PlannerTest, UpdatesDoNotGoIntoAnAppendOnlySinkButABatchDoes) {
  constexpr std::string_view kInsert =
      "INSERT INTO added SELECT city, COUNT(*) FROM customers GROUP BY city";
  EXPECT_THAT(session.Error(kInsert), HasSubstr("this sink takes only rows that are added"));
  EXPECT_EQ(session.Error("SET 'execution.runtime-mode' = 'batch'"), "");
  EXPECT_EQ(session.Error(kInsert), "");
  EXPECT_THAT(session.Error("INSERT INTO added SELECT customer, COUNT(*) FROM orders GROUP BY "
                            "customer"),
              HasSubstr("It never ends"));
}

TEST_F(PlannerTest, TwoPhasesSaveRowsOnTheWayToTheirKeys) {
  ASSERT_EQ(session.Error("SET 'parallelism.default' = '2'"), "");
  const std::string two =
      session.Physical("SELECT city, COUNT(*), MAX(since) FROM customers GROUP BY city");
  EXPECT_THAT(two, HasSubstr("local aggregate"));
  EXPECT_THAT(session.Physical("SELECT city, COUNT(DISTINCT name) FROM customers GROUP BY city"),
              Not(HasSubstr("local aggregate")));
  ASSERT_EQ(session.Error("SET 'table.optimizer.agg-phase-strategy' = 'ONE_PHASE'"), "");
  EXPECT_THAT(session.Physical("SELECT city, COUNT(*) FROM customers GROUP BY city"),
              Not(HasSubstr("local aggregate")));
}

TEST_F(PlannerTest, StateMayBeForgotten) {
  ASSERT_EQ(session.Error("SET 'table.exec.state.ttl' = '1 h'"), "");
  const PlannedJob job = session.Job(
      "SELECT /*+ STATE_TTL('o' = '2 h') */ o.id FROM orders o JOIN customers c ON o.customer = "
      "c.name");
  ASSERT_EQ(session.job_error(), "");
  for (const proto::Vertex& vertex : job.graph.vertices()) {
    if (vertex.steps(0).has_join()) {
      EXPECT_EQ(vertex.steps(0).join().left_ttl_millis(), 7'200'000);
      EXPECT_EQ(vertex.steps(0).join().right_ttl_millis(), 3'600'000);
    }
  }
}

// ---- Windows

TEST_F(PlannerTest, AWindowAggregatePutsRowsIntoWindowsItself) {
  EXPECT_EQ(
      session.Logical("SELECT window_start, customer, SUM(amount) FROM TABLE(TUMBLE(TABLE orders, "
                      "DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY customer, window_start, "
                      "window_end"),
      "Sink collect\n"
      "  Project(window_start, customer, agg0 AS EXPR$2)\n"
      "    WindowAggregate(TUMBLE(size 10 s), by: customer, SUM(amount))\n"
      "      Scan orders(customer, amount, ts)\n");
  const PlannedJob job = session.Job(
      "SELECT COUNT(*) FROM TABLE(HOP(DATA => TABLE orders, TIMECOL => DESCRIPTOR(ts), "
      "SLIDE => INTERVAL '5' SECOND, SIZE => INTERVAL '1' MINUTE)) GROUP BY "
      "window_start, window_end");
  ASSERT_EQ(session.job_error(), "");
  EXPECT_FALSE(job.updating);
  const proto::WindowAggregateStep& window = job.graph.vertices(2).steps(0).window_aggregate();
  EXPECT_EQ(window.window().kind(), proto::WINDOW_HOP);
  EXPECT_EQ(window.window().slide_millis(), 5000);
  EXPECT_EQ(window.window().size_millis(), 60'000);
  EXPECT_FALSE(window.attached());
  EXPECT_EQ(job.graph.vertices(1).steps(1).watermark().delay_millis(), 5000);
}

TEST_F(PlannerTest, AWindowOverWindowsIsAttached) {
  const PlannedJob job = session.Job(
      "SELECT MAX(n), ws FROM (SELECT customer, COUNT(*) AS n, window_start AS ws, window_end AS "
      "we "
      "FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY customer, "
      "window_start, window_end) GROUP BY ws, we");
  ASSERT_EQ(session.job_error(), "");
  bool attached = false;
  for (const proto::Vertex& vertex : job.graph.vertices()) {
    attached |= vertex.steps(0).window_aggregate().attached();
  }
  EXPECT_TRUE(attached);
}

TEST_F(PlannerTest, GroupWindowsOfOldAreWindowsToo) {
  EXPECT_THAT(session.Logical("SELECT TUMBLE_START(ts, INTERVAL '1' HOUR), COUNT(*) FROM orders "
                              "GROUP BY TUMBLE(ts, INTERVAL '1' HOUR)"),
              HasSubstr("WindowAggregate(TUMBLE(size 3600 s), by: , COUNT(*))"));
  EXPECT_THAT(session.Error("SELECT COUNT(*) FROM orders GROUP BY SESSION(ts, INTERVAL '1' HOUR)"),
              HasSubstr("not supported"));
}

TEST_F(PlannerTest, AWindowNeedsATimeAttribute) {
  EXPECT_THAT(session.Error("SELECT COUNT(*) FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(id), "
                            "INTERVAL '1' HOUR)) GROUP BY window_start, window_end"),
              HasSubstr("TUMBLE needs a time attribute, and 'id' is BIGINT"));
  EXPECT_THAT(session.Error("SELECT COUNT(*) FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), "
                            "INTERVAL '1' HOUR)) GROUP BY window_start"),
              HasSubstr("grouped by both window_start and window_end"));
}

TEST_F(PlannerTest, WithoutEventTimeNoWatermarkIsMade) {
  EXPECT_THAT(session.Physical("SELECT id FROM orders"), Not(HasSubstr("watermark")));
}

// ---- Joins

TEST_F(PlannerTest, WhatComparesTheSidesIsTheJoinsKey) {
  EXPECT_EQ(session.Logical("SELECT o.id, c.city FROM orders o, customers c WHERE o.customer = "
                            "c.name AND o.amount > 10 AND c.city = 'Ulm' AND o.ts > c.since"),
            "Sink collect\n"
            "  Project(id, city)\n"
            "    Join(((customer = name) AND (ts > since)))\n"
            "      Project(id, customer, ts)\n"
            "        Filter((amount > 10))\n"
            "          Scan orders(id, customer, amount, ts)\n"
            "      Filter((city = 'Ulm'))\n"
            "        Scan customers(name, city, since)\n");
}

TEST_F(PlannerTest, AConditionOnThePaddedSideStaysAboveAnOuterJoin) {
  EXPECT_EQ(session.Logical("SELECT o.id, c.city FROM orders o LEFT JOIN customers c ON o.customer "
                            "= c.name AND c.since IS NOT NULL WHERE c.city IS NULL AND o.id > 1"),
            "Sink collect\n"
            "  Project(id, city)\n"
            "    Filter((city IS NULL))\n"
            "      LeftJoin((customer = name))\n"
            "        Filter((id > 1))\n"
            "          Scan orders(id, customer)\n"
            "        Project(name, city)\n"
            "          Filter((since IS NOT NULL))\n"
            "            Scan customers(name, city, since)\n");
}

TEST_F(PlannerTest, KeysThatAreComputedBecomeColumns) {
  const std::string plan =
      session.Logical("SELECT o.id FROM orders o JOIN customers c ON UPPER(o.customer) = c.name");
  EXPECT_THAT(plan, HasSubstr("Join(($key"));
  EXPECT_THAT(plan, HasSubstr("UPPER(customer) AS $key"));
  EXPECT_EQ(session.Error("SELECT o.id FROM orders o JOIN customers c ON o.id > 5"), "");
  EXPECT_EQ(session.Error("SELECT o.id FROM orders o CROSS JOIN customers c"), "");
}

TEST_F(PlannerTest, UsingMergesColumns) {
  EXPECT_EQ(session.Job("SELECT * FROM customers a FULL JOIN customers b USING (name)")
                .result->ToString(),
            "(name STRING, city STRING, since DATE, city0 STRING, since0 DATE)");
}

TEST_F(PlannerTest, SubQueriesOfWhereBecomeJoins) {
  EXPECT_THAT(
      session.Logical("SELECT id FROM orders WHERE customer IN (SELECT name FROM customers)"),
      HasSubstr("SemiJoin((customer = name))"));
  EXPECT_THAT(session.Logical("SELECT id FROM orders o WHERE NOT EXISTS (SELECT 1 FROM customers c "
                              "WHERE c.name = o.customer AND c.city = 'Ulm')"),
              HasSubstr("AntiJoin("));
}

// ---- Ranking and order

TEST_F(PlannerTest, ALimitOnTheRowNumberIsTopN) {
  EXPECT_EQ(session.Logical("SELECT id, customer FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY "
                            "customer ORDER BY amount DESC) AS rn FROM orders) WHERE rn <= 3"),
            "Sink collect\n"
            "  Project(id, customer)\n"
            "    Rank(by: customer, order: amount DESC, limit 3)\n"
            "      Scan orders(id, customer, amount)\n");
  EXPECT_THAT(session.Logical("SELECT id, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY "
                              "customer ORDER BY amount DESC) AS rn FROM orders) WHERE rn <= 3"),
              HasSubstr("limit 3, with number)"));
  EXPECT_THAT(session.Error("SELECT id, ROW_NUMBER() OVER (ORDER BY id) FROM orders"),
              HasSubstr("not supported"));
}

TEST_F(PlannerTest, TheFirstOrLastByTimeIsDeduplication) {
  const std::string last = session.Physical(
      "SELECT id FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY customer ORDER BY ts DESC) AS rn "
      "FROM orders) WHERE rn = 1");
  EXPECT_THAT(last, HasSubstr("deduplicate"));
  EXPECT_THAT(
      session.Physical("SELECT id FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY customer "
                       "ORDER BY proc ASC) AS rn FROM orders) WHERE rn = 1"),
      HasSubstr("deduplicate"));
  EXPECT_THAT(session.Physical("SELECT id, n FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY "
                               "customer ORDER BY amount) AS n FROM orders) WHERE n = 1"),
              HasSubstr("rank"));
}

TEST_F(PlannerTest, ABoundedResultIsSortedAndAnUnboundedOneIsRanked) {
  const PlannedJob sorted = session.Job("SELECT name FROM customers ORDER BY since DESC LIMIT 3");
  ASSERT_EQ(session.job_error(), "");
  EXPECT_TRUE(sorted.ordered);
  EXPECT_FALSE(sorted.updating);
  EXPECT_EQ(sorted.result->ToString(), "(name STRING NOT NULL)");
  EXPECT_THAT(session.Physical("SELECT id FROM orders ORDER BY amount LIMIT 3"), HasSubstr("rank"));
  EXPECT_THAT(session.Error("SELECT id FROM orders ORDER BY amount"),
              HasSubstr("ORDER BY without LIMIT of a result that never ends is not supported"));
}

// ---- INSERT

TEST_F(PlannerTest, RowsAreInsertedByPositionWithImplicitCasts) {
  EXPECT_EQ(session.Error("INSERT INTO out2 SELECT customer, CAST(1 AS INT) FROM orders"), "");
  EXPECT_EQ(session.Error("INSERT INTO out2 (b) SELECT id FROM orders"), "");
  EXPECT_EQ(session.Error("INSERT INTO out2 VALUES ('x', 1), ('y', NULL)"), "");
  EXPECT_THAT(session.Error("INSERT INTO out2 SELECT customer FROM orders"),
              HasSubstr("The query gives 1 columns, but table 'out2' takes 2: a, b"));
  EXPECT_THAT(session.Error("INSERT INTO out2 SELECT id, id FROM orders"),
              HasSubstr("Column 1 of the query, 'id', is BIGINT NOT NULL, which does not go into "
                        "'a' STRING without a CAST"));
  EXPECT_THAT(session.Error("INSERT INTO out2 (c) SELECT id FROM orders"),
              HasSubstr("Table 'out2' has no column 'c'"));
}

TEST_F(PlannerTest, AStatementSetIsOneJob) {
  const PlannedJob job = session.Job(
      "EXECUTE STATEMENT SET BEGIN "
      "INSERT INTO out2 SELECT customer, COUNT(*) FROM orders GROUP BY customer; "
      "INSERT INTO out2 SELECT UPPER(customer), n FROM (SELECT customer, COUNT(*) AS n FROM orders "
      "GROUP BY customer); END");
  ASSERT_EQ(session.job_error(), "");
  EXPECT_THAT(job.targets, ElementsAre("out2", "out2"));
  int readers = 0;
  int aggregates = 0;
  for (const proto::Vertex& vertex : job.graph.vertices()) {
    for (const proto::Step& step : vertex.steps()) {
      readers += step.has_read() ? 1 : 0;
      aggregates += step.has_aggregate() ? 1 : 0;
    }
  }
  EXPECT_EQ(readers, 1);
  EXPECT_EQ(aggregates, 1);
}

TEST_F(PlannerTest, ANullForANotNullColumnIsCaughtAtTheSink) {
  ASSERT_EQ(session.Error("CREATE TABLE strict (a STRING NOT NULL) WITH ('connector' = 'append')"),
            "");
  const PlannedJob job = session.Job("INSERT INTO strict SELECT customer FROM orders");
  ASSERT_EQ(session.job_error(), "");
  const proto::Vertex& last = job.graph.vertices(job.graph.vertices_size() - 1);
  EXPECT_THAT(last.steps(last.steps_size() - 1).sink().enforced_not_null(), ElementsAre(0));
}

// ---- The session

TEST_F(PlannerTest, TablesAreDescribed) {
  const auto outcome = session.Run("DESCRIBE orders");
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  const TextTable& table = std::get<TextTable>(*outcome);
  EXPECT_THAT(table.rows[0], ElementsAre("id", "BIGINT", "FALSE", "", "", ""));
  EXPECT_THAT(
      table.rows[3],
      ElementsAre("ts", "TIMESTAMP(3) *ROWTIME*", "TRUE", "", "", "ts - INTERVAL '5' SECOND"));
  EXPECT_EQ(std::get<TextTable>(*session.Run("SHOW TABLES LIKE 'o%'")).rows.size(), 2U);
  EXPECT_THAT(std::get<TextAnswer>(*session.Run("SHOW CREATE TABLE customers")).text,
              HasSubstr("PRIMARY KEY (`name`) NOT ENFORCED"));
}

TEST_F(PlannerTest, LikeTakesOverWhatItIsToldTo) {
  EXPECT_EQ(session.Error("CREATE TABLE more (note STRING) WITH ('rate' = '5') LIKE orders"), "");
  const TextTable table = std::get<TextTable>(*session.Run("DESCRIBE more"));
  EXPECT_EQ(table.rows.size(), 7U);
  EXPECT_EQ(session.Error("CREATE TABLE fewer (note STRING) WITH ('connector' = 'append') LIKE "
                          "orders (EXCLUDING ALL)"),
            "");
  EXPECT_EQ(std::get<TextTable>(*session.Run("DESCRIBE fewer")).rows.size(), 6U);
}

TEST_F(PlannerTest, NamesAreTakenOnce) {
  EXPECT_THAT(session.Error("CREATE TABLE orders (a INT) WITH ('connector' = 'numbers')"),
              HasSubstr("exists already"));
  EXPECT_EQ(session.Error("CREATE TABLE IF NOT EXISTS orders (a INT)"), "");
  EXPECT_EQ(session.Error("CREATE TEMPORARY TABLE orders (a INT) WITH ('connector' = 'numbers')"),
            "");
  EXPECT_THAT(session.Error("SELECT customer FROM orders"), HasSubstr("no column 'customer'"));
  EXPECT_EQ(session.Error("DROP TEMPORARY TABLE orders; SELECT customer FROM orders"), "");
  EXPECT_THAT(session.Error("DROP TABLE nothing"), HasSubstr("There is no table or view"));
  EXPECT_EQ(session.Error("DROP TABLE IF EXISTS nothing"), "");
}

TEST_F(PlannerTest, MetadataComesFromTheConnector) {
  ASSERT_EQ(session.Error("CREATE TABLE meta (a INT, `offset` INT METADATA VIRTUAL) WITH "
                          "('connector' = 'numbers')"),
            "");
  const PlannedJob job = session.Job("SELECT `offset` FROM meta");
  ASSERT_EQ(session.job_error(), "");
  EXPECT_THAT(job.graph.vertices(0).steps(0).enumerate().source().spec(),
              HasSubstr("offset from offset"));
  ASSERT_EQ(session.Error("CREATE TABLE meta2 (a INT, k INT METADATA FROM 'key') WITH ('connector' "
                          "= 'numbers')"),
            "");
  EXPECT_THAT(session.Error("SELECT k FROM meta2"), HasSubstr("knows no metadata 'key'"));
}

TEST_F(PlannerTest, WhatIsNotSupportedIsToldWithItsPlace) {
  for (const char* text : {
           "SELECT SUM(id) OVER (ORDER BY ts) FROM orders",
           "SELECT * FROM orders FOR SYSTEM_TIME AS OF ts",
           "SELECT customer, COUNT(*) FROM orders GROUP BY CUBE(customer)",
           "SELECT (SELECT MAX(id) FROM orders) FROM customers",
           "SELECT * FROM orders CROSS JOIN UNNEST(ARRAY[1, 2])",
           "SELECT id FROM orders INTERSECT ALL SELECT id FROM orders",
           "INSERT OVERWRITE out2 SELECT customer, id FROM orders",
       }) {
    EXPECT_THAT(session.Error(text), HasSubstr("not supported")) << text;
    EXPECT_THAT(session.Error(text), HasSubstr("^")) << text;
  }
}

TEST_F(PlannerTest, ValuesAndASelectWithoutFromAreRows) {
  const PlannedJob values =
      session.Job("SELECT a + 1, b FROM (VALUES (1, 'x'), (2, NULL)) AS t(a, b)");
  ASSERT_EQ(session.job_error(), "");
  EXPECT_TRUE(values.bounded);
  EXPECT_EQ(values.result->ToString(), "(EXPR$0 INT NOT NULL, b CHAR(1))");
  EXPECT_EQ(session.Error("SELECT 1"), "");
}

TEST_F(PlannerTest, OperatorIdsSurviveAnotherFilter) {
  const auto id_of = [&](const std::string& where) {
    const PlannedJob job =
        session.Job("SELECT customer, COUNT(*) FROM orders " + where + " GROUP BY customer");
    for (const proto::Vertex& vertex : job.graph.vertices()) {
      if (vertex.steps(0).has_aggregate()) {
        return vertex.steps(0).operator_id();
      }
    }
    return std::string();
  };
  EXPECT_THAT(id_of(""), Not(IsEmpty()));
  EXPECT_EQ(id_of(""), id_of("WHERE amount > 5"));
}

}  // namespace
}  // namespace thalweg::sql
