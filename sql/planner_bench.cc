// SPDX-License-Identifier: Apache-2.0
//
// How long a text takes to become a plan: the bar is 10 ms for the largest example.
#include <string>

#include <benchmark/benchmark.h>

#include "base/check.h"
#include "sql/planner_test_util.h"

namespace thalweg::sql {
namespace {

constexpr std::string_view kTables = R"(
CREATE TABLE auction (id BIGINT, itemName STRING, category BIGINT, seller BIGINT, expires TIMESTAMP(3),
                      ts TIMESTAMP(3), extra STRING, WATERMARK FOR ts AS ts)
WITH ('connector' = 'numbers');
CREATE TABLE bid (auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING,
                  ts TIMESTAMP(3), extra STRING, WATERMARK FOR ts AS ts)
WITH ('connector' = 'numbers');
CREATE TABLE result (auction BIGINT, num BIGINT) WITH ('connector' = 'blackhole');
)";

/// Two windows over one stream, joined, and a ranking of a join.
constexpr std::string_view kJob = R"(
EXECUTE STATEMENT SET BEGIN
INSERT INTO result
SELECT counts.auction, counts.num
FROM (
  SELECT auction, COUNT(*) AS num, window_start AS starttime, window_end AS endtime
  FROM TABLE(HOP(TABLE bid, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '10' SECOND))
  GROUP BY auction, window_start, window_end
) AS counts
JOIN (
  SELECT MAX(c.num) AS maxn, c.starttime, c.endtime
  FROM (
    SELECT COUNT(*) AS num, window_start AS starttime, window_end AS endtime
    FROM TABLE(HOP(TABLE bid, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '10' SECOND))
    GROUP BY auction, window_start, window_end
  ) AS c
  GROUP BY c.starttime, c.endtime
) AS most
ON counts.starttime = most.starttime AND counts.endtime = most.endtime AND counts.num >= most.maxn;
INSERT INTO result
SELECT id, price
FROM (
  SELECT A.id, B.price,
         ROW_NUMBER() OVER (PARTITION BY A.id ORDER BY B.price DESC, B.ts ASC) AS rownum
  FROM auction A, bid B
  WHERE A.id = B.auction AND B.ts BETWEEN A.ts AND A.expires AND A.category = 10
)
WHERE rownum <= 1;
END;
)";

void ParseAndPlan(benchmark::State& state) {
  TestSession session;
  CHECK(session.Error(kTables).empty());
  for (auto _ : state) {
    StatusOr<Outcome> outcome = session.Run(kJob);
    CHECK(outcome.ok());
    benchmark::DoNotOptimize(outcome);
  }
}
BENCHMARK(ParseAndPlan)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace thalweg::sql
