// SPDX-License-Identifier: Apache-2.0
//
// Statements as the parser leaves them. What Flink has and no part of this engine can do (UPDATE,
// modules, jars, procedures, models) has no node: the parser refuses it with its place.
#ifndef THALWEG_SQL_PARSER_AST_STATEMENT_H_
#define THALWEG_SQL_PARSER_AST_STATEMENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "columnar/type.h"
#include "sql/parser/ast_expression.h"
#include "sql/parser/ast_query.h"
#include "sql/parser/source.h"

namespace thalweg::sql::ast {

struct Statement;
using StatementPtr = std::shared_ptr<const Statement>;

/// 'key' = 'value' of WITH and SET.
struct TableOption {
  std::string key;
  std::string value;
  SourceSpan key_span;
  SourceSpan value_span;
};

struct QueryStatement {
  QueryPtr query;
};

/// PARTITION (column = value).
struct PartitionValue {
  Identifier column;
  ExpressionPtr value;  // Null: PARTITION (column).
};

enum class OnConflict : std::uint8_t { kUnset, kDoNothing, kError, kDeduplicate };

/// [EXECUTE] INSERT INTO | OVERWRITE.
struct Insert {
  bool overwrite = false;
  QualifiedName table;
  std::vector<Hint> hints;
  std::vector<PartitionValue> partition;
  std::vector<Identifier> columns;  // None: all, in their order.
  QueryPtr query;
  OnConflict on_conflict = OnConflict::kUnset;
};

/// EXECUTE STATEMENT SET BEGIN ... END, and BEGIN STATEMENT SET; ... END: one job. Each is an
/// Insert.
struct StatementSet {
  std::vector<StatementPtr> inserts;
};

enum class ColumnKind : std::uint8_t {
  kPhysical,  // name TYPE
  kMetadata,  // name TYPE METADATA [FROM 'key'] [VIRTUAL]
  kComputed,  // name AS expression
  kNameOnly,  // `CREATE TABLE t (a, b) AS SELECT ...` gives the query's columns another order.
};

struct ColumnDefinition {
  Identifier name;
  ColumnKind kind = ColumnKind::kPhysical;
  std::optional<columnar::DataType> type;  // Of kPhysical and kMetadata.
  SourceSpan type_span;
  std::optional<std::string> metadata_key;
  bool is_virtual = false;
  ExpressionPtr expression;  // Of kComputed; else null.
  std::optional<std::string> comment;
  SourceSpan span;
};

/// WATERMARK FOR column AS expression.
struct WatermarkDefinition {
  QualifiedName column;
  ExpressionPtr expression;
  SourceSpan span;
};

/// [CONSTRAINT name] PRIMARY KEY (columns) NOT ENFORCED, of the table or of one column.
struct PrimaryKey {
  std::optional<Identifier> name;
  std::vector<Identifier> columns;
  bool enforced = true;  // The dialect wants NOT ENFORCED; without it the key is refused later.
  SourceSpan span;
};

enum class LikeFeature : std::uint8_t {
  kAll,
  kConstraints,
  kDistribution,
  kPartitions,
  kGenerated,
  kMetadata,
  kOptions,
  kWatermarks,
};
enum class LikeMerge : std::uint8_t { kIncluding, kExcluding, kOverwriting };
struct LikeOption {
  LikeMerge merge = LikeMerge::kIncluding;
  LikeFeature feature = LikeFeature::kAll;
  SourceSpan span;
};
/// LIKE table (INCLUDING ALL OVERWRITING OPTIONS ...).
struct LikeClause {
  QualifiedName table;
  std::vector<LikeOption> options;
};

/// DISTRIBUTED [BY [HASH | RANGE] (columns)] [INTO n BUCKETS].
struct Distribution {
  enum class Kind : std::uint8_t { kUnset, kHash, kRange };
  Kind kind = Kind::kUnset;
  std::vector<Identifier> columns;
  std::optional<std::int64_t> buckets;
  SourceSpan span;
};

struct CreateTable {
  bool or_replace = false;
  bool temporary = false;
  bool if_not_exists = false;
  QualifiedName name;
  std::vector<ColumnDefinition> columns;
  std::optional<WatermarkDefinition> watermark;
  std::optional<PrimaryKey> primary_key;
  std::optional<std::string> comment;
  std::optional<Distribution> distribution;
  std::vector<Identifier> partitioned_by;
  std::vector<TableOption> options;
  std::optional<LikeClause> like;
  QueryPtr as_query;  // CREATE TABLE ... AS; else null.
};

struct ViewColumn {
  Identifier name;
  std::optional<std::string> comment;
};

/// The text of the query is Statement::source's slice of `query->span`.
struct CreateView {
  bool or_replace = false;
  bool temporary = false;
  bool if_not_exists = false;
  QualifiedName name;
  std::vector<ViewColumn> columns;
  std::optional<std::string> comment;
  QueryPtr query;
};

struct CreateFunction {
  bool temporary = false;
  bool system = false;
  bool if_not_exists = false;
  QualifiedName name;
  std::string class_name;
  std::optional<std::string> language;  // Upper case.
};

struct CreateCatalog {
  bool if_not_exists = false;
  Identifier name;
  std::optional<std::string> comment;
  std::vector<TableOption> options;
};

struct CreateDatabase {
  bool if_not_exists = false;
  QualifiedName name;
  std::optional<std::string> comment;
  std::vector<TableOption> options;
};

enum class ObjectKind : std::uint8_t { kCatalog, kDatabase, kTable, kView, kFunction };
/// "TABLE".
std::string_view TextOf(ObjectKind kind);

struct Drop {
  ObjectKind kind = ObjectKind::kTable;
  bool temporary = false;
  bool system = false;  // TEMPORARY SYSTEM FUNCTION.
  bool if_exists = false;
  QualifiedName name;
  bool cascade = false;
};

struct RenameTo {
  QualifiedName name;
};
struct SetOptions {
  std::vector<TableOption> options;
};
struct ResetOptions {
  std::vector<std::string> keys;
};
/// ADD or MODIFY (columns, watermark, key).
struct ChangeColumns {
  bool modify = false;
  std::vector<ColumnDefinition> columns;
  std::optional<WatermarkDefinition> watermark;
  std::optional<PrimaryKey> primary_key;
};
struct RenameColumn {
  Identifier from;
  Identifier to;
};
struct DropColumns {
  std::vector<Identifier> columns;
};
enum class DroppedPart : std::uint8_t { kPrimaryKey, kConstraint, kWatermark };
struct DropPart {
  DroppedPart part = DroppedPart::kPrimaryKey;
  std::optional<Identifier> constraint;
};
/// ALTER VIEW v AS query.
struct ChangeQuery {
  QueryPtr query;
};

/// ALTER TABLE, VIEW, DATABASE or CATALOG.
struct Alter {
  using Action = std::variant<RenameTo,
                              SetOptions,
                              ResetOptions,
                              ChangeColumns,
                              RenameColumn,
                              DropColumns,
                              DropPart,
                              ChangeQuery>;
  ObjectKind kind = ObjectKind::kTable;
  bool if_exists = false;
  QualifiedName name;
  Action action;
};

/// DESCRIBE | DESC [CATALOG | DATABASE | FUNCTION] [EXTENDED] name; a table or view unless said.
struct Describe {
  ObjectKind kind = ObjectKind::kTable;
  bool extended = false;
  QualifiedName name;
};

/// DESCRIBE JOB 'id'.
struct DescribeJob {
  std::string job;
};

enum class ShowKind : std::uint8_t {
  kCatalogs,
  kCurrentCatalog,
  kDatabases,
  kCurrentDatabase,
  kTables,
  kViews,
  kFunctions,
  kUserFunctions,
  kColumns,      // FROM | IN `of`.
  kCreateTable,  // `of`, as the next ones.
  kCreateView,
  kCreateCatalog,
  kPartitions,
  kProcedures,
  kModules,
  kFullModules,
  kJars,
  kJobs,
};

/// SHOW things [FROM | IN of] [[NOT] LIKE | ILIKE 'pattern'].
struct Show {
  ShowKind kind = ShowKind::kTables;
  std::optional<QualifiedName> of;
  std::optional<std::string> like;
  bool ignore_case = false;  // ILIKE.
  bool negated = false;
};

/// USE [CATALOG] name; `catalog` tells which.
struct Use {
  bool catalog = false;
  QualifiedName name;
};

/// SET 'key' = 'value'; SET alone lists the settings.
struct Set {
  std::optional<TableOption> option;
};

/// RESET 'key'; RESET alone resets all.
struct Reset {
  std::optional<std::string> key;
  SourceSpan key_span;
};

/// EXPLAIN [details] statement, and EXPLAIN PLAN FOR statement: a query, an Insert or a
/// StatementSet.
struct Explain {
  bool estimated_cost = false;
  bool changelog_mode = false;
  bool json_execution_plan = false;
  bool plan_advice = false;
  StatementPtr statement;
};

/// STOP JOB 'id' [WITH SAVEPOINT] [WITH DRAIN].
struct StopJob {
  std::string job;
  bool savepoint = false;
  bool drain = false;
};

struct Statement {
  using Node = std::variant<QueryStatement,
                            Insert,
                            StatementSet,
                            CreateTable,
                            CreateView,
                            CreateFunction,
                            CreateCatalog,
                            CreateDatabase,
                            Drop,
                            Alter,
                            Describe,
                            DescribeJob,
                            Show,
                            Use,
                            Set,
                            Reset,
                            Explain,
                            StopJob>;

  Node node;
  SourceSpan span;   // Without the semicolon.
  SourcePtr source;  // Not null; all spans below are in it.

  template <class T>
  const T* As() const {
    return std::get_if<T>(&node);
  }
};

}  // namespace thalweg::sql::ast

#endif  // THALWEG_SQL_PARSER_AST_STATEMENT_H_
