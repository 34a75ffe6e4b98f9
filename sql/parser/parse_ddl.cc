// SPDX-License-Identifier: Apache-2.0
//
// CREATE and DROP.
#include <string>
#include <utility>

#include "sql/parser/parser_impl.h"

namespace thalweg::sql {

using ast::Statement;

StatusOr<bool> Parser::ParseIfNotExists() {
  if (!Accept("IF")) {
    return false;
  }
  RETURN_IF_ERROR(Expect({"NOT", "EXISTS"}));
  return true;
}

StatusOr<bool> Parser::ParseIfExists() {
  if (!Accept("IF")) {
    return false;
  }
  RETURN_IF_ERROR(Expect("EXISTS"));
  return true;
}

StatusOr<std::optional<std::string>> Parser::ParseComment() {
  if (!Accept("COMMENT")) {
    return std::optional<std::string>();
  }
  ASSIGN_OR_RETURN(std::string text, ExpectString("a comment in quotes"));
  return std::optional<std::string>(std::move(text));
}

StatusOr<ast::TableOption> Parser::ParseOption() {
  ast::TableOption option;
  option.key_span = Peek().span;
  ASSIGN_OR_RETURN(option.key, ExpectString("an option in quotes"));
  RETURN_IF_ERROR(Expect("="));
  option.value_span = Peek().span;
  if (Peek().kind == TokenKind::kNumber || Peek().kind == TokenKind::kWord) {
    return Error(Peek().span, "The value of an option is written in quotes too.");
  }
  ASSIGN_OR_RETURN(option.value, ExpectString("a value in quotes"));
  return option;
}

/// ('key' = 'value', ...)
StatusOr<std::vector<ast::TableOption>> Parser::ParseOptions() {
  std::vector<ast::TableOption> options;
  RETURN_IF_ERROR(Expect("("));
  if (Accept(")")) {
    return options;
  }
  do {
    ASSIGN_OR_RETURN(ast::TableOption option, ParseOption());
    options.push_back(std::move(option));
  } while (Accept(","));
  RETURN_IF_ERROR(Expect(")"));
  return options;
}

StatusOr<Statement::Node> Parser::ParseCreate() {
  const SourceSpan begin = Peek().span;
  Advance();
  bool or_replace = false;
  if (Accept("OR")) {
    RETURN_IF_ERROR(Expect("REPLACE"));
    or_replace = true;
  }
  const bool temporary = Accept("TEMPORARY");
  const bool system = temporary && Accept("SYSTEM");
  if (!system && Accept("TABLE")) {
    ast::CreateTable create;
    create.or_replace = or_replace;
    create.temporary = temporary;
    return ParseCreateTable(std::move(create));
  }
  if (!system && Accept("VIEW")) {
    ast::CreateView create;
    create.or_replace = or_replace;
    create.temporary = temporary;
    return ParseCreateView(std::move(create));
  }
  if (Accept("FUNCTION")) {
    ast::CreateFunction create;
    create.temporary = temporary;
    create.system = system;
    return ParseCreateFunction(std::move(create));
  }
  if (Accept("CATALOG")) {
    return ParseCreateCatalog();
  }
  if (Accept("DATABASE")) {
    return ParseCreateDatabase();
  }
  static constexpr std::pair<std::string_view, std::string_view> kRefused[] = {
      {"MATERIALIZED", "CREATE MATERIALIZED TABLE"},
      {"MODEL", "CREATE MODEL"},
      {"CONNECTION", "CREATE CONNECTION"},
      {"TYPE", "CREATE TYPE"},
  };
  for (const auto& [word, what] : kRefused) {
    if (Is(Peek(), word)) {
      return Unsupported(Cover(begin, Peek().span), what);
    }
  }
  return Unexpected();
}

StatusOr<ast::CreateTable> Parser::ParseCreateTable(ast::CreateTable create) {
  ASSIGN_OR_RETURN(create.if_not_exists, ParseIfNotExists());
  ASSIGN_OR_RETURN(create.name, ExpectQualifiedName("a name for the table"));
  if (Accept("(")) {
    TableElements elements;
    do {
      RETURN_IF_ERROR(ParseTableElement(elements));
    } while (Accept(","));
    RETURN_IF_ERROR(Expect(")"));
    create.columns = std::move(elements.columns);
    create.watermark = std::move(elements.watermark);
    create.primary_key = std::move(elements.primary_key);
  }
  ASSIGN_OR_RETURN(create.comment, ParseComment());
  if (At("DISTRIBUTED")) {
    ASSIGN_OR_RETURN(create.distribution, ParseDistribution());
  }
  if (Accept("PARTITIONED")) {
    RETURN_IF_ERROR(Expect("BY"));
    ASSIGN_OR_RETURN(create.partitioned_by, ParseNameList("a column name"));
  }
  if (Accept("WITH")) {
    ASSIGN_OR_RETURN(create.options, ParseOptions());
  }
  if (Accept("LIKE")) {
    ASSIGN_OR_RETURN(create.like, ParseLikeClause());
  } else if (Accept("AS")) {
    ASSIGN_OR_RETURN(create.as_query, ParseQuery());
  }
  return create;
}

/// A column, WATERMARK FOR or PRIMARY KEY.
Status Parser::ParseTableElement(TableElements& elements) {
  if (Is(Peek(), "WATERMARK") && Follows(1, "FOR")) {
    return ParseWatermark(elements);
  }
  const bool key = (Is(Peek(), "PRIMARY") && Follows(1, "KEY")) ||
                   (Is(Peek(), "CONSTRAINT") && (Follows(2, "PRIMARY") || Follows(2, "UNIQUE")));
  if (key) {
    return ParsePrimaryKey(elements);
  }
  if (Is(Peek(), "UNIQUE") && Follows(1, "(")) {
    return Unsupported(Peek().span, "UNIQUE");
  }
  return ParseColumn(elements);
}

Status Parser::ParseWatermark(TableElements& elements) {
  const SourceSpan begin = Peek().span;
  Advance();
  Advance();
  ast::WatermarkDefinition watermark;
  ASSIGN_OR_RETURN(watermark.column, ExpectQualifiedName("a column"));
  RETURN_IF_ERROR(Expect("AS"));
  ASSIGN_OR_RETURN(watermark.expression, ParseExpression());
  watermark.span = SpanFrom(begin);
  if (elements.watermark) {
    return Error(watermark.span, "A table has one WATERMARK; this is its second.");
  }
  elements.watermark = std::move(watermark);
  return OkStatus();
}

/// [CONSTRAINT name] PRIMARY KEY (columns) [NOT ENFORCED | ENFORCED]
Status Parser::ParsePrimaryKey(TableElements& elements) {
  const SourceSpan begin = Peek().span;
  ast::PrimaryKey key;
  if (Accept("CONSTRAINT")) {
    ASSIGN_OR_RETURN(key.name, ExpectName("a name for the constraint"));
  }
  if (Is(Peek(), "UNIQUE")) {
    return Unsupported(Peek().span, "UNIQUE");
  }
  RETURN_IF_ERROR(Expect({"PRIMARY", "KEY"}));
  ASSIGN_OR_RETURN(key.columns, ParseNameList("a column name"));
  if (Accept("NOT")) {
    RETURN_IF_ERROR(Expect("ENFORCED"));
    key.enforced = false;
  } else {
    Accept("ENFORCED");
  }
  key.span = SpanFrom(begin);
  if (elements.primary_key) {
    return Error(key.span, "A table has one PRIMARY KEY; this is its second.");
  }
  elements.primary_key = std::move(key);
  return OkStatus();
}

Status Parser::ParseColumn(TableElements& elements) {
  const SourceSpan begin = Peek().span;
  ast::ColumnDefinition column;
  ASSIGN_OR_RETURN(column.name, ExpectName("a column name"));
  RETURN_IF_ERROR(ParseColumnKind(column, elements));
  ASSIGN_OR_RETURN(column.comment, ParseComment());
  column.span = SpanFrom(begin);
  elements.columns.push_back(std::move(column));
  return OkStatus();
}

/// Behind the name: AS expression | type [key] [METADATA ...] | nothing.
Status Parser::ParseColumnKind(ast::ColumnDefinition& column, TableElements& elements) {
  if (Accept("AS")) {
    column.kind = ast::ColumnKind::kComputed;
    ASSIGN_OR_RETURN(column.expression, ParseExpression());
    return OkStatus();
  }
  if (Is(Peek(), ",") || Is(Peek(), ")")) {
    column.kind = ast::ColumnKind::kNameOnly;
    return OkStatus();
  }
  const SourceSpan type_begin = Peek().span;
  ASSIGN_OR_RETURN(column.type, ParseType());
  column.type_span = SpanFrom(type_begin);
  RETURN_IF_ERROR(ParseColumnKey(column, elements));
  if (Is(Peek(), "NOT") && Follows(1, "NULL")) {  // PRIMARY KEY NOT ENFORCED NOT NULL.
    Advance();
    Advance();
    column.type = column.type->NotNull();
  }
  if (Accept("METADATA")) {
    column.kind = ast::ColumnKind::kMetadata;
    if (Accept("FROM")) {
      ASSIGN_OR_RETURN(column.metadata_key, ExpectString("the key of the metadata in quotes"));
    }
    column.is_virtual = Accept("VIRTUAL");
  }
  return OkStatus();
}

/// [CONSTRAINT name] PRIMARY KEY [NOT ENFORCED] of one column.
Status Parser::ParseColumnKey(const ast::ColumnDefinition& column, TableElements& elements) {
  if (!At("CONSTRAINT") && !At("PRIMARY")) {
    return OkStatus();
  }
  const SourceSpan begin = Peek().span;
  ast::PrimaryKey key;
  if (Accept("CONSTRAINT")) {
    ASSIGN_OR_RETURN(key.name, ExpectName("a name for the constraint"));
  }
  RETURN_IF_ERROR(Expect({"PRIMARY", "KEY"}));
  key.columns.push_back(column.name);
  if (Accept({"NOT", "ENFORCED"})) {
    key.enforced = false;
  } else {
    Accept("ENFORCED");
  }
  key.span = SpanFrom(begin);
  if (elements.primary_key) {
    return Error(key.span, "A table has one PRIMARY KEY; this is its second.");
  }
  elements.primary_key = std::move(key);
  return OkStatus();
}

/// DISTRIBUTED [BY [HASH | RANGE] (columns)] [INTO n BUCKETS]
StatusOr<ast::Distribution> Parser::ParseDistribution() {
  const SourceSpan begin = Peek().span;
  Advance();
  ast::Distribution distribution;
  if (Accept("BY")) {
    if (Accept("HASH")) {
      distribution.kind = ast::Distribution::Kind::kHash;
    } else if (Accept("RANGE")) {
      distribution.kind = ast::Distribution::Kind::kRange;
    }
    ASSIGN_OR_RETURN(distribution.columns, ParseNameList("a column name"));
  }
  if (Accept("INTO")) {
    ASSIGN_OR_RETURN(distribution.buckets, ExpectInteger("a number of buckets", 1'000'000));
    RETURN_IF_ERROR(Expect("BUCKETS"));
  }
  distribution.span = SpanFrom(begin);
  return distribution;
}

StatusOr<ast::LikeClause> Parser::ParseLikeClause() {
  ast::LikeClause like;
  ASSIGN_OR_RETURN(like.table, ExpectQualifiedName("a table"));
  if (Accept("(")) {
    while (!Accept(")")) {
      ASSIGN_OR_RETURN(const ast::LikeOption option, ParseLikeOption());
      like.options.push_back(option);
    }
  }
  return like;
}

StatusOr<ast::LikeOption> Parser::ParseLikeOption() {
  static constexpr std::pair<std::string_view, ast::LikeMerge> kMerges[] = {
      {"INCLUDING", ast::LikeMerge::kIncluding},
      {"EXCLUDING", ast::LikeMerge::kExcluding},
      {"OVERWRITING", ast::LikeMerge::kOverwriting},
  };
  static constexpr std::pair<std::string_view, ast::LikeFeature> kFeatures[] = {
      {"ALL", ast::LikeFeature::kAll},
      {"CONSTRAINTS", ast::LikeFeature::kConstraints},
      {"DISTRIBUTION", ast::LikeFeature::kDistribution},
      {"PARTITIONS", ast::LikeFeature::kPartitions},
      {"GENERATED", ast::LikeFeature::kGenerated},
      {"METADATA", ast::LikeFeature::kMetadata},
      {"OPTIONS", ast::LikeFeature::kOptions},
      {"WATERMARKS", ast::LikeFeature::kWatermarks},
  };
  const SourceSpan begin = Peek().span;
  ast::LikeOption option;
  bool found = false;
  for (const auto& [word, merge] : kMerges) {
    if (!found && Accept(word)) {
      option.merge = merge;
      found = true;
    }
  }
  if (!found) {
    return Unexpected();
  }
  for (const auto& [word, feature] : kFeatures) {
    if (Accept(word)) {
      option.feature = feature;
      option.span = SpanFrom(begin);
      return option;
    }
  }
  return Unexpected();
}

StatusOr<ast::CreateView> Parser::ParseCreateView(ast::CreateView create) {
  ASSIGN_OR_RETURN(create.if_not_exists, ParseIfNotExists());
  ASSIGN_OR_RETURN(create.name, ExpectQualifiedName("a name for the view"));
  if (Accept("(")) {
    do {
      ast::ViewColumn column;
      ASSIGN_OR_RETURN(column.name, ExpectName("a column name"));
      ASSIGN_OR_RETURN(column.comment, ParseComment());
      create.columns.push_back(std::move(column));
    } while (Accept(","));
    RETURN_IF_ERROR(Expect(")"));
  }
  ASSIGN_OR_RETURN(create.comment, ParseComment());
  RETURN_IF_ERROR(Expect("AS"));
  ASSIGN_OR_RETURN(create.query, ParseQuery());
  return create;
}

/// f AS 'class' [LANGUAGE name] [USING JAR 'path', ...]
StatusOr<ast::CreateFunction> Parser::ParseCreateFunction(ast::CreateFunction create) {
  ASSIGN_OR_RETURN(create.if_not_exists, ParseIfNotExists());
  ASSIGN_OR_RETURN(create.name, ExpectQualifiedName("a name for the function"));
  RETURN_IF_ERROR(Expect("AS"));
  ASSIGN_OR_RETURN(create.class_name, ExpectString("the name of a class in quotes"));
  if (Accept("LANGUAGE")) {
    ASSIGN_OR_RETURN(ast::Identifier language, ExpectName("a language"));
    create.language = std::move(language.name);
  }
  if (At("USING")) {
    return Unsupported(Peek().span, "A function of a JAR");
  }
  return create;
}

StatusOr<ast::CreateCatalog> Parser::ParseCreateCatalog() {
  ast::CreateCatalog create;
  ASSIGN_OR_RETURN(create.if_not_exists, ParseIfNotExists());
  ASSIGN_OR_RETURN(create.name, ExpectName("a name for the catalog"));
  ASSIGN_OR_RETURN(create.comment, ParseComment());
  if (Accept("WITH")) {
    ASSIGN_OR_RETURN(create.options, ParseOptions());
  }
  return create;
}

StatusOr<ast::CreateDatabase> Parser::ParseCreateDatabase() {
  ast::CreateDatabase create;
  ASSIGN_OR_RETURN(create.if_not_exists, ParseIfNotExists());
  ASSIGN_OR_RETURN(create.name, ExpectQualifiedName("a name for the database"));
  ASSIGN_OR_RETURN(create.comment, ParseComment());
  if (Accept("WITH")) {
    ASSIGN_OR_RETURN(create.options, ParseOptions());
  }
  return create;
}

StatusOr<ast::ObjectKind> Parser::ParseObjectKind() {
  for (const ast::ObjectKind kind : {ast::ObjectKind::kTable,
                                     ast::ObjectKind::kView,
                                     ast::ObjectKind::kDatabase,
                                     ast::ObjectKind::kFunction,
                                     ast::ObjectKind::kCatalog}) {
    if (Accept(TextOf(kind))) {
      return kind;
    }
  }
  for (const std::string_view word : {"MATERIALIZED", "MODEL", "CONNECTION"}) {
    if (Is(Peek(), word)) {
      return Unsupported(Peek().span,
                         word == "MATERIALIZED" ? "A MATERIALIZED TABLE" : "This kind of object");
    }
  }
  return Unexpected();
}

StatusOr<ast::Drop> Parser::ParseDrop() {
  Advance();
  ast::Drop drop;
  drop.temporary = Accept("TEMPORARY");
  if (drop.temporary && At("SYSTEM")) {
    Advance();
    drop.system = true;
    RETURN_IF_ERROR(Expect("FUNCTION"));
    drop.kind = ast::ObjectKind::kFunction;
  } else {
    ASSIGN_OR_RETURN(drop.kind, ParseObjectKind());
  }
  ASSIGN_OR_RETURN(drop.if_exists, ParseIfExists());
  ASSIGN_OR_RETURN(drop.name, ExpectQualifiedName("a name"));
  if (Accept("CASCADE")) {
    drop.cascade = true;
  } else {
    Accept("RESTRICT");
  }
  return drop;
}

}  // namespace thalweg::sql
