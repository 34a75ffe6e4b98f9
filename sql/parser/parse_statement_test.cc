// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/parser/parser.h"

namespace thalweg::sql {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

std::vector<ast::Statement> Parse(std::string_view text) {
  auto script = ParseScript("job.sql", text);
  EXPECT_TRUE(script.ok()) << script.status();
  return script.ok() ? *std::move(script) : std::vector<ast::Statement>();
}

template <class T>
T Only(std::string_view text) {
  const std::vector<ast::Statement> script = Parse(text);
  EXPECT_THAT(script, SizeIs(1)) << text;
  const T* node = script.size() == 1 ? script[0].As<T>() : nullptr;
  EXPECT_NE(node, nullptr) << text;
  return node == nullptr ? T() : *node;
}

TEST(ParseStatementTest, SplitsAScript) {
  const auto script = Parse(";; SELECT 1; -- one\n /* two */ SELECT 2");
  ASSERT_THAT(script, SizeIs(2));
  EXPECT_EQ(script[1].source->Slice(script[1].span), "SELECT 2");
  EXPECT_EQ(script[1].source->name, "job.sql");
  EXPECT_THAT(Parse(""), IsEmpty());
  EXPECT_THAT(Parse(" -- nothing"), IsEmpty());
}

TEST(ParseStatementTest, ReadsATable) {
  const auto table = Only<ast::CreateTable>(R"(
      CREATE TABLE IF NOT EXISTS db.events (
        id BIGINT NOT NULL COMMENT 'the key',
        person ROW<name STRING, born TIMESTAMP(3)>,
        topic STRING METADATA VIRTUAL,
        at TIMESTAMP_LTZ(3) METADATA FROM 'timestamp',
        born AS CASE WHEN id = 0 THEN person.born ELSE NULL END COMMENT 'computed',
        WATERMARK FOR born AS born - INTERVAL '4' SECOND,
        CONSTRAINT pk PRIMARY KEY (id, born) NOT ENFORCED
      ) COMMENT 'all of them' DISTRIBUTED BY HASH (id) INTO 4 BUCKETS PARTITIONED BY (id)
      WITH ('connector' = 'filesystem', 'path' = '/tmp/x'))");
  EXPECT_TRUE(table.if_not_exists);
  EXPECT_EQ(table.name.parts[0].name, "db");
  ASSERT_THAT(table.columns, SizeIs(5));
  EXPECT_EQ(table.columns[0].type->ToString(), "BIGINT NOT NULL");
  EXPECT_EQ(table.columns[0].comment, "the key");
  EXPECT_TRUE(table.columns[2].is_virtual);
  EXPECT_EQ(table.columns[3].metadata_key, "timestamp");
  EXPECT_EQ(table.columns[3].kind, ast::ColumnKind::kMetadata);
  EXPECT_EQ(table.columns[4].kind, ast::ColumnKind::kComputed);
  EXPECT_EQ(table.watermark->column.last().name, "born");
  EXPECT_EQ(table.primary_key->name->name, "pk");
  EXPECT_THAT(table.primary_key->columns, SizeIs(2));
  EXPECT_FALSE(table.primary_key->enforced);
  EXPECT_EQ(table.comment, "all of them");
  EXPECT_EQ(table.distribution->buckets, 4);
  EXPECT_THAT(table.partitioned_by, SizeIs(1));
  ASSERT_THAT(table.options, SizeIs(2));
  EXPECT_EQ(table.options[1].value, "/tmp/x");
}

TEST(ParseStatementTest, ReadsAKeyOfOneColumn) {
  const auto table =
      Only<ast::CreateTable>("CREATE TABLE t (a INT PRIMARY KEY NOT ENFORCED NOT NULL, b INT)");
  ASSERT_TRUE(table.primary_key.has_value());
  EXPECT_EQ(table.primary_key->columns[0].name, "a");
  EXPECT_FALSE(table.primary_key->enforced);
  EXPECT_FALSE(table.columns[0].type->nullable());
}

TEST(ParseStatementTest, ReadsLikeAndAs) {
  const auto like = Only<ast::CreateTable>(
      "CREATE TABLE t WITH ('a' = 'b') LIKE s (EXCLUDING ALL INCLUDING WATERMARKS)");
  ASSERT_THAT(like.like->options, SizeIs(2));
  EXPECT_EQ(like.like->options[1].feature, ast::LikeFeature::kWatermarks);
  const auto as = Only<ast::CreateTable>("CREATE TABLE t (a, b) WITH ('a' = 'b') AS SELECT 1, 2");
  EXPECT_EQ(as.columns[1].kind, ast::ColumnKind::kNameOnly);
  EXPECT_NE(as.as_query, nullptr);
}

TEST(ParseStatementTest, ReadsAView) {
  const auto script =
      Parse("CREATE TEMPORARY VIEW v (a COMMENT 'x', b) COMMENT 'y' AS SELECT 1, 2;");
  ASSERT_THAT(script, SizeIs(1));
  const auto* view = script[0].As<ast::CreateView>();
  ASSERT_NE(view, nullptr);
  EXPECT_TRUE(view->temporary);
  EXPECT_THAT(view->columns, SizeIs(2));
  EXPECT_EQ(script[0].source->Slice(view->query->span), "SELECT 1, 2");
}

TEST(ParseStatementTest, ReadsAnInsert) {
  const auto insert = Only<ast::Insert>(
      "EXECUTE INSERT INTO t /*+ OPTIONS('a'='b') */ PARTITION (p = 'x') (a, b) VALUES (1, 2)");
  EXPECT_THAT(insert.hints, SizeIs(1));
  EXPECT_THAT(insert.partition, SizeIs(1));
  EXPECT_THAT(insert.columns, SizeIs(2));
  EXPECT_NE(insert.query->As<ast::Values>(), nullptr);
  const auto overwrite = Only<ast::Insert>("INSERT OVERWRITE t (SELECT 1) ON CONFLICT DO NOTHING");
  EXPECT_TRUE(overwrite.overwrite);
  EXPECT_THAT(overwrite.columns, IsEmpty());
  EXPECT_EQ(overwrite.on_conflict, ast::OnConflict::kDoNothing);
}

TEST(ParseStatementTest, ReadsStatementSets) {
  for (const char* text : {"EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; INSERT INTO b "
                           "SELECT 2; END;",
                           "BEGIN STATEMENT SET; INSERT INTO a SELECT 1; INSERT INTO b SELECT 2; "
                           "END"}) {
    EXPECT_THAT(Only<ast::StatementSet>(text).inserts, SizeIs(2));
  }
}

TEST(ParseStatementTest, ReadsExplain) {
  const auto explain = Only<ast::Explain>("EXPLAIN CHANGELOG_MODE, PLAN_ADVICE SELECT 1");
  EXPECT_TRUE(explain.changelog_mode);
  EXPECT_TRUE(explain.plan_advice);
  EXPECT_FALSE(explain.estimated_cost);
  EXPECT_NE(explain.statement->As<ast::QueryStatement>(), nullptr);
  EXPECT_NE(
      Only<ast::Explain>("EXPLAIN PLAN FOR INSERT INTO t SELECT 1").statement->As<ast::Insert>(),
      nullptr);
  EXPECT_NE(Only<ast::Explain>("EXPLAIN STATEMENT SET BEGIN INSERT INTO t SELECT 1; END")
                .statement->As<ast::StatementSet>(),
            nullptr);
}

TEST(ParseStatementTest, ReadsSettings) {
  const auto set = Only<ast::Set>("SET 'execution.runtime-mode' = 'batch'");
  EXPECT_EQ(set.option->key, "execution.runtime-mode");
  EXPECT_EQ(set.option->value, "batch");
  EXPECT_FALSE(Only<ast::Set>("SET;").option.has_value());
  EXPECT_EQ(Only<ast::Reset>("RESET 'a.b'").key, "a.b");
  EXPECT_FALSE(Only<ast::Reset>("RESET").key.has_value());
}

TEST(ParseStatementTest, ReadsDrop) {
  const auto drop = Only<ast::Drop>("DROP TEMPORARY VIEW IF EXISTS a.b");
  EXPECT_EQ(drop.kind, ast::ObjectKind::kView);
  EXPECT_TRUE(drop.temporary);
  EXPECT_TRUE(drop.if_exists);
  EXPECT_TRUE(Only<ast::Drop>("DROP DATABASE d CASCADE").cascade);
}

TEST(ParseStatementTest, ReadsAlter) {
  const auto rename = Only<ast::Alter>("ALTER TABLE a RENAME TO b");
  EXPECT_EQ(std::get<ast::RenameTo>(rename.action).name.last().name, "b");
  const auto add = Only<ast::Alter>("ALTER TABLE a ADD (b INT, WATERMARK FOR b AS b)");
  EXPECT_TRUE(std::get<ast::ChangeColumns>(add.action).watermark.has_value());
  const auto set = Only<ast::Alter>("ALTER TABLE a SET ('k' = 'v')");
  EXPECT_THAT(std::get<ast::SetOptions>(set.action).options, SizeIs(1));
  EXPECT_THAT(
      std::get<ast::DropColumns>(Only<ast::Alter>("ALTER TABLE a DROP (b, c)").action).columns,
      SizeIs(2));
  EXPECT_EQ(std::get<ast::DropPart>(Only<ast::Alter>("ALTER TABLE a DROP WATERMARK").action).part,
            ast::DroppedPart::kWatermark);
  EXPECT_NE(std::get<ast::ChangeQuery>(Only<ast::Alter>("ALTER VIEW v AS SELECT 1").action).query,
            nullptr);
}

TEST(ParseStatementTest, ReadsShowDescribeAndUse) {
  const auto tables = Only<ast::Show>("SHOW TABLES FROM db NOT LIKE 'a%'");
  EXPECT_EQ(tables.kind, ast::ShowKind::kTables);
  EXPECT_EQ(tables.of->last().name, "db");
  EXPECT_TRUE(tables.negated);
  EXPECT_EQ(tables.like, "a%");
  EXPECT_EQ(Only<ast::Show>("SHOW CREATE TABLE t").kind, ast::ShowKind::kCreateTable);
  EXPECT_EQ(Only<ast::Show>("SHOW CURRENT DATABASE").kind, ast::ShowKind::kCurrentDatabase);
  EXPECT_EQ(Only<ast::Show>("SHOW COLUMNS IN t").of->last().name, "t");
  EXPECT_EQ(Only<ast::Show>("SHOW JOBS").kind, ast::ShowKind::kJobs);
  EXPECT_EQ(Only<ast::Describe>("DESC EXTENDED t").extended, true);
  EXPECT_EQ(Only<ast::Describe>("DESCRIBE DATABASE d").kind, ast::ObjectKind::kDatabase);
  EXPECT_EQ(Only<ast::Describe>("DESCRIBE job").name.last().name, "job");
  EXPECT_EQ(Only<ast::DescribeJob>("DESCRIBE JOB 'x'").job, "x");
  EXPECT_TRUE(Only<ast::Use>("USE CATALOG c").catalog);
  EXPECT_THAT(Only<ast::Use>("USE c.d").name.parts, SizeIs(2));
  EXPECT_TRUE(Only<ast::StopJob>("STOP JOB 'x' WITH SAVEPOINT WITH DRAIN").drain);
}

TEST(ParseStatementTest, ReadsOtherObjects) {
  EXPECT_EQ(Only<ast::CreateFunction>("CREATE FUNCTION f AS 'a.B' LANGUAGE JAVA").class_name,
            "a.B");
  EXPECT_THAT(Only<ast::CreateCatalog>("CREATE CATALOG c WITH ('type' = 'x')").options, SizeIs(1));
  EXPECT_TRUE(Only<ast::CreateDatabase>("CREATE DATABASE IF NOT EXISTS d").if_not_exists);
}

TEST(ParseStatementTest, RefusesWhatTheEngineDoesNot) {
  for (const char* text : {"UPDATE t SET a = 1",
                           "DELETE FROM t",
                           "TRUNCATE TABLE t",
                           "ANALYZE TABLE t COMPUTE STATISTICS",
                           "CALL p()",
                           "LOAD MODULE m",
                           "ADD JAR 'x'",
                           "COMPILE PLAN 'f' FOR SELECT 1",
                           "EXECUTE PLAN 'f'",
                           "CREATE MATERIALIZED TABLE t AS SELECT 1",
                           "CREATE MODEL m WITH ('a'='b')",
                           "CREATE FUNCTION f AS 'a.B' USING JAR 'x'",
                           "USE MODULES a",
                           "ALTER FUNCTION f AS 'x'",
                           "SELECT * FROM t TABLESAMPLE SYSTEM (10)",
                           "SELECT * FROM t PIVOT (x)",
                           "SELECT a > ALL (SELECT 1)",
                           "WITH RECURSIVE r AS (SELECT 1) SELECT * FROM r",
                           "SELECT ?"}) {
    const Status status = ParseScript("", text).status();
    EXPECT_EQ(status.code(), StatusCode::kUnimplemented) << text << '\n' << status;
    EXPECT_THAT(std::string(MessageOf(status)), testing::HasSubstr("not supported")) << text;
  }
}

}  // namespace
}  // namespace thalweg::sql
