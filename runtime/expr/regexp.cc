// SPDX-License-Identifier: Apache-2.0
//
// REGEXP and its like, and SIMILAR TO. A constant pattern is compiled once, and must be right; one
// from a column is compiled when it changes, and is NULL's reason when it is wrong.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "columnar/column_builder.h"
#include "runtime/expr/function_registry.h"
#include "runtime/expr/regex.h"
#include "runtime/expr/row_function.h"
#include "runtime/expr/text_limit.h"
#include "runtime/expr/utf8.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::DataType;
using columnar::StringRef;

using RegexPtr = std::shared_ptr<const Regex>;
using Compiler = StatusOr<RegexPtr> (*)(std::string_view pattern, std::string_view escape);

StatusOr<RegexPtr> CompileJava(std::string_view pattern, std::string_view /*escape*/) {
  return Regex::Compile(pattern);
}

StatusOr<RegexPtr> CompileSimilar(std::string_view pattern, std::string_view escape) {
  ASSIGN_OR_RETURN(const std::string regex, RegexOfSimilar(pattern, escape));
  return Regex::Compile(regex);
}

/// The pattern of each row of one kernel call.
class Patterns {
 public:
  Patterns(const KernelFrame& frame, RegexPtr constant, Compiler compile)
      : frame_(frame),
        regex_(std::move(constant)),
        compile_(compile),
        constant_(regex_ != nullptr) {
    if (constant_) {
      search_.emplace(*regex_);
    }
  }

  /// Null: the pattern of the row cannot be read.
  RegexSearch* At(std::size_t row) {
    if (constant_) {
      return &*search_;
    }
    const std::string_view pattern = frame_.argument(1).StringAt(row);
    if (!known_ || pattern != last_) {
      known_ = true;
      last_ = pattern;
      search_.reset();
      StatusOr<RegexPtr> compiled = compile_(pattern, "");
      regex_ = compiled.ok() ? *std::move(compiled) : nullptr;
      if (regex_ != nullptr) {
        search_.emplace(*regex_);
      }
    }
    return search_.has_value() ? &*search_ : nullptr;
  }
  std::uint32_t group_count() const { return regex_->group_count(); }

 private:
  const KernelFrame& frame_;
  RegexPtr regex_;
  Compiler compile_;
  bool constant_;
  std::optional<RegexSearch> search_;
  bool known_ = false;
  std::string last_;
};

/// The loop over rows of every function here.
template <class Row>
Status SearchRows(KernelFrame& frame, const RegexPtr& constant, Compiler compile, Row on_row) {
  Patterns patterns(frame, constant, compile);
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    bool is_value = false;
    if (frame.IsLive(row)) {
      RegexSearch* const search = patterns.At(row);
      if (search != nullptr) {
        const StatusOr<bool> found = on_row(patterns, *search, row);
        if (!found.ok()) {
          return frame.Fail(row, MessageOf(found.status()));
        }
        is_value = *found;
      }
      if (!is_value) {
        frame.SetNull(row);
      }
    }
  }
  return OkStatus();
}

/// The constant pattern of a call, or null.
StatusOr<RegexPtr> ConstantRegex(const BindInput& input,
                                 Compiler compile,
                                 std::string_view escape) {
  const columnar::ColumnPtr& pattern = input.constants[1];
  if (pattern == nullptr || pattern->IsNull(0)) {
    return RegexPtr();
  }
  return compile(pattern->StringAt(0), escape);
}

StatusOr<CallTypes> TextTypes(std::span<const DataType> arguments,
                              const DataType& result,
                              std::size_t texts) {
  CallTypes types{{}, result.Nullable()};
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (i < texts ? !arguments[i].IsCharacter() : !arguments[i].IsInteger()) {
      return InvalidArgument("the types of the arguments do not fit");
    }
    types.arguments.push_back(i < texts ? arguments[i]
                                        : DataType::BigInt().WithNullable(arguments[i].nullable()));
  }
  return types;
}

StatusOr<CallTypes> MatchTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  return TextTypes(arguments, DataType::Boolean(), 3);
}
StatusOr<CallTypes> NumberTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  return TextTypes(arguments, DataType::Int(), 2);
}
StatusOr<CallTypes> ExtractTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  return TextTypes(arguments, DataType::String(), 2);
}
StatusOr<CallTypes> ExtractAllTypes(std::span<const DataType> arguments,
                                    const DataType& /*wanted*/) {
  return TextTypes(arguments, DataType::Array(DataType::String()), 2);
}
StatusOr<CallTypes> ReplaceTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  return TextTypes(arguments, DataType::String(), 3);
}

