// SPDX-License-Identifier: Apache-2.0
//
// JSON_VALUE, JSON_QUERY, JSON_EXISTS and IS JSON. How a call spells its clauses stands in
// function_registry.h.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <simdjson.h>

#include "columnar/column_builder.h"
#include "columnar/text.h"
#include "runtime/expr/function_registry.h"
#include "runtime/expr/json_path.h"
#include "runtime/expr/type_rules.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::ColumnBuilder;
using columnar::DataType;
using columnar::StringRef;
namespace dom = simdjson::dom;

/// Parses the texts of a column, one at a time: an element lives until the next one.
class JsonReader {
 public:
  explicit JsonReader(const Column& column) : column_(column) {}

  std::optional<dom::element> At(std::size_t row) {
    const std::string_view text = column_.StringAt(row);
    const StringRef& ref = column_.Values<StringRef>()[row * column_.stride()];
    // Heaps are followed by readable bytes, as the parser wants; short strings are not.
    const bool copy = ref.is_inline();
    dom::element element;
    if (parser_.parse(text.data(), text.size(), copy).get(element) != simdjson::SUCCESS) {
      return std::nullopt;
    }
    return element;
  }

 private:
  const Column& column_;
  dom::parser parser_;
};

/// The path of each row: compiled once when constant.
class PathReader {
 public:
  PathReader(const Column& column) : column_(column) {}  // NOLINT(google-explicit-constructor)

  StatusOr<const JsonPath*> At(std::size_t row) {
    const std::string_view text = column_.StringAt(row);
    if (!path_.has_value() || text != text_) {
      ASSIGN_OR_RETURN(path_, JsonPath::Compile(text));
      text_ = text;
    }
    return &*path_;
  }

 private:
  const Column& column_;
  std::optional<JsonPath> path_;
  std::string text_;
};

enum class Answer { kNull, kError, kDefault, kTrue, kFalse, kUnknown, kEmptyArray, kEmptyObject };

StatusOr<Answer> AnswerOf(const BindInput& input,
                          std::size_t argument,
                          Answer otherwise,
                          std::initializer_list<std::pair<std::string_view, Answer>> words) {
  if (argument >= input.constants.size()) {
    return otherwise;
  }
  const columnar::ColumnPtr& constant = input.constants[argument];
  if (constant != nullptr && !constant->IsNull(0)) {
    for (const auto& [word, answer] : words) {
      if (constant->StringAt(0) == word) {
        return answer;
      }
    }
  }
  std::string known;
  for (const auto& [word, answer] : words) {
    known += (known.empty() ? "'" : ", '") + std::string(word) + "'";
  }
  return InvalidArgument("Argument " + std::to_string(argument + 1) +
                         " must be a constant, one of " + known);
}

Status CheckConstantPath(const BindInput& input) {
  const columnar::ColumnPtr& path = input.constants[1];
  if (path != nullptr && !path->IsNull(0)) {
    return JsonPath::Compile(path->StringAt(0)).status();
  }
  return OkStatus();
}

/// What a path came to.
struct Found {
  enum class Kind { kValue, kEmpty, kError } kind;
  JsonMatch match = {};
  std::string_view problem = {};
};

/// `want_scalar`: JSON_VALUE; else JSON_QUERY, where `wrapped` means that an array is put around.
Found Look(
    JsonReader& json, const JsonPath& path, std::size_t row, bool want_scalar, bool wrapped) {
  const std::optional<dom::element> root = json.At(row);
  if (!root.has_value()) {
    return {Found::Kind::kError, {}, "This is no JSON"};
  }
  JsonMatch match = path.Find(*root);
  if (match.kind == JsonMatch::Kind::kMissing) {
    return {
        path.strict() ? Found::Kind::kError : Found::Kind::kEmpty, {}, "The path leads nowhere"};
  }
  const bool one = match.kind == JsonMatch::Kind::kOne;
  if (one && match.values[0].is_null()) {
    return {Found::Kind::kEmpty, {}, "The path leads to null"};
  }
  const bool scalar = one && !match.values[0].is_array() && !match.values[0].is_object();
  if (scalar != want_scalar && !wrapped) {
    return {path.strict() ? Found::Kind::kError : Found::Kind::kEmpty,
            {},
            want_scalar ? "The path leads to an array or object, not to one value"
                        : "The path leads to one value, not to an array or object"};
  }
  return {Found::Kind::kValue, std::move(match), {}};
}

