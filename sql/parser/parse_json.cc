// SPDX-License-Identifier: Apache-2.0
//
// The clauses of the JSON functions.
#include <utility>

#include "sql/parser/parser_impl.h"

namespace thalweg::sql {

using ast::ExpressionPtr;

/// (document, path [RETURNING type] [wrapper] [... ON EMPTY] [... ON ERROR])
Status Parser::ParseJsonPathCall(std::string_view function, ast::Call& call) {
  RETURN_IF_ERROR(AddArgument(call));
  RETURN_IF_ERROR(Expect(","));
  RETURN_IF_ERROR(AddArgument(call));
  ast::JsonClauses clauses;
  if (Accept("RETURNING")) {
    ASSIGN_OR_RETURN(clauses.returning, ParseType());
  }
  if (function == "JSON_QUERY") {
    RETURN_IF_ERROR(ParseJsonWrapper(clauses));
  }
  while (!Is(Peek(), ")")) {
    RETURN_IF_ERROR(ParseJsonBehavior(clauses));
  }
  call.json = std::move(clauses);
  return OkStatus();
}

Status Parser::ParseJsonWrapper(ast::JsonClauses& clauses) {
  if (Accept("WITHOUT")) {
    clauses.wrapper = ast::JsonWrapper::kWithout;
  } else if (Accept("WITH")) {
    const bool conditional = Accept("CONDITIONAL");
    if (!conditional) {
      Accept("UNCONDITIONAL");
    }
    clauses.wrapper =
        conditional ? ast::JsonWrapper::kConditional : ast::JsonWrapper::kUnconditional;
  } else {
    return OkStatus();
  }
  Accept("ARRAY");
  return Expect("WRAPPER");
}

StatusOr<ast::JsonBehavior> Parser::ParseJsonFallback() {
  const SourceSpan begin = Peek().span;
  ast::JsonBehavior behavior;
  if (Accept("NULL")) {
    behavior.fallback = ast::JsonFallback::kNull;
  } else if (Accept("ERROR")) {
    behavior.fallback = ast::JsonFallback::kError;
  } else if (Accept("TRUE")) {
    behavior.fallback = ast::JsonFallback::kTrue;
  } else if (Accept("FALSE")) {
    behavior.fallback = ast::JsonFallback::kFalse;
  } else if (Accept("UNKNOWN")) {
    behavior.fallback = ast::JsonFallback::kUnknown;
  } else if (Accept("EMPTY")) {
    const bool object = At("OBJECT");
    RETURN_IF_ERROR(object ? Expect("OBJECT") : Expect("ARRAY"));
    behavior.fallback = object ? ast::JsonFallback::kEmptyObject : ast::JsonFallback::kEmptyArray;
  } else if (Accept("DEFAULT")) {
    behavior.fallback = ast::JsonFallback::kDefault;
    ASSIGN_OR_RETURN(behavior.default_value, ParseExpression());
  } else {
    Want(")");
    return Unexpected();
  }
  behavior.span = SpanFrom(begin);
  return behavior;
}

Status Parser::ParseJsonBehavior(ast::JsonClauses& clauses) {
  const SourceSpan begin = Peek().span;
  ASSIGN_OR_RETURN(ast::JsonBehavior behavior, ParseJsonFallback());
  RETURN_IF_ERROR(Expect("ON"));
  const bool empty = At("EMPTY");
  RETURN_IF_ERROR(empty ? Expect("EMPTY") : Expect("ERROR"));
  std::optional<ast::JsonBehavior>& target = empty ? clauses.on_empty : clauses.on_error;
  if (target) {
    return Error(SpanFrom(begin), "This clause stands here for the second time.");
  }
  target = std::move(behavior);
  return OkStatus();
}

/// [NULL | ABSENT] ON NULL at the end of a constructor.
Status Parser::ParseJsonOnNull(ast::Call& call) {
  const bool absent = At({"ABSENT", "ON", "NULL"});
  if (!absent && !At({"NULL", "ON", "NULL"})) {
    return OkStatus();
  }
  RETURN_IF_ERROR(Expect({absent ? "ABSENT" : "NULL", "ON", "NULL"}));
  call.json = ast::JsonClauses();
  call.json->on_null = absent ? ast::JsonOnNull::kAbsent : ast::JsonOnNull::kNull;
  return OkStatus();
}

/// ([[KEY] k VALUE v | k : v, ...] [{NULL | ABSENT} ON NULL]); JSON_OBJECTAGG takes one pair.
Status Parser::ParseJsonObject(ast::Call& call) {
  while (!Is(Peek(), ")") && !At({"ABSENT", "ON"}) && !At({"NULL", "ON"})) {
    if (Is(Peek(), "KEY") && !Follows(1, "VALUE") && !Follows(1, ":")) {
      Advance();
    }
    RETURN_IF_ERROR(AddArgument(call));
    if (!Accept(":")) {
      RETURN_IF_ERROR(Expect("VALUE"));
    }
    RETURN_IF_ERROR(AddArgument(call));
    if (!Accept(",")) {
      break;
    }
  }
  return ParseJsonOnNull(call);
}

/// ([v, ...] [ORDER BY ...] [{NULL | ABSENT} ON NULL])
Status Parser::ParseJsonArray(ast::Call& call) {
  while (!Is(Peek(), ")") && !At({"ABSENT", "ON"}) && !At({"NULL", "ON"})) {
    RETURN_IF_ERROR(AddArgument(call));
    if (!Accept(",")) {
      break;
    }
  }
  if (Accept("ORDER")) {
    RETURN_IF_ERROR(Expect("BY"));
    ASSIGN_OR_RETURN(call.order_by, ParseOrderItems());
  }
  return ParseJsonOnNull(call);
}

}  // namespace thalweg::sql
