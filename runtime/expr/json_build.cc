// SPDX-License-Identifier: Apache-2.0
//
// JSON made of values: JSON_STRING, JSON_OBJECT, JSON_ARRAY, JSON_QUOTE, JSON_UNQUOTE.
#include <cstdint>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "columnar/text.h"
#include "columnar/time_text.h"
#include "runtime/expr/row_function.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::DataType;
using columnar::StringRef;
using columnar::TypeKind;

void AppendQuoted(std::string_view text, std::string* out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out->push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        out->append("\\\"");
        break;
      case '\\':
        out->append("\\\\");
        break;
      case '\n':
        out->append("\\n");
        break;
      case '\r':
        out->append("\\r");
        break;
      case '\t':
        out->append("\\t");
        break;
      case '\b':
        out->append("\\b");
        break;
      case '\f':
        out->append("\\f");
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out->append("\\u00");
          out->push_back(kDigits[static_cast<unsigned char>(c) >> 4U]);
          out->push_back(kDigits[static_cast<unsigned char>(c) & 15U]);
        } else {
          out->push_back(c);
        }
    }
  }
  out->push_back('"');
}

void AppendTimestamp(const Column& column, std::size_t at, std::string* out) {
  const bool moment = column.type().kind() == TypeKind::kTimestampLtz;
  columnar::TimestampFormatter formatter(column.type(), {.separator = 'T', .zulu = moment});
  out->push_back('"');
  formatter.Append(column.Values<std::int64_t>()[at], out);
  out->push_back('"');
}

/// What of a type stands in JSON as CAST writes it, in quotes or not.
bool IsBareWord(const DataType& type) {
  return type.IsInteger() || type.kind() == TypeKind::kDecimal;
}

void AppendJson(const Column& column, std::size_t row, std::string* out);

void AppendReal(const Column& column, std::size_t row, std::string* out) {
  const std::string text = columnar::TextAt(column, row);
  const bool number = text.find_first_of("NI") == std::string::npos;  // Neither NaN nor Infinity.
  if (number) {
    out->append(text);
  } else {
    AppendQuoted(text, out);
  }
}

void AppendListJson(const Column& column, std::size_t at, std::string* out) {
  const auto offsets = column.Offsets();
  const Column& elements = *column.child(0);
  const bool map = column.type().kind() == TypeKind::kMap;
  out->push_back(map ? '{' : '[');
  for (std::size_t i = offsets[at]; i < offsets[at + 1]; ++i) {
    out->append(i == offsets[at] ? "" : ",");
    if (map) {
      const std::size_t entry = i * elements.stride();
      AppendQuoted(columnar::TextAt(*elements.child(0), entry), out);
      out->push_back(':');
      AppendJson(*elements.child(1), entry, out);
    } else {
      AppendJson(elements, i, out);
    }
  }
  out->push_back(map ? '}' : ']');
}

void AppendRowJson(const Column& column, std::size_t at, std::string* out) {
  out->push_back('{');
  for (std::size_t i = 0; i < column.children().size(); ++i) {
    out->append(i == 0 ? "" : ",");
    AppendQuoted(column.type().fields()[i].name, out);
    out->push_back(':');
    AppendJson(*column.child(i), at, out);
  }
  out->push_back('}');
}

void AppendJson(const Column& column, std::size_t row, std::string* out) {
  if (column.IsNull(row)) {
    out->append("null");
    return;
  }
  const std::size_t at = row * column.stride();
  switch (column.type().kind()) {
    case TypeKind::kBoolean:
      out->append(column.Values<std::uint8_t>()[at] != 0 ? "true" : "false");
      return;
    case TypeKind::kFloat:
    case TypeKind::kDouble:
      return AppendReal(column, row, out);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return AppendTimestamp(column, at, out);
    case TypeKind::kArray:
    case TypeKind::kMap:
      return AppendListJson(column, at, out);
    case TypeKind::kRow:
      return AppendRowJson(column, at, out);
    default:
      if (IsBareWord(column.type())) {
        columnar::AppendText(column, row, out);
      } else {
        AppendQuoted(columnar::TextAt(column, row), out);
      }
  }
}

StatusOr<CallTypes> StringTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  return CallTypes{{arguments[0]}, DataType::String().WithNullable(arguments[0].nullable())};
}

Status RunString(KernelFrame& frame) {
  auto* out = frame.Out<StringRef>();
  std::string text;
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    text.clear();
    if (frame.IsLive(row)) {
      AppendJson(frame.argument(0), row, &text);
    }
    out[row] = frame.heap().Add(text);
  }
  return OkStatus();
}

/// Arguments 0 and 1 tell what to do with NULLs and how values are meant.
template <bool object>
StatusOr<CallTypes> BuildTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  if (!arguments[0].IsCharacter() || !arguments[1].IsCharacter()) {
    return InvalidArgument("it takes 'NULL' or 'ABSENT', the formats, and values");
  }
  for (std::size_t i = 2; object && i < arguments.size(); i += 2) {
    if (!arguments[i].IsCharacter() || arguments.size() % 2 != 0) {
      return InvalidArgument("it needs pairs of a text and a value");
    }
  }
  return CallTypes{{arguments.begin(), arguments.end()}, DataType::String().NotNull()};
}