/// A scalar as CAST would have it.
void AppendScalar(dom::element element, std::string* out) {
  switch (element.type()) {
    case dom::element_type::STRING:
      out->append(element.get_string().value_unsafe());
      break;
    case dom::element_type::DOUBLE:
      columnar::AppendDouble(element.get_double().value_unsafe(), out);
      break;
    default:
      out->append(simdjson::minify(element));
  }
}

void AppendJsonOf(const JsonMatch& match, bool array, std::string* out) {
  if (array) {
    out->push_back('[');
  }
  for (std::size_t i = 0; i < match.values.size(); ++i) {
    out->append(i == 0 ? "" : ",").append(simdjson::minify(match.values[i]));
  }
  if (array) {
    out->push_back(']');
  }
}

// JSON_VALUE(json, path[, on empty, default, on error, default]).

StatusOr<CallTypes> ValueTypes(std::span<const DataType> arguments, const DataType& wanted) {
  if (!arguments[0].IsCharacter() || !arguments[1].IsCharacter() ||
      (arguments.size() != 2 && arguments.size() != 6)) {
    return InvalidArgument("it takes a text, a path, and clauses");
  }
  if (wanted.physical() == columnar::Physical::kRow ||
      wanted.physical() == columnar::Physical::kList) {
    return InvalidArgument("it gives one value, not " + wanted.ToString());
  }
  CallTypes types{{arguments.begin(), arguments.end()}, wanted.Nullable()};
  for (const std::size_t argument : {std::size_t{3}, std::size_t{5}}) {
    if (argument < types.arguments.size()) {
      types.arguments[argument] = wanted.Nullable();
    }
  }
  return types;
}

Status AppendAnswer(KernelFrame& frame,
                    std::size_t row,
                    Answer answer,
                    std::size_t default_at,
                    std::string_view problem,
                    ColumnBuilder* builder) {
  switch (answer) {
    case Answer::kError:
      return frame.Fail(row, problem);
    case Answer::kDefault:
      builder->AppendFrom(*columnar::Flatten(frame.argument_ptr(default_at)), row);
      return OkStatus();
    case Answer::kEmptyArray:
      builder->AppendString("[]");
      return OkStatus();
    case Answer::kEmptyObject:
      builder->AppendString("{}");
      return OkStatus();
    default:
      builder->AppendNull();
      return OkStatus();
  }
}

StatusOr<Kernel> BindValue(const BindInput& input) {
  RETURN_IF_ERROR(CheckConstantPath(input));
  const auto answer = [&input](std::size_t argument) {
    return AnswerOf(
        input,
        argument,
        Answer::kNull,
        {{"NULL", Answer::kNull}, {"ERROR", Answer::kError}, {"DEFAULT", Answer::kDefault}});
  };
  ASSIGN_OR_RETURN(const Answer on_empty, answer(2));
  ASSIGN_OR_RETURN(const Answer on_error, answer(4));
  return Kernel([on_empty, on_error](KernelFrame& frame) -> Status {
    const DataType result = frame.result_type();
    ColumnBuilder builder(result, frame.row_count());
    JsonReader json(frame.argument(0));
    PathReader paths(frame.argument(1));
    std::string text;
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      if (frame.argument(0).IsNull(row) || frame.argument(1).IsNull(row)) {
        builder.AppendNull();
        continue;
      }
      ASSIGN_OR_RETURN(const JsonPath* path, paths.At(row));
      const Found found = Look(json, *path, row, true, false);
      if (found.kind == Found::Kind::kEmpty) {
        RETURN_IF_ERROR(AppendAnswer(frame, row, on_empty, 3, found.problem, &builder));
        continue;
      }
      Status problem = InvalidArgument(found.problem);
      if (found.kind == Found::Kind::kValue) {
        text.clear();
        AppendScalar(found.match.values[0], &text);
        problem = columnar::ParseText(text, &builder);
      }
      if (!problem.ok()) {
        RETURN_IF_ERROR(AppendAnswer(frame, row, on_error, 5, MessageOf(problem), &builder));
      }
    }
    frame.SetResult(builder.Finish());
    return OkStatus();
  });
}

// JSON_QUERY(json, path[, wrapper[, on empty, on error]]).

StatusOr<CallTypes> QueryTypes(std::span<const DataType> arguments, const DataType& wanted) {
  for (const DataType& argument : arguments) {
    if (!argument.IsCharacter() || arguments.size() == 4) {
      return InvalidArgument("it takes a text, a path, and clauses");
    }
  }
  if (wanted.kind() == columnar::TypeKind::kArray && wanted.fields()[0].type.IsCharacter()) {
    return CallTypes{{arguments.begin(), arguments.end()}, DataType::Array(DataType::String())};
  }
  return CallTypes{{arguments.begin(), arguments.end()}, DataType::String()};
}

