// SPDX-License-Identifier: Apache-2.0
//
// ALTER.
#include <string>
#include <utility>

#include "sql/parser/parser_impl.h"

namespace thalweg::sql {

using Action = ast::Alter::Action;

StatusOr<ast::Alter> Parser::ParseAlter() {
  Advance();
  if (Is(Peek(), "FUNCTION") || Is(Peek(), "TEMPORARY")) {
    return Unsupported(Peek().span, "ALTER FUNCTION");
  }
  ast::Alter alter;
  ASSIGN_OR_RETURN(alter.kind, ParseObjectKind());
  ASSIGN_OR_RETURN(alter.if_exists, ParseIfExists());
  ASSIGN_OR_RETURN(alter.name, ExpectQualifiedName("a name"));
  ASSIGN_OR_RETURN(alter.action, ParseAlterAction(alter.kind));
  return alter;
}

StatusOr<Action> Parser::ParseAlterAction(ast::ObjectKind kind) {
  const bool table = kind == ast::ObjectKind::kTable;
  if (kind == ast::ObjectKind::kView && Accept("AS")) {
    ast::ChangeQuery change;
    ASSIGN_OR_RETURN(change.query, ParseQuery());
    return change;
  }
  if ((table || kind == ast::ObjectKind::kView) && Accept("RENAME")) {
    return ParseRename();
  }
  if (kind != ast::ObjectKind::kView && Accept("SET")) {
    ast::SetOptions set;
    ASSIGN_OR_RETURN(set.options, ParseOptions());
    return set;
  }
  if ((table || kind == ast::ObjectKind::kCatalog) && Accept("RESET")) {
    ast::ResetOptions reset;
    RETURN_IF_ERROR(Expect("("));
    do {
      ASSIGN_OR_RETURN(std::string key, ExpectString("an option in quotes"));
      reset.keys.push_back(std::move(key));
    } while (Accept(","));
    RETURN_IF_ERROR(Expect(")"));
    return reset;
  }
  if (table && At("ADD")) {
    Advance();
    return ParseChangeColumns(/*modify=*/false);
  }
  if (table && Accept("MODIFY")) {
    return ParseChangeColumns(/*modify=*/true);
  }
  if (table && Accept("DROP")) {
    return ParseAlterDrop();
  }
  return Unexpected();
}

/// TO name | column TO column
StatusOr<Action> Parser::ParseRename() {
  if (Is(Peek(), "TO")) {
    Advance();
    ast::RenameTo rename;
    ASSIGN_OR_RETURN(rename.name, ExpectQualifiedName("a name"));
    return rename;
  }
  ast::RenameColumn rename;
  ASSIGN_OR_RETURN(rename.from, ExpectName("a column name"));
  RETURN_IF_ERROR(Expect("TO"));
  ASSIGN_OR_RETURN(rename.to, ExpectName("a column name"));
  return rename;
}

/// One element, or several in parentheses.
StatusOr<Action> Parser::ParseChangeColumns(bool modify) {
  if (Is(Peek(), "PARTITION") || Is(Peek(), "DISTRIBUTION")) {
    return Unsupported(Peek().span, "ALTER TABLE ... " + Peek().text);
  }
  const bool several = Accept("(");
  TableElements elements;
  do {
    RETURN_IF_ERROR(ParseTableElement(elements));
    if (Is(Peek(), "FIRST") || Is(Peek(), "AFTER")) {
      return Unsupported(Peek().span, "The position of a column");
    }
  } while (several && Accept(","));
  RETURN_IF_ERROR(several ? Expect(")") : OkStatus());
  ast::ChangeColumns change;
  change.modify = modify;
  change.columns = std::move(elements.columns);
  change.watermark = std::move(elements.watermark);
  change.primary_key = std::move(elements.primary_key);
  return change;
}

StatusOr<Action> Parser::ParseAlterDrop() {
  if (Is(Peek(), "PARTITION") || Is(Peek(), "DISTRIBUTION")) {
    return Unsupported(Peek().span, "ALTER TABLE ... DROP " + Peek().text);
  }
  if (Accept({"PRIMARY", "KEY"})) {
    return ast::DropPart{.part = ast::DroppedPart::kPrimaryKey, .constraint = std::nullopt};
  }
  if (Is(Peek(), "WATERMARK") && (Follows(1, ";") || Peek(1).kind == TokenKind::kEnd)) {
    Advance();
    return ast::DropPart{.part = ast::DroppedPart::kWatermark, .constraint = std::nullopt};
  }
  if (Accept("CONSTRAINT")) {
    ast::DropPart drop = {.part = ast::DroppedPart::kConstraint, .constraint = std::nullopt};
    ASSIGN_OR_RETURN(drop.constraint, ExpectName("a constraint"));
    return drop;
  }
  ast::DropColumns drop;
  if (Is(Peek(), "(")) {
    ASSIGN_OR_RETURN(drop.columns, ParseNameList("a column name"));
  } else {
    ASSIGN_OR_RETURN(ast::Identifier column, ExpectName("a column name"));
    drop.columns.push_back(std::move(column));
  }
  return drop;
}

}  // namespace thalweg::sql
