// SPDX-License-Identifier: Apache-2.0
//
// The parser itself, by recursive descent; operators by precedence climbing. One method for one
// rule of the grammar; the methods are spread over files by what they parse.
#ifndef THALWEG_SQL_PARSER_PARSER_IMPL_H_
#define THALWEG_SQL_PARSER_PARSER_IMPL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "columnar/type.h"
#include "sql/parser/ast.h"
#include "sql/parser/token_cursor.h"

namespace thalweg::sql {

/// How tightly an operator binds; what stands higher binds tighter.
enum class Precedence : std::uint8_t {
  kLowest,
  kOr,
  kAnd,
  kNot,
  kIs,
  kComparison,  // With BETWEEN, IN, LIKE, SIMILAR TO.
  kAdditive,
  kMultiplicative,  // With ||.
  kUnary,
  kPrimary,
};
Precedence PrecedenceOf(ast::Operator op);
inline Precedence Above(Precedence precedence) {
  return static_cast<Precedence>(static_cast<int>(precedence) + 1);
}

class Parser : public TokenCursor {
 public:
  Parser(SourcePtr source, std::vector<Token> tokens)
      : TokenCursor(*source, std::move(tokens)), source_(std::move(source)) {}

  /// The four entries; each takes the whole text.
  StatusOr<std::vector<ast::Statement>> Script();
  StatusOr<ast::QueryPtr> WholeQuery();
  StatusOr<ast::ExpressionPtr> WholeExpression();
  StatusOr<columnar::DataType> WholeType();

 private:
  /// Lives while one level of nesting is parsed.
  class Level {
   public:
    explicit Level(Parser& parser) : parser_(parser) { ++parser_.nesting_; }
    ~Level() { --parser_.nesting_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    Status Check() const;

   private:
    Parser& parser_;
  };

  /// A node with its span from `begin` on and its height; kResourceExhausted: too high.
  StatusOr<ast::ExpressionPtr> Make(ast::Expression::Node node, SourceSpan begin);
  StatusOr<ast::QueryPtr> Make(ast::Query query, SourceSpan begin);
  StatusOr<ast::TableReferencePtr> Make(ast::TableReference table, SourceSpan begin);
  Status TooHigh(SourceSpan span) const;

  // parse_expression.cc
  StatusOr<ast::ExpressionPtr> ParseExpression();
  StatusOr<ast::ExpressionPtr> ParseOperators(Precedence least);
  StatusOr<ast::ExpressionPtr> ParsePrefix();
  StatusOr<ast::ExpressionPtr> ParseSigned();
  StatusOr<ast::ExpressionPtr> ParseBinary(ast::ExpressionPtr left, ast::Operator op);
  StatusOr<ast::ExpressionPtr> ParseChain(ast::ExpressionPtr left, ast::Operator op);
  StatusOr<ast::ExpressionPtr> ParseIs(ast::ExpressionPtr operand);
  std::optional<ast::Operator> AcceptIsPredicate(bool negated);
  StatusOr<ast::ExpressionPtr> ParseBetween(ast::ExpressionPtr operand, bool negated);
  StatusOr<ast::ExpressionPtr> ParseIn(ast::ExpressionPtr operand, bool negated);
  StatusOr<ast::ExpressionPtr> ParseLike(ast::ExpressionPtr operand, bool negated);
  StatusOr<ast::ExpressionPtr> ParsePredicate(ast::ExpressionPtr operand);
  StatusOr<std::vector<ast::ExpressionPtr>> ParseExpressionList();
  StatusOr<ast::OrderItem> ParseOrderItem();
  StatusOr<std::vector<ast::OrderItem>> ParseOrderItems();

  // parse_primary.cc
  StatusOr<ast::ExpressionPtr> ParsePostfix();
  StatusOr<ast::ExpressionPtr> ParsePrimary();
  StatusOr<ast::ExpressionPtr> ParseWord();
  StatusOr<ast::ExpressionPtr> ParseParenthesized();
  StatusOr<ast::ExpressionPtr> ParseNameOrCall();
  StatusOr<ast::ExpressionPtr> ParseCase();
  StatusOr<ast::ExpressionPtr> ParseCast(bool safe);
  StatusOr<ast::ExpressionPtr> ParseExists();
  StatusOr<ast::ExpressionPtr> ParseInterval();
  StatusOr<ast::TimeUnit> ParseIntervalUnit();
  StatusOr<ast::ExpressionPtr> ParseBracketed(bool map);
  StatusOr<ast::ExpressionPtr> ParseRow();
  StatusOr<ast::ExpressionPtr> ParseScalarQuery(SourceSpan begin);
  bool AtQuery();
  bool AtSetOperator();