Kernel MatchKernel(RegexPtr regex, Compiler compile) {
  return [regex, compile](KernelFrame& frame) {
    auto* out = frame.Out<std::uint8_t>();
    return SearchRows(frame,
                      regex,
                      compile,
                      [&](Patterns&, RegexSearch& search, std::size_t row) -> StatusOr<bool> {
                        ASSIGN_OR_RETURN(const bool found,
                                         search.Find(frame.argument(0).StringAt(row)));
                        out[row] = found;
                        return true;
                      });
  };
}

StatusOr<Kernel> BindRegexp(const BindInput& input) {
  ASSIGN_OR_RETURN(RegexPtr regex, ConstantRegex(input, CompileJava, ""));
  return MatchKernel(std::move(regex), CompileJava);
}

StatusOr<Kernel> BindSimilar(const BindInput& input) {
  std::string_view escape;
  if (input.constants.size() == 3) {
    if (input.constants[1] == nullptr || input.constants[2] == nullptr ||
        input.constants[2]->IsNull(0)) {
      return InvalidArgument(
          "SIMILAR TO with ESCAPE needs a constant pattern and escape character");
    }
    escape = input.constants[2]->StringAt(0);
    if (utf8::Count(escape) != 1) {
      return InvalidArgument("The ESCAPE of SIMILAR TO must be one character");
    }
  }
  ASSIGN_OR_RETURN(RegexPtr regex, ConstantRegex(input, CompileSimilar, escape));
  return MatchKernel(std::move(regex), CompileSimilar);
}

/// The group that argument 2 tells, or `otherwise`; nullopt: there is no such group.
std::optional<std::uint32_t> GroupOf(const KernelFrame& frame,
                                     const Patterns& patterns,
                                     std::size_t row,
                                     std::uint32_t otherwise) {
  std::int64_t group = otherwise;
  if (frame.argument_count() > 2) {
    const Column& column = frame.argument(2);
    group = column.Values<std::int64_t>()[row * column.stride()];
  }
  if (group < 0 || group > patterns.group_count()) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(group);
}

StatusOr<Kernel> BindExtract(const BindInput& input) {
  ASSIGN_OR_RETURN(RegexPtr regex, ConstantRegex(input, CompileJava, ""));
  return Kernel([regex](KernelFrame& frame) {
    TextWriter writer(frame, 0);
    auto* out = frame.Out<StringRef>();
    std::fill_n(out, frame.row_count(), StringRef());
    return SearchRows(
        frame,
        regex,
        CompileJava,
        [&](Patterns& patterns, RegexSearch& search, std::size_t row) -> StatusOr<bool> {
          const auto group = GroupOf(frame, patterns, row, 0);
          ASSIGN_OR_RETURN(const bool found, search.Find(frame.argument(0).StringAt(row)));
          const auto part = found && group.has_value() ? search.Group(*group) : std::nullopt;
          out[row] = part.has_value() ? writer.Put(row, *part) : StringRef();
          return part.has_value();
        });
  });
}

/// f(search) for each match of a text, one behind the other.
template <class F>
Status ForEachMatch(RegexSearch& search, std::string_view text, F f) {
  for (std::size_t from = 0; from <= text.size(); from = search.Next()) {
    ASSIGN_OR_RETURN(const bool found, search.Find(text, from));
    if (!found) {
      break;
    }
    f(search);
  }
  return OkStatus();
}

StatusOr<Kernel> BindExtractAll(const BindInput& input) {
  ASSIGN_OR_RETURN(RegexPtr regex, ConstantRegex(input, CompileJava, ""));
  return Kernel([regex](KernelFrame& frame) -> Status {
    columnar::ColumnBuilder builder(frame.result_type(), frame.row_count());
    Patterns patterns(frame, regex, CompileJava);
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      RegexSearch* const search = frame.IsLive(row) ? patterns.At(row) : nullptr;
      const auto group = search == nullptr ? std::nullopt : GroupOf(frame, patterns, row, 1);
      if (!group.has_value()) {
        builder.AppendNull();
        continue;
      }
      const Status status =
          ForEachMatch(*search, frame.argument(0).StringAt(row), [&](const RegexSearch& match) {
            if (const auto part = match.Group(*group)) {
              builder.child(0).AppendString(*part);
            } else {
              builder.child(0).AppendNull();
            }
          });
      if (!status.ok()) {
        return frame.Fail(row, MessageOf(status));
      }
      builder.AppendParent();
    }
    frame.SetResult(builder.Finish());
    return OkStatus();
  });
}

StatusOr<Kernel> BindCount(const BindInput& input) {
  ASSIGN_OR_RETURN(RegexPtr regex, ConstantRegex(input, CompileJava, ""));
  return Kernel([regex](KernelFrame& frame) {
    auto* out = frame.Out<std::int32_t>();
    return SearchRows(
        frame,
        regex,
        CompileJava,
        [&](Patterns&, RegexSearch& search, std::size_t row) -> StatusOr<bool> {
          out[row] = 0;
          RETURN_IF_ERROR(ForEachMatch(
              search, frame.argument(0).StringAt(row), [&](const RegexSearch&) { ++out[row]; }));
          return true;
        });
  });
}