struct BuildPlan {
  bool absent;          // NULLs are left out.
  std::string formats;  // Per value: v, or j for JSON.
};

/// Appends the members of one row.
template <bool object>
Status AppendMembers(const KernelFrame& frame,
                     const BuildPlan& plan,
                     std::size_t row,
                     std::string* out) {
  constexpr std::size_t kStep = object ? 2 : 1;
  bool first = true;
  for (std::size_t i = 2; i < frame.argument_count(); i += kStep) {
    const Column& value = frame.argument(i + kStep - 1);
    if (plan.absent && value.IsNull(row)) {
      continue;
    }
    out->append(first ? "" : ",");
    first = false;
    if (object) {
      if (frame.argument(i).IsNull(row)) {
        return frame.Fail(row, "A key of a JSON object must not be NULL");
      }
      AppendQuoted(frame.argument(i).StringAt(row), out);
      out->push_back(':');
    }
    if (plan.formats[(i - 2) / kStep] == 'j' && !value.IsNull(row)) {
      out->append(value.StringAt(row));
    } else {
      AppendJson(value, row, out);
    }
  }
  return OkStatus();
}

template <bool object>
StatusOr<Kernel> BindBuild(const BindInput& input) {
  for (std::size_t i = 0; i < 2; ++i) {
    if (input.constants[i] == nullptr || input.constants[i]->IsNull(0)) {
      return InvalidArgument("What to do with NULLs, and the formats, must be constants");
    }
  }
  const std::string_view on_null = input.constants[0]->StringAt(0);
  BuildPlan plan{on_null == "ABSENT", std::string(input.constants[1]->StringAt(0))};
  const std::size_t values = (input.constants.size() - 2) / (object ? 2 : 1);
  if ((!plan.absent && on_null != "NULL") || plan.formats.size() != values ||
      plan.formats.find_first_not_of("vj") != std::string::npos) {
    return InvalidArgument(
        "It takes 'NULL' or 'ABSENT', and per value a v, or a j for text that is JSON");
  }
  for (std::size_t i = 0; i < values; ++i) {
    const std::size_t argument = object ? 3 + 2 * i : 2 + i;
    if (plan.formats[i] == 'j' && !input.types.arguments[argument].IsCharacter()) {
      return InvalidArgument("Only a text can be JSON already");
    }
  }
  return Kernel([plan](KernelFrame& frame) -> Status {
    auto* out = frame.Out<StringRef>();
    std::string text;
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      text.assign(1, object ? '{' : '[');
      RETURN_IF_ERROR(AppendMembers<object>(frame, plan, row, &text));
      text.push_back(object ? '}' : ']');
      out[row] = frame.heap().Add(text);
    }
    return OkStatus();
  });
}

void Quote(std::string& out, std::string_view text) {
  AppendQuoted(text, &out);
}

/// A JSON string without its quotes; anything else as it is.
StatusOr<Kernel> BindUnquote(const BindInput& /*input*/) {
  return Kernel([](KernelFrame& frame) {
    simdjson::dom::parser parser;
    auto* out = frame.Out<StringRef>();
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      const std::string_view text = frame.argument(0).StringAt(row);
      std::string_view value;
      const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
      if (quoted && parser.parse(text.data(), text.size(), true).get(value) == simdjson::SUCCESS) {
        out[row] = frame.heap().Add(value);
      } else {
        out[row] = frame.heap().Add(text);
      }
    }
    return OkStatus();
  });
}

StatusOr<CallTypes> UnquoteTypes(std::span<const DataType> arguments, const DataType& wanted) {
  if (!arguments[0].IsCharacter()) {
    return InvalidArgument("it must be a text");
  }
  return StringTypes(arguments, wanted);
}

}  // namespace

std::span<const ScalarFunction> JsonBuildFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      {"JSON_STRING",
       "JSON_STRING(value)",
       "The value as JSON.",
       1,
       1,
       NullRule::kPropagate,
       Evaluation::kStrict,
       StringTypes,
       [](const BindInput& /*input*/) -> StatusOr<Kernel> { return Kernel(RunString); }},
      {"JSON_OBJECT",
       "JSON_OBJECT([KEY] key VALUE value, ... [NULL | ABSENT ON NULL])",
       "A JSON object of the pairs.",
       2,
       kAnyNumber,
       NullRule::kOwn,
       Evaluation::kStrict,
       BuildTypes<true>,
       BindBuild<true>},
      {"JSON_ARRAY",
       "JSON_ARRAY(value, ... [NULL | ABSENT ON NULL])",
       "A JSON array of the values.",
       2,
       kAnyNumber,
       NullRule::kOwn,
       Evaluation::kStrict,
       BuildTypes<false>,
       BindBuild<false>},
      RowFunction<Quote>("JSON_QUOTE", "JSON_QUOTE(text)", "The text as a JSON string."),
      {"JSON_UNQUOTE",
       "JSON_UNQUOTE(json)",
       "The text that a JSON string means; other text as it is.",
       1,
       1,
       NullRule::kPropagate,
       Evaluation::kStrict,
       UnquoteTypes,
       BindUnquote},
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