  // parse_call.cc
  StatusOr<ast::ExpressionPtr> ParseCall(ast::QualifiedName function);
  /// Arguments up to and with `)`.
  Status ParseArguments(ast::Call& call);
  StatusOr<ast::Argument> ParseArgument();
  StatusOr<bool> ParseSpecialArguments(std::string_view function, ast::Call& call);
  Status ParseExtract(ast::Call& call);
  Status ParseTrim(ast::Call& call);
  Status ParsePosition(ast::Call& call);
  Status ParseSubstring(ast::Call& call);
  Status ParseOverlay(ast::Call& call);
  Status ParseRounding(ast::Call& call);
  Status ParseTimestampArithmetic(ast::Call& call);
  StatusOr<ast::ExpressionPtr> ParseUnitSymbol();
  StatusOr<ast::ExpressionPtr> ParseTableArgument();
  StatusOr<ast::ExpressionPtr> ParseDescriptor(SourceSpan begin);
  Status AddArgument(ast::Call& call);
  /// What may follow the parentheses: WITHIN GROUP, FILTER, IGNORE NULLS, OVER.
  Status ParseCallClauses(ast::Call& call);
  StatusOr<ast::WindowSpec> ParseOver();
  StatusOr<ast::WindowSpec> ParseWindowSpec();
  StatusOr<ast::Frame> ParseFrame();
  StatusOr<ast::FrameBound> ParseFrameBound();

  // parse_json.cc
  Status ParseJsonPathCall(std::string_view function, ast::Call& call);
  Status ParseJsonObject(ast::Call& call);
  Status ParseJsonArray(ast::Call& call);
  Status ParseJsonWrapper(ast::JsonClauses& clauses);
  Status ParseJsonBehavior(ast::JsonClauses& clauses);
  StatusOr<ast::JsonBehavior> ParseJsonFallback();
  Status ParseJsonOnNull(ast::Call& call);

  // parse_type.cc
  StatusOr<columnar::DataType> ParseType();
  StatusOr<columnar::DataType> ParseTypeAndSuffixes();
  StatusOr<columnar::DataType> ParseTypeName();
  StatusOr<columnar::DataType> ParseTimestampType();
  StatusOr<columnar::DataType> ParseIntervalType();
  StatusOr<columnar::DataType> ParseDecimalType();
  StatusOr<columnar::DataType> ParseRowType();
  StatusOr<columnar::DataType> ParseArrayType();
  StatusOr<columnar::DataType> ParseMapType();
  StatusOr<std::optional<std::int64_t>> ParseTypeArgument(std::int64_t least, std::int64_t most);

  // parse_query.cc
  StatusOr<ast::QueryPtr> ParseQuery();
  StatusOr<ast::Query> ParseWith();
  StatusOr<ast::QueryPtr> ParseQueryBody();
  StatusOr<ast::QueryPtr> ParseIntersections();
  StatusOr<ast::QueryPtr> ParseQueryTerm();
  StatusOr<ast::QueryPtr> ContinueQuery(ast::QueryPtr first, SourceSpan begin);
  StatusOr<ast::QueryPtr> ContinueBody(ast::QueryPtr first, SourceSpan begin);
  StatusOr<ast::QueryPtr> ContinueIntersections(ast::QueryPtr first, SourceSpan begin);
  StatusOr<ast::QueryPtr> ParseSetOperator(ast::QueryPtr left,
                                           ast::SetOperator op,
                                           SourceSpan begin);
  StatusOr<ast::QueryPtr> ParseSelect();
  Status ParseSelectClauses(ast::Select& select);
  StatusOr<ast::SelectItem> ParseSelectItem();
  StatusOr<ast::QueryPtr> ParseValues();
  StatusOr<ast::QueryPtr> ParseTableStatement();
  StatusOr<ast::QueryPtr> ParseTail(ast::Query query, SourceSpan begin);
  StatusOr<ast::GroupingElement> ParseGroupingElement();
  StatusOr<ast::GroupingElement> ParseGroupingList(ast::GroupingElement::Kind kind);
  StatusOr<std::vector<ast::Hint>> ParseHints();
  StatusOr<ast::HintOption> ParseHintOption();
  StatusOr<std::vector<ast::Identifier>> ParseNameList(std::string_view what);

