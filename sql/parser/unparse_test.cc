// SPDX-License-Identifier: Apache-2.0
#include "sql/parser/unparse.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "sql/parser/parser.h"

namespace thalweg::sql {
namespace {

SourcePtr Source(std::string text) {
  return std::make_shared<const SourceText>(SourceText{.name = "", .text = std::move(text)});
}

/// The text of an expression as it comes back, after it has come back twice.
std::string Expr(const std::string& text) {
  const auto first = ParseExpression(Source(text));
  if (!first.ok()) {
    return first.status().ToString();
  }
  const std::string written = ToSql(**first);
  const auto second = ParseExpression(Source(written));
  EXPECT_TRUE(second.ok()) << written << '\n' << second.status();
  EXPECT_EQ(second.ok() ? ToSql(**second) : "", written);
  return written;
}

std::string Query(const std::string& text) {
  const auto first = ParseQuery(Source(text));
  if (!first.ok()) {
    return first.status().ToString();
  }
  const std::string written = ToSql(**first);
  const auto second = ParseQuery(Source(written));
  EXPECT_TRUE(second.ok()) << written << '\n' << second.status();
  EXPECT_EQ(second.ok() ? ToSql(**second) : "", written);
  return written;
}

TEST(UnparseTest, WritesLiterals) {
  EXPECT_EQ(Expr("null"), "NULL");
  EXPECT_EQ(Expr("True"), "TRUE");
  EXPECT_EQ(Expr("1.50"), "1.50");
  EXPECT_EQ(Expr("- 7"), "-7");
  EXPECT_EQ(Expr("'it''s'"), "'it''s'");
  EXPECT_EQ(Expr("x'0AFF'"), "X'0aff'");
  EXPECT_EQ(Expr("date '2020-01-01'"), "DATE '2020-01-01'");
  EXPECT_EQ(Expr("time '10:00:00'"), "TIME '10:00:00'");
  EXPECT_EQ(Expr("timestamp '2020-01-01 10:00:00'"), "TIMESTAMP '2020-01-01 10:00:00'");
  EXPECT_EQ(Expr("interval '4' second"), "INTERVAL '4' SECOND");
  EXPECT_EQ(Expr("interval -'1-2' year(4) to month"), "INTERVAL -'1-2' YEAR TO MONTH");
  EXPECT_EQ(Expr("interval '1.5' second(3, 2)"), "INTERVAL '1.5' SECOND");
}

TEST(UnparseTest, KeepsPrecedence) {
  EXPECT_EQ(Expr("a + b * c"), "a + b * c");
  EXPECT_EQ(Expr("(a + b) * c"), "(a + b) * c");
  EXPECT_EQ(Expr("a - b - c"), "a - b - c");
  EXPECT_EQ(Expr("a - (b - c)"), "a - (b - c)");
  EXPECT_EQ(Expr("a || b + c"), "a || b + c");
  EXPECT_EQ(Expr("-a * b"), "-a * b");
  EXPECT_EQ(Expr("-(a * b)"), "-(a * b)");
  EXPECT_EQ(Expr("-(5)"), "-(5)");
  EXPECT_EQ(Expr("a -5"), "a - 5");
  EXPECT_EQ(Expr("not a = b"), "NOT a = b");
  EXPECT_EQ(Expr("(not a) = b"), "(NOT a) = b");
  EXPECT_EQ(Expr("a or b and not c"), "a OR b AND NOT c");
  EXPECT_EQ(Expr("(a or b) and c"), "(a OR b) AND c");
  EXPECT_EQ(Expr("a and b and c or d"), "a AND b AND c OR d");
  EXPECT_EQ(Expr("a and (b and c)"), "a AND (b AND c)");
  EXPECT_EQ(Expr("a = b is null"), "(a = b) IS NULL");
  EXPECT_EQ(Expr("a is not null and b is true"), "a IS NOT NULL AND b IS TRUE");
}

TEST(UnparseTest, WritesPredicates) {
  EXPECT_EQ(Expr("a between 1 and 2 and b"), "a BETWEEN 1 AND 2 AND b");
  EXPECT_EQ(Expr("a not between symmetric b+1 and c"), "a NOT BETWEEN SYMMETRIC b + 1 AND c");
  EXPECT_EQ(Expr("a in (1, 2)"), "a IN (1, 2)");
  EXPECT_EQ(Expr("a not in (select b from t)"), "a NOT IN (SELECT b FROM t)");
  EXPECT_EQ(Expr("(a, b) in ((1, 2), (3, 4))"), "(a, b) IN ((1, 2), (3, 4))");
  EXPECT_EQ(Expr("a in ((select 1) union (select 2))"), "a IN (SELECT 1 UNION SELECT 2)");
  EXPECT_EQ(Expr("a like 'x!%' escape '!'"), "a LIKE 'x!%' ESCAPE '!'");
  EXPECT_EQ(Expr("a not similar to 'x+'"), "a NOT SIMILAR TO 'x+'");
  EXPECT_EQ(Expr("a is distinct from b + 1"), "a IS DISTINCT FROM b + 1");
  EXPECT_EQ(Expr("a is not json object"), "a IS NOT JSON OBJECT");
  EXPECT_EQ(Expr("a is json value"), "a IS JSON");
  EXPECT_EQ(Expr("exists (select 1)"), "EXISTS (SELECT 1)");
  EXPECT_EQ(Expr("(a, b) overlaps (c, d)"), "(a, b) OVERLAPS (c, d)");
  EXPECT_EQ(Expr("a <> 1 and a != 2"), "a <> 1 AND a <> 2");
}

TEST(UnparseTest, WritesNamesWithTheQuotesTheyNeed) {
  EXPECT_EQ(Expr("`a`.`b c`.`select`"), "a.`b c`.`select`");
  EXPECT_EQ(Expr("t.order"), "t.`order`");
  EXPECT_EQ(Expr("`date`"), "`date`");
  EXPECT_EQ(Expr("day + `value` + final"), "day + value + final");
  EXPECT_EQ(Expr("`größe`"), "`größe`");
}

TEST(UnparseTest, WritesAccessAndConstructors) {
  EXPECT_EQ(Expr("a.b[1].c.d"), "a.b[1].c.d");
  EXPECT_EQ(Expr("(a.b).c"), "(a.b).c");
  EXPECT_EQ(Expr("f(x).y"), "f(x).y");
  EXPECT_EQ(Expr("row(1, 'a')"), "ROW(1, 'a')");
  EXPECT_EQ(Expr("array[1, 2][1]"), "ARRAY[1, 2][1]");
  EXPECT_EQ(Expr("map['k', 1]['k']"), "MAP['k', 1]['k']");
  EXPECT_EQ(Expr("array[]"), "ARRAY[]");
  EXPECT_EQ(Expr("case a when 1 then 'x' else 'y' end"), "CASE a WHEN 1 THEN 'x' ELSE 'y' END");
  EXPECT_EQ(Expr("case when a then b end"), "CASE WHEN a THEN b END");
  EXPECT_EQ(Expr("cast(a as decimal(10, 2))"), "CAST(a AS DECIMAL(10, 2))");
  EXPECT_EQ(Expr("try_cast(a as row<x int not null, y array<string>>)"),
            "TRY_CAST(a AS ROW<`x` INT NOT NULL, `y` ARRAY<STRING>>)");
}

TEST(UnparseTest, WritesCalls) {
  EXPECT_EQ(Expr("count(*)"), "count(*)");
  EXPECT_EQ(Expr("COUNT(distinct a, b) filter (where a > 1)"),
            "COUNT(DISTINCT a, b) FILTER (WHERE a > 1)");
  EXPECT_EQ(Expr("listagg(a, ',') within group (order by b desc nulls last)"),
            "listagg(a, ',') WITHIN GROUP (ORDER BY b DESC NULLS LAST)");
  EXPECT_EQ(Expr("left(s, 2) || right(s, 2)"), "left(s, 2) || right(s, 2)");
  EXPECT_EQ(Expr("a.b.f(x)"), "a.b.f(x)");
  EXPECT_EQ(Expr("f(a => 1, `b c` => 2)"), "f(a => 1, `b c` => 2)");
  EXPECT_EQ(Expr("current_date"), "current_date");
  EXPECT_EQ(Expr("proctime()"), "proctime()");
  EXPECT_EQ(Expr("sum(a) over w"), "sum(a) OVER w");
  EXPECT_EQ(Expr("row_number() over (partition by a order by b desc, c)"),
            "row_number() OVER (PARTITION BY a ORDER BY b DESC, c)");
  EXPECT_EQ(Expr("sum(a) over (order by t rows between 10 preceding and current row)"),
            "sum(a) OVER (ORDER BY t ROWS BETWEEN 10 PRECEDING AND CURRENT ROW)");
  EXPECT_EQ(Expr("sum(a) over (order by t range unbounded preceding)"),
            "sum(a) OVER (ORDER BY t RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)");
  EXPECT_EQ(Expr("first_value(a) ignore nulls over ()"), "first_value(a) IGNORE NULLS OVER ()");
}

TEST(UnparseTest, WritesCallsWithASyntaxOfTheirOwn) {
  EXPECT_EQ(Expr("extract(day from x)"), "extract(DAY FROM x)");
  EXPECT_EQ(Expr("floor(x to hour)"), "floor(x TO HOUR)");
  EXPECT_EQ(Expr("ceil(x)"), "ceil(x)");
  EXPECT_EQ(Expr("timestampdiff(sql_tsi_month, a, b)"), "timestampdiff(MONTH, a, b)");
  EXPECT_EQ(Expr("trim(x)"), "trim(x)");
  EXPECT_EQ(Expr("trim(leading from x)"), "trim(LEADING ' ' FROM x)");
  EXPECT_EQ(Expr("trim('a' from x)"), "trim(BOTH 'a' FROM x)");
  EXPECT_EQ(Expr("position('a' in b)"), "position('a' IN b)");
  EXPECT_EQ(Expr("substring(x from 2 for 3)"), "substring(x, 2, 3)");
  EXPECT_EQ(Expr("overlay(x placing y from 2 for 3)"), "overlay(x PLACING y FROM 2 FOR 3)");
  EXPECT_EQ(Expr("json_value(a, '$.b' returning int null on empty default -1 on error)"),
            "json_value(a, '$.b' RETURNING INT NULL ON EMPTY DEFAULT -1 ON ERROR)");
  EXPECT_EQ(Expr("json_query(a, 'lax $.b' with conditional array wrapper empty array on empty)"),
            "json_query(a, 'lax $.b' WITH CONDITIONAL ARRAY WRAPPER EMPTY ARRAY ON EMPTY)");
  EXPECT_EQ(Expr("json_exists(a, '$' unknown on error)"), "json_exists(a, '$' UNKNOWN ON ERROR)");
  EXPECT_EQ(Expr("json_object(key 'a' value 1, 'b': 2 absent on null)"),
            "json_object(KEY 'a' VALUE 1, KEY 'b' VALUE 2 ABSENT ON NULL)");
  EXPECT_EQ(Expr("json_array(1, null null on null)"), "json_array(1, NULL NULL ON NULL)");
  EXPECT_EQ(Expr("json_array(null on null)"), "json_array( NULL ON NULL)");
}

TEST(UnparseTest, WritesQueries) {
  EXPECT_EQ(Query("select distinct a, t.*, b as `from` from t x where a > 1"),
            "SELECT DISTINCT a, t.*, b AS `from` FROM t AS x WHERE a > 1");
  EXPECT_EQ(Query("select a s from t group by a, (b, c), rollup(d, (e, f)), grouping sets((), a) "
                  "having count(*) > 1 order by a limit 5 offset 2"),
            "SELECT a AS s FROM t GROUP BY a, (b, c), ROLLUP (d, (e, f)), GROUPING SETS ((), a) "
            "HAVING count(*) > 1 ORDER BY a LIMIT 5 OFFSET 2");
  EXPECT_EQ(Query("with a (x) as (select 1), b as (values (1, 2), (3, 4)) select * from a, b"),
            "WITH a (x) AS (SELECT 1), b AS (VALUES (1, 2), (3, 4)) SELECT * FROM a, b");
  EXPECT_EQ(Query("select 1 union all select 2 except select 3 intersect select 4"),
            "SELECT 1 UNION ALL SELECT 2 EXCEPT SELECT 3 INTERSECT SELECT 4");
  EXPECT_EQ(Query("(select 1 union select 2) intersect select 3"),
            "(SELECT 1 UNION SELECT 2) INTERSECT SELECT 3");
  EXPECT_EQ(Query("(select 1 limit 1) union (select 2 order by 1) fetch next 3 rows only"),
            "(SELECT 1 LIMIT 1) UNION (SELECT 2 ORDER BY 1) LIMIT 3");
  EXPECT_EQ(Query("(select 1 limit 3) limit 2"), "(SELECT 1 LIMIT 3) LIMIT 2");
  EXPECT_EQ(Query("((select a from t)) order by a"), "SELECT a FROM t ORDER BY a");
  EXPECT_EQ(Query("table t"), "SELECT * FROM t");
  EXPECT_EQ(Query("select sum(a) over w from t window w as (partition by b) qualify c = 1"),
            "SELECT sum(a) OVER w FROM t WINDOW w AS (PARTITION BY b) QUALIFY c = 1");
  EXPECT_EQ(Query("select /*+ BROADCAST(t), STATE_TTL('a' = '1d') */ 1"),
            "SELECT /*+ BROADCAST('t'), STATE_TTL('a' = '1d') */ 1");
}

TEST(UnparseTest, WritesTables) {
  EXPECT_EQ(Query("select * from a join b on a.x = b.x left outer join c using (x, y)"),
            "SELECT * FROM a JOIN b ON a.x = b.x LEFT JOIN c USING (x, y)");
  EXPECT_EQ(Query("select * from a natural full join b cross join c"),
            "SELECT * FROM a NATURAL FULL JOIN b CROSS JOIN c");
  EXPECT_EQ(Query("select * from a join (b join c on true) on false"),
            "SELECT * FROM a JOIN (b JOIN c ON TRUE) ON FALSE");
  EXPECT_EQ(Query("select * from ((select 1) union select 2) as t (x)"),
            "SELECT * FROM (SELECT 1 UNION SELECT 2) AS t (x)");
  EXPECT_EQ(Query("select * from t /*+ OPTIONS('a'='b') */ for system_time as of l.p as s"),
            "SELECT * FROM t /*+ OPTIONS('a' = 'b') */ FOR SYSTEM_TIME AS OF l.p AS s");
  EXPECT_EQ(Query("select * from t, lateral table(f(t.x)) as r(y)"),
            "SELECT * FROM t, LATERAL TABLE(f(t.x)) AS r (y)");
  EXPECT_EQ(Query("select * from t cross join unnest(t.a) with ordinality as u(x, i)"),
            "SELECT * FROM t CROSS JOIN UNNEST(t.a) WITH ORDINALITY AS u (x, i)");
  EXPECT_EQ(Query("select * from table(tumble(table t, descriptor(ts), interval '1' hour))"),
            "SELECT * FROM TABLE(tumble(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))");
  EXPECT_EQ(Query("select * from session(data => table t partition by (a, b), "
                  "timecol => descriptor(ts), gap => interval '1' minute)"),
            "SELECT * FROM TABLE(session(data => TABLE t PARTITION BY (a, b), "
            "timecol => DESCRIPTOR(ts), gap => INTERVAL '1' MINUTE))");
  EXPECT_EQ(
      Query("select * from session(table t partition by a, descriptor(ts), interval '1' day)"),
      "SELECT * FROM TABLE(session(TABLE t PARTITION BY (a), DESCRIPTOR(ts), INTERVAL '1' "
      "DAY))");
}

TEST(UnparseTest, WritesMatchRecognize) {
  EXPECT_EQ(
      Query("select * from bid match_recognize (partition by a order by t measures last(d.p, 1) as "
            "x one row per match after match skip to last u pattern (s d+ (e|f)? u{2,3}? g{,4} "
            "h{5,}) within interval '5' second define d as d.p < last(d.p, 1)) as m"),
      "SELECT * FROM bid MATCH_RECOGNIZE (PARTITION BY a ORDER BY t MEASURES last(d.p, 1) AS x "
      "ONE ROW PER MATCH AFTER MATCH SKIP TO LAST u PATTERN (s d{1,} (e | f){0,1} u{2,3}? g{0,4} "
      "h{5,}) WITHIN INTERVAL '5' SECOND DEFINE d AS d.p < last(d.p, 1)) AS m");
}

}  // namespace
}  // namespace thalweg::sql
