// SPDX-License-Identifier: Apache-2.0
//
// LIKE. A pattern is taken apart at its %: the piece before the first must stand at the start, the
// one behind the last at the end, those between somewhere, in order. No backtracking.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/expr/function_registry.h"
#include "runtime/expr/type_rules.h"
#include "runtime/expr/utf8.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::DataType;

constexpr std::size_t kNowhere = std::string_view::npos;

/// Text that a _ may interrupt: texts[0] _ texts[1] _ texts[2].
struct Piece {
  std::vector<std::string> texts = {""};

  bool empty() const { return texts.size() == 1 && texts[0].empty(); }

  /// Where the piece ends when it stands at `at`.
  std::size_t MatchAt(std::string_view text, std::size_t at) const {
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (i > 0) {
        if (at >= text.size()) {
          return kNowhere;
        }
        at = utf8::Next(text, at);
      }
      if (text.compare(at, texts[i].size(), texts[i]) != 0) {
        return kNowhere;
      }
      at += texts[i].size();
    }
    return at;
  }

  /// Where its first occurrence from `from` on ends.
  std::size_t Find(std::string_view text, std::size_t from) const {
    for (;;) {
      from = text.find(texts[0], from);
      if (from == kNowhere || texts.size() == 1) {
        return from == kNowhere ? kNowhere : from + texts[0].size();
      }
      const std::size_t end = MatchAt(text, from);
      if (end != kNowhere) {
        return end;
      }
      if (from >= text.size()) {
        return kNowhere;
      }
      from = utf8::Next(text, from);
    }
  }

  /// Whether it stands at the end of text, behind `from`.
  bool MatchEnd(std::string_view text, std::size_t from) const {
    std::size_t end = text.size();
    for (std::size_t i = texts.size(); i-- > 0;) {
      if (end - from < texts[i].size()) {
        return false;
      }
      end -= texts[i].size();
      if (text.compare(end, texts[i].size(), texts[i]) != 0) {
        return false;
      }
      if (i > 0) {
        if (end <= from) {
          return false;
        }
        end = utf8::Previous(text, end);
      }
    }
    return end >= from;
  }
};

class LikePattern {
 public:
  /// `escape` is empty or one character.
  static StatusOr<LikePattern> Compile(std::string_view pattern, std::string_view escape) {
    LikePattern compiled;
    compiled.pieces_.emplace_back();
    for (std::size_t at = 0; at < pattern.size();) {
      const std::size_t next = utf8::Next(pattern, at);
      const std::string_view character = pattern.substr(at, next - at);
      at = next;
      if (!escape.empty() && character == escape) {
        const std::string_view rest = pattern.substr(at);
        if (!rest.starts_with('%') && !rest.starts_with('_') && !rest.starts_with(escape)) {
          return InvalidArgument("In a LIKE pattern the escape character '" + std::string(escape) +
                                 "' must stand before %, _ or itself");
        }
        const std::size_t size = utf8::Next(rest, 0);
        compiled.pieces_.back().texts.back().append(rest.substr(0, size));
        at += size;
      } else if (character == "%") {
        compiled.pieces_.emplace_back();
      } else if (character == "_") {
        compiled.pieces_.back().texts.emplace_back();
      } else {
        compiled.pieces_.back().texts.back().append(character);
      }
    }
    return compiled;
  }

  bool Matches(std::string_view text) const {
    std::size_t at = pieces_.front().MatchAt(text, 0);
    if (pieces_.size() == 1 || at == kNowhere) {
      return at == text.size();
    }
    for (std::size_t i = 1; i + 1 < pieces_.size(); ++i) {
      if (pieces_[i].empty()) {
        continue;
      }
      at = pieces_[i].Find(text, at);
      if (at == kNowhere) {
        return false;
      }
    }
    return pieces_.back().MatchEnd(text, at);
  }

 private:
  std::vector<Piece> pieces_;
};

StatusOr<CallTypes> LikeTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  for (const DataType& argument : arguments) {
    if (!argument.IsCharacter()) {
      return InvalidArgument("all must be texts");
    }
  }
  return CallTypes{{arguments.begin(), arguments.end()},
                   DataType::Boolean().WithNullable(AnyNullable(arguments))};
}

/// The escape character of a call with constants, "" without.
StatusOr<std::string> EscapeOf(std::string_view escape) {
  if (escape.empty() || utf8::Next(escape, 0) != escape.size()) {
    return InvalidArgument("The ESCAPE of a LIKE must be one character, not '" +
                           std::string(escape) + "'");
  }
  return std::string(escape);
}

Status RunLike(const LikePattern& pattern, KernelFrame& frame) {
  const Column& text = frame.argument(0);
  auto* out = frame.Out<std::uint8_t>();
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    out[row] = pattern.Matches(text.StringAt(row));
  }
  return OkStatus();
}

/// Patterns from a column: compiled when another one comes.
Status RunLikeOfRows(KernelFrame& frame) {
  auto* out = frame.Out<std::uint8_t>();
  std::optional<LikePattern> compiled;
  std::string last_pattern;
  std::string last_escape;
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    out[row] = 0;
    if (!frame.IsLive(row)) {
      continue;
    }
    const std::string_view pattern = frame.argument(1).StringAt(row);
    const std::string_view escape =
        frame.argument_count() == 3 ? frame.argument(2).StringAt(row) : std::string_view();
    if (!compiled.has_value() || pattern != last_pattern || escape != last_escape) {
      if (frame.argument_count() == 3) {
        RETURN_IF_ERROR(EscapeOf(escape).status());
      }
      ASSIGN_OR_RETURN(compiled, LikePattern::Compile(pattern, escape));
      last_pattern = pattern;
      last_escape = escape;
    }
    out[row] = compiled->Matches(frame.argument(0).StringAt(row));
  }
  return OkStatus();
}

StatusOr<Kernel> BindLike(const BindInput& input) {
  for (std::size_t i = 1; i < input.constants.size(); ++i) {
    if (input.constants[i] == nullptr || input.constants[i]->IsNull(0)) {
      return Kernel(RunLikeOfRows);
    }
  }
  std::string escape;
  if (input.constants.size() == 3) {
    ASSIGN_OR_RETURN(escape, EscapeOf(input.constants[2]->StringAt(0)));
  }
  ASSIGN_OR_RETURN(LikePattern pattern,
                   LikePattern::Compile(input.constants[1]->StringAt(0), escape));
  return Kernel([shared = std::make_shared<const LikePattern>(std::move(pattern))](
                    KernelFrame& frame) { return RunLike(*shared, frame); });
}

}  // namespace

std::span<const ScalarFunction> LikeFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      {"LIKE",
       "text LIKE pattern [ESCAPE character]",
       "Whether the whole text is like the pattern, in which % is any text and _ any character.",
       2,
       3,
       NullRule::kPropagate,
       Evaluation::kStrict,
       LikeTypes,
       BindLike},
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