/// The elements of a JSON array as texts; false: it is none.
bool AppendTexts(std::string_view json, dom::parser& parser, ColumnBuilder* builder) {
  dom::array array;
  if (parser.parse(json.data(), json.size(), true).get(array) != simdjson::SUCCESS) {
    return false;
  }
  std::string text;
  for (const dom::element element : array) {
    if (element.is_null()) {
      builder->child(0).AppendNull();
      continue;
    }
    text.clear();
    if (element.is_array() || element.is_object()) {
      text = simdjson::minify(element);
    } else {
      AppendScalar(element, &text);
    }
    builder->child(0).AppendString(text);
  }
  builder->AppendParent();
  return true;
}

enum class Wrapper { kWithout, kConditional, kUnconditional };

StatusOr<Wrapper> WrapperOf(const BindInput& input) {
  if (input.constants.size() < 3) {
    return Wrapper::kWithout;
  }
  const columnar::ColumnPtr& word = input.constants[2];
  const std::string_view text =
      word == nullptr || word->IsNull(0) ? std::string_view() : word->StringAt(0);
  if (text == "WITHOUT") {
    return Wrapper::kWithout;
  }
  if (text == "CONDITIONAL") {
    return Wrapper::kConditional;
  }
  if (text == "UNCONDITIONAL") {
    return Wrapper::kUnconditional;
  }
  return InvalidArgument("The wrapper must be a constant WITHOUT, CONDITIONAL or UNCONDITIONAL");
}

StatusOr<Kernel> BindQuery(const BindInput& input) {
  RETURN_IF_ERROR(CheckConstantPath(input));
  ASSIGN_OR_RETURN(const Wrapper wrapper, WrapperOf(input));
  const auto answer = [&input](std::size_t argument) {
    return AnswerOf(input,
                    argument,
                    Answer::kNull,
                    {{"NULL", Answer::kNull},
                     {"ERROR", Answer::kError},
                     {"EMPTY ARRAY", Answer::kEmptyArray},
                     {"EMPTY OBJECT", Answer::kEmptyObject}});
  };
  ASSIGN_OR_RETURN(const Answer on_empty, answer(3));
  ASSIGN_OR_RETURN(const Answer on_error, answer(4));
  return Kernel([wrapper, on_empty, on_error](KernelFrame& frame) -> Status {
    // Texts first; an ARRAY<STRING> is read out of them.
    ColumnBuilder texts(DataType::String(), frame.row_count());
    JsonReader json(frame.argument(0));
    PathReader paths(frame.argument(1));
    std::string text;
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      if (!frame.IsLive(row)) {
        texts.AppendNull();
        continue;
      }
      ASSIGN_OR_RETURN(const JsonPath* path, paths.At(row));
      const Found found = Look(json, *path, row, false, wrapper != Wrapper::kWithout);
      if (found.kind != Found::Kind::kValue) {
        const Answer chosen = found.kind == Found::Kind::kEmpty ? on_empty : on_error;
        RETURN_IF_ERROR(AppendAnswer(frame, row, chosen, 0, found.problem, &texts));
        continue;
      }
      const JsonMatch& match = found.match;
      const bool many = match.kind == JsonMatch::Kind::kMany;
      const bool is_array = many || match.values[0].is_array();
      text.clear();
      const bool wrap =
          wrapper == Wrapper::kUnconditional || (wrapper == Wrapper::kConditional && !is_array);
      text.append(wrap ? "[" : "");
      AppendJsonOf(match, many, &text);
      text.append(wrap ? "]" : "");
      texts.AppendString(text);
    }
    const columnar::ColumnPtr all = texts.Finish();
    if (frame.result_type().IsCharacter()) {
      frame.SetResult(all);
      return OkStatus();
    }
    ColumnBuilder arrays(frame.result_type(), frame.row_count());
    dom::parser parser;
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      if (all->IsNull(row)) {
        arrays.AppendNull();
      } else if (!AppendTexts(all->StringAt(row), parser, &arrays)) {
        RETURN_IF_ERROR(on_error == Answer::kError ? frame.Fail(row, "The path leads to no array")
                                                   : OkStatus());
        arrays.AppendNull();
      }
    }
    frame.SetResult(arrays.Finish());
    return OkStatus();
  });
}

// JSON_EXISTS(json, path[, on error]) and IS JSON(text[, kind]).

StatusOr<CallTypes> TestTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  for (const DataType& argument : arguments) {
    if (!argument.IsCharacter()) {
      return InvalidArgument("all must be texts");
    }
  }
  return CallTypes{{arguments.begin(), arguments.end()}, DataType::Boolean()};
}

