// SPDX-License-Identifier: Apache-2.0
//
// Statements but for CREATE, DROP and ALTER.
#include <string>
#include <utility>

#include "sql/parser/parser_impl.h"

namespace thalweg::sql {

using ast::Statement;

StatusOr<std::vector<Statement>> Parser::Script() {
  std::vector<Statement> statements;
  while (true) {
    while (Accept(";")) {
    }
    if (AtEnd()) {
      return statements;
    }
    ASSIGN_OR_RETURN(Statement statement, ParseStatement());
    statements.push_back(std::move(statement));
    if (!AtEnd() && !At(";")) {
      return Unexpected();
    }
  }
}

StatusOr<Statement> Parser::ParseStatement() {
  const SourceSpan begin = Peek().span;
  Statement statement;
  statement.source = source_;
  ASSIGN_OR_RETURN(statement.node, ParseStatementNode());
  statement.span = SpanFrom(begin);
  return statement;
}

StatusOr<ast::StatementPtr> Parser::ParseNested() {
  const Level level(*this);
  RETURN_IF_ERROR(level.Check());
  ASSIGN_OR_RETURN(Statement statement, ParseStatement());
  return std::make_shared<const Statement>(std::move(statement));
}

StatusOr<Statement::Node> Parser::ParseStatementNode() {
  if (AtQuery() || Is(Peek(), "(")) {
    ast::QueryStatement statement;
    ASSIGN_OR_RETURN(statement.query, ParseQuery());
    return statement;
  }
  if (At("INSERT")) {
    return ParseInsert();
  }
  if (At("CREATE")) {
    return ParseCreate();
  }
  if (At("DROP")) {
    return ParseDrop();
  }
  if (At("ALTER")) {
    return ParseAlter();
  }
  if (Accept("SET")) {
    return ParseSet();
  }
  if (Accept("RESET")) {
    return ParseReset();
  }
  if (Accept("USE")) {
    return ParseUse();
  }
  if (Accept("SHOW")) {
    return ParseShow();
  }
  if (Accept("DESCRIBE") || Accept("DESC")) {
    return ParseDescribe();
  }
  if (Accept("EXPLAIN")) {
    return ParseExplain();
  }
  if (Accept({"STOP", "JOB"})) {
    return ParseStopJob();
  }
  if (Accept({"BEGIN", "STATEMENT", "SET"})) {
    RETURN_IF_ERROR(Expect(";"));
    return ParseStatementSet(/*old_form=*/true);
  }
  if (At("EXECUTE") && !Follows(1, "PLAN")) {
    Advance();
    if (At("INSERT")) {
      return ParseInsert();
    }
    RETURN_IF_ERROR(Expect({"STATEMENT", "SET", "BEGIN"}));
    return ParseStatementSet(/*old_form=*/false);
  }
  RETURN_IF_ERROR(RefuseStatement());
  return Unexpected();
}

/// What the dialect has and the engine does not.
Status Parser::RefuseStatement() {
  static constexpr std::pair<std::string_view, std::string_view> kRefused[] = {
      {"UPDATE", "UPDATE"},
      {"DELETE", "DELETE"},
      {"TRUNCATE", "TRUNCATE"},
      {"MERGE", "MERGE"},
      {"ANALYZE", "ANALYZE TABLE"},
      {"CALL", "CALL of a procedure"},
      {"LOAD", "LOAD MODULE"},
      {"UNLOAD", "UNLOAD MODULE"},
      {"ADD", "ADD JAR"},
      {"REMOVE", "REMOVE JAR"},
      {"COMPILE", "COMPILE PLAN"},
      {"EXECUTE", "EXECUTE PLAN"},
  };
  for (const auto& [word, what] : kRefused) {
    if (Is(Peek(), word)) {
      return Unsupported(Peek().span, what);
    }
  }
  return OkStatus();
}

StatusOr<ast::Insert> Parser::ParseInsert() {
  Advance();
  ast::Insert insert;
  insert.overwrite = Accept("OVERWRITE");
  RETURN_IF_ERROR(insert.overwrite ? OkStatus() : Expect("INTO"));
  if (Is(Peek(), "TABLE")) {
    Advance();
  }
  ASSIGN_OR_RETURN(insert.table, ExpectQualifiedName("a table"));
  ASSIGN_OR_RETURN(insert.hints, ParseHints());
  if (Accept("PARTITION")) {
    ASSIGN_OR_RETURN(insert.partition, ParsePartition());
  }
  const bool query_follows =
      Follows(1, "SELECT") || Follows(1, "WITH") || Follows(1, "VALUES") || Follows(1, "(");
  if (Is(Peek(), "(") && !query_follows) {
    ASSIGN_OR_RETURN(insert.columns, ParseNameList("a column name"));
  }
  ASSIGN_OR_RETURN(insert.query, ParseQuery());
  if (Accept({"ON", "CONFLICT"})) {
    RETURN_IF_ERROR(Expect("DO"));
    if (Accept("NOTHING")) {
      insert.on_conflict = ast::OnConflict::kDoNothing;
    } else if (Accept("ERROR")) {
      insert.on_conflict = ast::OnConflict::kError;
    } else {
      RETURN_IF_ERROR(Expect("DEDUPLICATE"));
      insert.on_conflict = ast::OnConflict::kDeduplicate;
    }
  }
  return insert;
}

StatusOr<std::vector<ast::PartitionValue>> Parser::ParsePartition() {
  RETURN_IF_ERROR(Expect("("));
  std::vector<ast::PartitionValue> values;
  do {
    ast::PartitionValue value;
    ASSIGN_OR_RETURN(value.column, ExpectName("a column name"));
    if (Accept("=")) {
      ASSIGN_OR_RETURN(value.value, ParseExpression());
    }
    values.push_back(std::move(value));
  } while (Accept(","));
  RETURN_IF_ERROR(Expect(")"));
  return values;
}

/// INSERT ...; INSERT ...; END
StatusOr<ast::StatementSet> Parser::ParseStatementSet(bool old_form) {
  ast::StatementSet set;
  while (true) {
    while (Accept(";")) {
    }
    if (Accept("END")) {
      break;
    }
    if (!At("INSERT") && !At("EXECUTE")) {
      return Unexpected();
    }
    ASSIGN_OR_RETURN(ast::StatementPtr insert, ParseNested());
    if (insert->As<ast::Insert>() == nullptr) {
      return Error(insert->span, "A statement set holds INSERT statements only.");
    }
    set.inserts.push_back(std::move(insert));
    RETURN_IF_ERROR(Expect(";"));
  }
  if (set.inserts.empty()) {
    return Error(Previous().span,
                 old_form ? "BEGIN STATEMENT SET needs at least one INSERT."
                          : "EXECUTE STATEMENT SET needs at least one INSERT.");
  }
  return set;
}

StatusOr<ast::Explain> Parser::ParseExplain() {
  ast::Explain explain;
  if (Accept("PLAN")) {
    RETURN_IF_ERROR(Expect("FOR"));
  } else {
    const std::pair<std::string_view, bool*> details[] = {
        {"ESTIMATED_COST", &explain.estimated_cost},
        {"CHANGELOG_MODE", &explain.changelog_mode},
        {"JSON_EXECUTION_PLAN", &explain.json_execution_plan},
        {"PLAN_ADVICE", &explain.plan_advice},
    };
    bool more = true;
    while (more) {
      bool found = false;
      for (const auto& [word, flag] : details) {
        if (!found && Accept(word)) {
          *flag = true;
          found = true;
        }
      }
      more = found && Accept(",");
    }
  }
  if (Accept({"STATEMENT", "SET", "BEGIN"})) {
    const SourceSpan begin = Previous().span;
    Statement statement;
    statement.source = source_;
    ASSIGN_OR_RETURN(statement.node, ParseStatementSet(/*old_form=*/false));
    statement.span = SpanFrom(begin);
    explain.statement = std::make_shared<const Statement>(std::move(statement));
    return explain;
  }
  const SourceSpan begin = Peek().span;
  if (!(AtQuery() || At("INSERT") || Is(Peek(), "(") || At("EXECUTE"))) {
    return Unexpected();
  }
  ASSIGN_OR_RETURN(explain.statement, ParseNested());
  if (explain.statement->As<ast::QueryStatement>() == nullptr &&
      explain.statement->As<ast::Insert>() == nullptr &&
      explain.statement->As<ast::StatementSet>() == nullptr) {
    return Error(begin, "EXPLAIN takes a query, an INSERT or a statement set.");
  }
  return explain;
}

StatusOr<Statement::Node> Parser::ParseDescribe() {
  if (Is(Peek(), "JOB") && Peek(1).kind == TokenKind::kString) {
    Advance();
    ast::DescribeJob describe;
    ASSIGN_OR_RETURN(describe.job, ExpectString("the id of a job"));
    return describe;
  }
  if (Is(Peek(), "MODEL") && Peek(1).kind != TokenKind::kEnd && !Follows(1, ";")) {
    return Unsupported(Peek().span, "A MODEL");
  }
  static constexpr std::pair<std::string_view, ast::ObjectKind> kKinds[] = {
      {"CATALOG", ast::ObjectKind::kCatalog},
      {"DATABASE", ast::ObjectKind::kDatabase},
      {"FUNCTION", ast::ObjectKind::kFunction},
  };
  const auto name_follows = [this] {
    return (Peek(1).kind == TokenKind::kWord || Peek(1).kind == TokenKind::kQuotedName);
  };
  ast::Describe describe;
  for (const auto& [word, kind] : kKinds) {
    if (Is(Peek(), word) && name_follows()) {
      Advance();
      describe.kind = kind;
      break;
    }
  }
  if (Is(Peek(), "EXTENDED") && name_follows()) {
    Advance();
    describe.extended = true;
  }
  ASSIGN_OR_RETURN(describe.name, ExpectQualifiedName("a table or view"));
  return describe;
}

StatusOr<ast::Show> Parser::ParseShow() {
  ast::Show show;
  bool takes_name = false;
  if (Accept("CREATE")) {
    takes_name = true;
    if (Accept("TABLE")) {
      show.kind = ast::ShowKind::kCreateTable;
    } else if (Accept("VIEW")) {
      show.kind = ast::ShowKind::kCreateView;
    } else {
      RETURN_IF_ERROR(Expect("CATALOG"));
      show.kind = ast::ShowKind::kCreateCatalog;
    }
  } else if (Accept("CURRENT")) {
    const bool catalog = At("CATALOG");
    RETURN_IF_ERROR(catalog ? Expect("CATALOG") : Expect("DATABASE"));
    show.kind = catalog ? ast::ShowKind::kCurrentCatalog : ast::ShowKind::kCurrentDatabase;
  } else if (Accept("USER")) {
    RETURN_IF_ERROR(Expect("FUNCTIONS"));
    show.kind = ast::ShowKind::kUserFunctions;
  } else if (Accept("FULL")) {
    RETURN_IF_ERROR(Expect("MODULES"));
    show.kind = ast::ShowKind::kFullModules;
  } else if (Accept("PARTITIONS")) {
    takes_name = true;
    show.kind = ast::ShowKind::kPartitions;
  } else {
    ASSIGN_OR_RETURN(show.kind, ParseShowKind());
  }
  if (takes_name) {
    ASSIGN_OR_RETURN(show.of, ExpectQualifiedName("a name"));
    return show;
  }
  if (Accept("FROM") || Accept("IN")) {
    ASSIGN_OR_RETURN(show.of, ExpectQualifiedName("a name"));
  } else if (show.kind == ast::ShowKind::kColumns) {
    return Unexpected();
  }
  show.negated = Accept("NOT");
  if (Accept("ILIKE")) {
    show.ignore_case = true;
    ASSIGN_OR_RETURN(show.like, ExpectString("a pattern in quotes"));
  } else if (Accept("LIKE")) {
    ASSIGN_OR_RETURN(show.like, ExpectString("a pattern in quotes"));
  } else if (show.negated) {
    return Unexpected();
  }
  return show;
}

StatusOr<ast::ShowKind> Parser::ParseShowKind() {
  static constexpr std::pair<std::string_view, ast::ShowKind> kKinds[] = {
      {"TABLES", ast::ShowKind::kTables},
      {"VIEWS", ast::ShowKind::kViews},
      {"FUNCTIONS", ast::ShowKind::kFunctions},
      {"COLUMNS", ast::ShowKind::kColumns},
      {"DATABASES", ast::ShowKind::kDatabases},
      {"CATALOGS", ast::ShowKind::kCatalogs},
      {"JOBS", ast::ShowKind::kJobs},
      {"MODULES", ast::ShowKind::kModules},
      {"PROCEDURES", ast::ShowKind::kProcedures},
      {"JARS", ast::ShowKind::kJars},
  };
  for (const auto& [word, kind] : kKinds) {
    if (Accept(word)) {
      return kind;
    }
  }
  return Unexpected();
}

StatusOr<ast::Use> Parser::ParseUse() {
  if (Is(Peek(), "MODULES")) {
    return Unsupported(Peek().span, "USE MODULES");
  }
  ast::Use use;
  if (Is(Peek(), "CATALOG") && Peek(1).kind != TokenKind::kEnd && !Follows(1, ";")) {
    Advance();
    use.catalog = true;
  }
  ASSIGN_OR_RETURN(use.name, ExpectQualifiedName(use.catalog ? "a catalog" : "a database"));
  return use;
}

StatusOr<ast::Set> Parser::ParseSet() {
  ast::Set set;
  if (AtEnd() || At(";")) {
    return set;
  }
  if (Peek().kind != TokenKind::kString) {
    return Error(Peek().span, "A setting is written in quotes: SET 'key' = 'value'.");
  }
  ASSIGN_OR_RETURN(set.option, ParseOption());
  return set;
}

StatusOr<ast::Reset> Parser::ParseReset() {
  ast::Reset reset;
  if (AtEnd() || At(";")) {
    return reset;
  }
  reset.key_span = Peek().span;
  ASSIGN_OR_RETURN(reset.key, ExpectString("a setting in quotes, as RESET 'key'"));
  return reset;
}

StatusOr<ast::StopJob> Parser::ParseStopJob() {
  ast::StopJob stop;
  ASSIGN_OR_RETURN(stop.job, ExpectString("the id of a job in quotes"));
  while (Accept("WITH")) {
    const bool drain = At("DRAIN");
    RETURN_IF_ERROR(drain ? Expect("DRAIN") : Expect("SAVEPOINT"));
    stop.drain = stop.drain || drain;
    stop.savepoint = stop.savepoint || !drain;
  }
  return stop;
}

}  // namespace thalweg::sql