StatusOr<Kernel> BindInstr(const BindInput& input) {
  ASSIGN_OR_RETURN(RegexPtr regex, ConstantRegex(input, CompileJava, ""));
  return Kernel([regex](KernelFrame& frame) {
    auto* out = frame.Out<std::int32_t>();
    return SearchRows(frame,
                      regex,
                      CompileJava,
                      [&](Patterns&, RegexSearch& search, std::size_t row) -> StatusOr<bool> {
                        const std::string_view text = frame.argument(0).StringAt(row);
                        ASSIGN_OR_RETURN(const bool found, search.Find(text));
                        out[row] = found ? static_cast<std::int32_t>(
                                               utf8::Count(text.substr(0, search.begin())) + 1)
                                         : 0;
                        return true;
                      });
  });
}

StatusOr<Kernel> BindReplace(const BindInput& input) {
  ASSIGN_OR_RETURN(RegexPtr regex, ConstantRegex(input, CompileJava, ""));
  return Kernel([regex](KernelFrame& frame) {
    auto* out = frame.Out<StringRef>();
    std::fill_n(out, frame.row_count(), StringRef());
    std::string scratch;
    return SearchRows(
        frame,
        regex,
        CompileJava,
        [&](Patterns&, RegexSearch& search, std::size_t row) -> StatusOr<bool> {
          const std::string_view text = frame.argument(0).StringAt(row);
          const std::string_view replacement = frame.argument(2).StringAt(row);
          scratch.clear();
          std::size_t copied = 0;
          RETURN_IF_ERROR(ForEachMatch(search, text, [&](const RegexSearch& match) {
            if (scratch.size() <= kMaxGeneratedText) {
              scratch.append(text.substr(copied, match.begin() - copied)).append(replacement);
            }
            copied = match.end();
          }));
          scratch.append(text.substr(copied));
          RETURN_IF_ERROR(CheckGeneratedSize(scratch.size()));
          out[row] = frame.heap().Add(scratch);
          return true;
        });
  });
}

constexpr ScalarFunction Expression(std::string_view name,
                                    std::string_view signature,
                                    std::string_view documentation,
                                    std::uint32_t min_arguments,
                                    std::uint32_t max_arguments,
                                    TypeRule types,
                                    Binder bind) {
  return {name,
          signature,
          documentation,
          min_arguments,
          max_arguments,
          NullRule::kPropagate,
          Evaluation::kStrict,
          types,
          bind};
}

}  // namespace

std::span<const ScalarFunction> RegexpFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      Expression("SIMILAR TO",
                 "text SIMILAR TO pattern [ESCAPE character]",
                 "Whether the whole text is like a regular expression of SQL's kind.",
                 2,
                 3,
                 MatchTypes,
                 BindSimilar),
      Expression("REGEXP",
                 "REGEXP(text, regex)",
                 "Whether the regular expression is found in the text.",
                 2,
                 2,
                 MatchTypes,
                 BindRegexp),
      Expression("REGEXP_EXTRACT",
                 "REGEXP_EXTRACT(text, regex[, group])",
                 "What the first match, or a group of it, is; NULL when there is none.",
                 2,
                 3,
                 ExtractTypes,
                 BindExtract),
      Expression("REGEXP_SUBSTR",
                 "REGEXP_SUBSTR(text, regex)",
                 "The first match in the text; NULL when there is none.",
                 2,
                 2,
                 ExtractTypes,
                 BindExtract),
      Expression("REGEXP_EXTRACT_ALL",
                 "REGEXP_EXTRACT_ALL(text, regex[, group])",
                 "A group, the first if not told otherwise, of all matches, as an array.",
                 2,
                 3,
                 ExtractAllTypes,
                 BindExtractAll),
      Expression("REGEXP_COUNT",
                 "REGEXP_COUNT(text, regex)",
                 "How many matches there are in the text.",
                 2,
                 2,
                 NumberTypes,
                 BindCount),
      Expression("REGEXP_INSTR",
                 "REGEXP_INSTR(text, regex)",
                 "Where the first match starts, counted from 1; 0: nowhere.",
                 2,
                 2,
                 NumberTypes,
                 BindInstr),
      Expression("REGEXP_REPLACE",
                 "REGEXP_REPLACE(text, regex, replacement)",
                 "The text with each match replaced; the replacement is taken as it is.",
                 3,
                 3,
                 ReplaceTypes,
                 BindReplace),
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