  // parse_table.cc
  StatusOr<ast::TableReferencePtr> ParseFrom();
  StatusOr<ast::TableReferencePtr> ParseJoins();
  StatusOr<ast::TableReferencePtr> ContinueJoins(ast::TableReferencePtr left, SourceSpan begin);
  struct JoinWords {
    ast::JoinKind kind = ast::JoinKind::kInner;
    bool natural = false;
    SourceSpan span;
  };
  StatusOr<std::optional<JoinWords>> ParseJoinWords();
  Status ParseJoinCondition(ast::Join& join);
  StatusOr<ast::TableReferencePtr> ParseTable();
  StatusOr<ast::TableReferencePtr> ParseParenthesizedTable(bool lateral);
  StatusOr<ast::TableReferencePtr> ParseNamedTable();
  StatusOr<ast::TableReferencePtr> ParseTableFunction(bool lateral);
  StatusOr<ast::TableReferencePtr> ParseUnnest();
  /// Alias, column list and MATCH_RECOGNIZE behind a table.
  StatusOr<ast::TableReferencePtr> FinishTable(ast::TableReference table, SourceSpan begin);
  Status ParseAlias(ast::TableReference& table);

  // parse_match.cc
  StatusOr<ast::TableReferencePtr> ParseMatchRecognize(ast::TableReferencePtr input,
                                                       SourceSpan begin);
  Status ParseMeasures(ast::MatchRecognize& match);
  Status ParseRowsPerMatch(ast::MatchRecognize& match);
  Status ParseAfterMatch(ast::MatchRecognize& match);
  StatusOr<ast::RowPattern> ParsePatternAlternatives();
  StatusOr<ast::RowPattern> ParsePatternSequence();
  StatusOr<ast::RowPattern> ParsePatternElement();
  StatusOr<ast::RowPattern> ParseQuantifier(ast::RowPattern element);

  // parse_statement.cc
  StatusOr<ast::Statement> ParseStatement();
  StatusOr<ast::Statement::Node> ParseStatementNode();
  Status RefuseStatement();
  StatusOr<ast::StatementPtr> ParseNested();
  StatusOr<ast::Insert> ParseInsert();
  StatusOr<std::vector<ast::PartitionValue>> ParsePartition();
  StatusOr<ast::StatementSet> ParseStatementSet(bool old_form);
  StatusOr<ast::Explain> ParseExplain();
  StatusOr<ast::Statement::Node> ParseDescribe();
  StatusOr<ast::Show> ParseShow();
  StatusOr<ast::ShowKind> ParseShowKind();
  StatusOr<ast::Use> ParseUse();
  StatusOr<ast::Set> ParseSet();
  StatusOr<ast::Reset> ParseReset();
  StatusOr<ast::StopJob> ParseStopJob();

  // parse_ddl.cc
  StatusOr<ast::Statement::Node> ParseCreate();
  StatusOr<ast::CreateTable> ParseCreateTable(ast::CreateTable create);
  StatusOr<ast::CreateView> ParseCreateView(ast::CreateView create);
  StatusOr<ast::CreateFunction> ParseCreateFunction(ast::CreateFunction create);
  StatusOr<ast::CreateCatalog> ParseCreateCatalog();
  StatusOr<ast::CreateDatabase> ParseCreateDatabase();
  StatusOr<bool> ParseIfNotExists();
  StatusOr<bool> ParseIfExists();
  StatusOr<std::optional<std::string>> ParseComment();
  StatusOr<std::vector<ast::TableOption>> ParseOptions();
  StatusOr<ast::TableOption> ParseOption();
  /// What stands in the parentheses of CREATE TABLE and of ALTER TABLE ADD and MODIFY.
  struct TableElements {
    std::vector<ast::ColumnDefinition> columns;
    std::optional<ast::WatermarkDefinition> watermark;
    std::optional<ast::PrimaryKey> primary_key;
  };
  Status ParseTableElement(TableElements& elements);
  Status ParseColumn(TableElements& elements);
  Status ParseColumnKind(ast::ColumnDefinition& column, TableElements& elements);
  Status ParseColumnKey(const ast::ColumnDefinition& column, TableElements& elements);
  Status ParseWatermark(TableElements& elements);
  Status ParsePrimaryKey(TableElements& elements);
  StatusOr<ast::LikeClause> ParseLikeClause();
  StatusOr<ast::LikeOption> ParseLikeOption();
  StatusOr<ast::Distribution> ParseDistribution();
  StatusOr<ast::Drop> ParseDrop();
  StatusOr<ast::ObjectKind> ParseObjectKind();

  // parse_alter.cc
  StatusOr<ast::Alter> ParseAlter();
  StatusOr<ast::Alter::Action> ParseAlterAction(ast::ObjectKind kind);
  StatusOr<ast::Alter::Action> ParseChangeColumns(bool modify);
  StatusOr<ast::Alter::Action> ParseAlterDrop();
  StatusOr<ast::Alter::Action> ParseRename();

  SourcePtr source_;
  int nesting_ = 0;
  int type_nesting_ = 0;
};

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_PARSER_PARSER_IMPL_H_
