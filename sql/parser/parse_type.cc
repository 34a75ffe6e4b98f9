// SPDX-License-Identifier: Apache-2.0
//
// Types, checked against their bounds.
#include <string>
#include <utility>

#include <fmt/format.h>

#include "sql/parser/parser.h"
#include "sql/parser/parser_impl.h"

namespace thalweg::sql {
namespace {

using columnar::DataType;
using columnar::Field;

/// Types that the dialect has and the engine does not.
constexpr std::string_view kUnsupported[] = {
    "MULTISET", "RAW", "VARIANT", "STRUCTURED", "SYMBOL", "ANY", "BITMAP"};

/// INT ARRAY ARRAY ...
constexpr int kMaxArraySuffixes = 4;

}  // namespace

/// name [ARRAY ...] [[NOT] NULL]
StatusOr<DataType> Parser::ParseType() {
  if (type_nesting_ == kMaxTypeNesting) {
    return Error(Peek().span, fmt::format("Types nest more than {} deep.", kMaxTypeNesting));
  }
  ++type_nesting_;
  StatusOr<DataType> type = ParseTypeAndSuffixes();
  --type_nesting_;
  return type;
}

StatusOr<DataType> Parser::ParseTypeAndSuffixes() {
  ASSIGN_OR_RETURN(DataType type, ParseTypeName());
  int arrays = 0;
  while (true) {
    if (Accept({"NOT", "NULL"})) {
      type = type.NotNull();
    } else if (Is(Peek(), "NULL") && !Follows(1, "ON")) {  // RETURNING INT NULL ON EMPTY.
      Advance();
      type = type.Nullable();
    } else if (Is(Peek(), "ARRAY")) {  // INT ARRAY is ARRAY<INT>.
      Advance();
      type = DataType::Array(std::move(type));
      if (++arrays == kMaxArraySuffixes) {
        return Error(Peek().span, "Too many dimensions.");
      }
    } else if (Is(Peek(), "MULTISET")) {
      return Unsupported(Peek().span, "The type MULTISET");
    } else {
      return type;
    }
  }
}

/// (n) behind a type's name, if it is there.
StatusOr<std::optional<std::int64_t>> Parser::ParseTypeArgument(std::int64_t least,
                                                                std::int64_t most) {
  if (!Accept("(")) {
    return std::optional<std::int64_t>();
  }
  const SourceSpan span = Peek().span;
  ASSIGN_OR_RETURN(const std::int64_t value, ExpectInteger("a whole number", DataType::kMaxLength));
  if (value < least || value > most) {
    return Error(span, fmt::format("Expected a number from {} to {}.", least, most));
  }
  RETURN_IF_ERROR(Expect(")"));
  return std::optional<std::int64_t>(value);
}

StatusOr<DataType> Parser::ParseTypeName() {
  static constexpr std::pair<std::string_view, DataType (*)()> kPlain[] = {
      {"BOOLEAN", &DataType::Boolean},
      {"TINYINT", &DataType::TinyInt},
      {"SMALLINT", &DataType::SmallInt},
      {"INT", &DataType::Int},
      {"INTEGER", &DataType::Int},
      {"BIGINT", &DataType::BigInt},
      {"FLOAT", &DataType::Float},
      {"STRING", &DataType::String},
      {"BYTES", &DataType::Bytes},
      {"DATE", &DataType::Date},
  };
  for (const auto& [name, make] : kPlain) {
    if (Accept(name)) {
      return make();
    }
  }
  if (Accept("DOUBLE")) {
    Accept("PRECISION");
    return DataType::Double();
  }
  if (At("DECIMAL") || At("NUMERIC") || At("DEC")) {
    return ParseDecimalType();
  }
  // Without a length CHAR and BINARY hold one, VARCHAR and VARBINARY any number.
  const auto with_length = [&](DataType (*make)(std::uint32_t),
                               std::uint32_t otherwise) -> StatusOr<DataType> {
    ASSIGN_OR_RETURN(const auto length, ParseTypeArgument(1, DataType::kMaxLength));
    return make(static_cast<std::uint32_t>(length.value_or(otherwise)));
  };
  if (Accept("CHAR") || Accept("CHARACTER")) {
    return Accept("VARYING") ? with_length(&DataType::VarChar, DataType::kMaxLength)
                             : with_length(&DataType::Char, 1);
  }
  if (Accept("VARCHAR")) {
    return with_length(&DataType::VarChar, DataType::kMaxLength);
  }
  if (Accept("BINARY")) {
    return Accept("VARYING") ? with_length(&DataType::VarBinary, DataType::kMaxLength)
                             : with_length(&DataType::Binary, 1);
  }
  if (Accept("VARBINARY")) {
    return with_length(&DataType::VarBinary, DataType::kMaxLength);
  }
  if (Accept("TIME")) {
    ASSIGN_OR_RETURN(const auto precision, ParseTypeArgument(0, 9));
    Accept({"WITHOUT", "TIME", "ZONE"});
    return DataType::Time(static_cast<int>(precision.value_or(0)));
  }
  if (At("TIMESTAMP") || At("TIMESTAMP_LTZ")) {
    return ParseTimestampType();
  }
  if (Accept("INTERVAL")) {
    return ParseIntervalType();
  }
  if (Accept("ROW")) {
    return ParseRowType();
  }
  if (Accept("ARRAY")) {
    return ParseArrayType();
  }
  if (Accept("MAP")) {
    return ParseMapType();
  }
  for (const std::string_view name : kUnsupported) {
    if (Is(Peek(), name)) {
      return Unsupported(Peek().span, fmt::format("The type {}", name));
    }
  }
  if (Peek().kind == TokenKind::kQuotedName) {
    return Unsupported(Peek().span, "A type of the user's own");
  }
  return Unexpected();
}

StatusOr<DataType> Parser::ParseDecimalType() {
  Advance();
  if (!Accept("(")) {
    return DataType::Decimal(10, 0);
  }
  const SourceSpan precision_span = Peek().span;
  ASSIGN_OR_RETURN(const std::int64_t precision,
                   ExpectInteger("a number of digits", DataType::kMaxDecimalPrecision));
  if (precision < 1) {
    return Error(precision_span, "A DECIMAL has from 1 to 38 digits.");
  }
  std::int64_t scale = 0;
  if (Accept(",")) {
    const SourceSpan span = Peek().span;
    ASSIGN_OR_RETURN(scale, ExpectInteger("a number of digits", DataType::kMaxDecimalPrecision));
    if (scale > precision) {
      return Error(
          span,
          fmt::format("A DECIMAL({0}, s) has from 0 to {0} digits behind the point.", precision));
    }
  }
  RETURN_IF_ERROR(Expect(")"));
  return DataType::Decimal(static_cast<int>(precision), static_cast<int>(scale));
}

StatusOr<DataType> Parser::ParseTimestampType() {
  const SourceSpan begin = Peek().span;
  bool local = Is(Peek(), "TIMESTAMP_LTZ");
  const bool can_have_zone = !local;
  Advance();
  ASSIGN_OR_RETURN(const auto given, ParseTypeArgument(0, 9));
  const int precision = static_cast<int>(given.value_or(6));
  if (can_have_zone && !Accept({"WITHOUT", "TIME", "ZONE"})) {
    local = Accept({"WITH", "LOCAL", "TIME", "ZONE"});
    if (!local && Accept({"WITH", "TIME", "ZONE"})) {
      return Unsupported(SpanFrom(begin), "The type TIMESTAMP WITH TIME ZONE");
    }
  }
  return local ? DataType::TimestampLtz(precision) : DataType::Timestamp(precision);
}

/// INTERVAL unit[(n)] [TO unit[(n)]]
StatusOr<DataType> Parser::ParseIntervalType() {
  ASSIGN_OR_RETURN(const ast::TimeUnit from, ParseIntervalUnit());
  if (Accept("TO")) {
    RETURN_IF_ERROR(ParseIntervalUnit().status());
  }
  const bool months = from == ast::TimeUnit::kYear || from == ast::TimeUnit::kQuarter ||
                      from == ast::TimeUnit::kMonth;
  return months ? DataType::IntervalYearMonth() : DataType::IntervalDayTime();
}

/// ROW<name type ['comment'], ...>, also with parentheses.
StatusOr<DataType> Parser::ParseRowType() {
  const std::string_view close = Is(Peek(), "(") ? ")" : ">";
  RETURN_IF_ERROR(close == ")" ? Expect("(") : Expect("<"));
  std::vector<Field> fields;
  do {
    ASSIGN_OR_RETURN(ast::Identifier name, ExpectAnyWord("the name of a field"));
    for (const Field& field : fields) {
      if (field.name == name.name) {
        return Error(name.span, fmt::format("The row has two fields '{}'.", name.name));
      }
    }
    ASSIGN_OR_RETURN(DataType type, ParseType());
    if (Peek().kind == TokenKind::kString) {
      Advance();  // A comment, which has no place in a type.
    }
    fields.push_back({.name = std::move(name.name), .type = std::move(type)});
  } while (Accept(","));
  RETURN_IF_ERROR(Expect(close));
  return DataType::Row(std::move(fields));
}

StatusOr<DataType> Parser::ParseArrayType() {
  RETURN_IF_ERROR(Expect("<"));
  ASSIGN_OR_RETURN(DataType element, ParseType());
  RETURN_IF_ERROR(Expect(">"));
  return DataType::Array(std::move(element));
}

StatusOr<DataType> Parser::ParseMapType() {
  RETURN_IF_ERROR(Expect("<"));
  ASSIGN_OR_RETURN(DataType key, ParseType());
  RETURN_IF_ERROR(Expect(","));
  ASSIGN_OR_RETURN(DataType value, ParseType());
  RETURN_IF_ERROR(Expect(">"));
  return DataType::Map(std::move(key), std::move(value));
}

}  // namespace thalweg::sql