StatusOr<Kernel> BindExists(const BindInput& input) {
  RETURN_IF_ERROR(CheckConstantPath(input));
  ASSIGN_OR_RETURN(const Answer on_error,
                   AnswerOf(input,
                            2,
                            Answer::kFalse,
                            {{"TRUE", Answer::kTrue},
                             {"FALSE", Answer::kFalse},
                             {"UNKNOWN", Answer::kUnknown},
                             {"ERROR", Answer::kError}}));
  return Kernel([on_error](KernelFrame& frame) -> Status {
    JsonReader json(frame.argument(0));
    PathReader paths(frame.argument(1));
    auto* out = frame.Out<std::uint8_t>();
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      out[row] = 0;
      if (!frame.IsLive(row)) {
        continue;
      }
      ASSIGN_OR_RETURN(const JsonPath* path, paths.At(row));
      const std::optional<dom::element> root = json.At(row);
      const JsonMatch match = root.has_value() ? path->Find(*root) : JsonMatch();
      const bool failed =
          !root.has_value() || (match.kind == JsonMatch::Kind::kMissing && path->strict());
      if (!failed) {
        out[row] = match.kind == JsonMatch::Kind::kMany ||
                   (match.kind == JsonMatch::Kind::kOne && !match.values[0].is_null());
      } else if (on_error == Answer::kError) {
        return frame.Fail(row, root.has_value() ? "The path leads nowhere" : "This is no JSON");
      } else if (on_error == Answer::kUnknown) {
        frame.SetNull(row);
      } else {
        out[row] = on_error == Answer::kTrue;
      }
    }
    return OkStatus();
  });
}

StatusOr<Kernel> BindIsJson(const BindInput& input) {
  std::string kind = "VALUE";
  if (input.constants.size() > 1) {
    const columnar::ColumnPtr& word = input.constants[1];
    kind = word == nullptr || word->IsNull(0) ? "" : std::string(word->StringAt(0));
    if (kind != "VALUE" && kind != "SCALAR" && kind != "ARRAY" && kind != "OBJECT") {
      return InvalidArgument("IS JSON is told what by a constant VALUE, SCALAR, ARRAY or OBJECT");
    }
  }
  return Kernel([kind](KernelFrame& frame) {
    JsonReader json(frame.argument(0));
    auto* out = frame.Out<std::uint8_t>();
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      const auto root = frame.IsLive(row) ? json.At(row) : std::nullopt;
      const bool array = root.has_value() && root->is_array();
      const bool object = root.has_value() && root->is_object();
      out[row] = root.has_value() &&
                 (kind == "VALUE" || (kind == "ARRAY" && array) || (kind == "OBJECT" && object) ||
                  (kind == "SCALAR" && !array && !object));
    }
    return OkStatus();
  });
}

constexpr ScalarFunction Json(std::string_view name,
                              std::string_view signature,
                              std::string_view documentation,
                              std::uint32_t min_arguments,
                              std::uint32_t max_arguments,
                              NullRule null_rule,
                              TypeRule types,
                              Binder bind) {
  return {name,
          signature,
          documentation,
          min_arguments,
          max_arguments,
          null_rule,
          Evaluation::kStrict,
          types,
          bind};
}

}  // namespace

std::span<const ScalarFunction> JsonQueryFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      Json("JSON_VALUE",
           "JSON_VALUE(json, path [RETURNING type] [NULL | ERROR | DEFAULT value ON EMPTY] [.. ON "
           "ERROR])",
           "The one value that a path leads to.",
           2,
           6,
           NullRule::kOwn,
           ValueTypes,
           BindValue),
      Json(
          "JSON_QUERY",
          "JSON_QUERY(json, path [WITH [CONDITIONAL] WRAPPER] [NULL | EMPTY ARRAY | EMPTY OBJECT | "
          "ERROR ON EMPTY] [.. ON ERROR])",
          "The array or object that a path leads to, as JSON or as ARRAY<STRING>.",
          2,
          5,
          NullRule::kPropagate,
          QueryTypes,
          BindQuery),
      Json("JSON_EXISTS",
           "JSON_EXISTS(json, path [TRUE | FALSE | UNKNOWN | ERROR ON ERROR])",
           "Whether a path leads to something.",
           2,
           3,
           NullRule::kPropagate,
           TestTypes,
           BindExists),
      Json("IS JSON",
           "text IS JSON [VALUE | SCALAR | ARRAY | OBJECT]",
           "Whether the text is JSON of that kind.",
           1,
           2,
           NullRule::kPropagate,
           TestTypes,
           BindIsJson),
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
