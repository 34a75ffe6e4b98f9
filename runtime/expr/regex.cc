// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/regex.h"

#include <array>
#include <utility>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "runtime/expr/utf8.h"

namespace thalweg::runtime {
namespace {

struct PosixClass {
  std::string_view java;
  std::string_view pcre;  // Inside of a character class.
};
constexpr std::array<PosixClass, 13> kPosixClasses = {{{"Lower", "lower"},
                                                       {"Upper", "upper"},
                                                       {"ASCII", "ascii"},
                                                       {"Alpha", "alpha"},
                                                       {"Digit", "digit"},
                                                       {"Alnum", "alnum"},
                                                       {"Punct", "punct"},
                                                       {"Graph", "graph"},
                                                       {"Print", "print"},
                                                       {"Blank", "blank"},
                                                       {"Cntrl", "cntrl"},
                                                       {"XDigit", "xdigit"},
                                                       {"Space", "space"}}};

Status Wrong(std::string_view pattern, std::string_view what) {
  return InvalidArgument("The regular expression '" + std::string(pattern) + "' " +
                         std::string(what));
}

/// From Java's spelling to PCRE2's.
class Translator {
 public:
  explicit Translator(std::string_view java) : java_(java) {}

  StatusOr<std::string> Run() {
    while (at_ < java_.size()) {
      RETURN_IF_ERROR(Step());
    }
    return std::move(out_);
  }

 private:
  Status Step() {
    const char c = java_[at_];
    if (c == '\\' && at_ + 1 < java_.size()) {
      TakeEscape();
      return OkStatus();
    }
    if (!in_class_ && c == '[') {
      in_class_ = true;
      Copy(1);
      if (at_ < java_.size() && java_[at_] == '^') {
        Copy(1);
      }
      if (at_ < java_.size() && java_[at_] == ']') {
        Copy(1);  // A bracket in front is one of the characters.
      }
      return OkStatus();
    }
    if (in_class_ && c == '[') {
      return Wrong(java_, "has a character class inside of another one, which is not supported");
    }
    if (in_class_ && java_.substr(at_).starts_with("&&")) {
      return Wrong(java_, "has an intersection of character classes, which is not supported");
    }
    in_class_ = in_class_ && c != ']';
    Copy(1);
    return OkStatus();
  }

  void Copy(std::size_t count) {
    out_.append(java_.substr(at_, count));
    at_ += count;
  }

  void TakeEscape() {
    const char c = java_[at_ + 1];
    if (c == 'Q') {
      const std::size_t end = java_.find("\\E", at_);
      Copy(end == std::string_view::npos ? java_.size() - at_ : end + 2 - at_);
    } else if ((c == 'p' || c == 'P') && java_.substr(at_ + 2).starts_with('{')) {
      TakeProperty(c == 'P');
    } else {
      Copy(2);
    }
  }

  void TakeProperty(bool negated) {
    const std::size_t end = java_.find('}', at_);
    if (end == std::string_view::npos) {
      Copy(2);  // PCRE2 says what is wrong.
      return;
    }
    std::string_view name = java_.substr(at_ + 3, end - at_ - 3);
    for (const PosixClass& known : kPosixClasses) {
      if (name == known.java) {
        out_.append(in_class_ ? "" : "[").append(negated ? "[:^" : "[:").append(known.pcre);
        out_.append(in_class_ ? ":]" : ":]]");
        at_ = end + 1;
        return;
      }
    }
    if (name.starts_with("Is")) {
      name.remove_prefix(2);
    }
    if (name == "Alphabetic") {
      name = "L";
    }
    out_.append(negated ? "\\P{" : "\\p{").append(name).append("}");
    at_ = end + 1;
  }

  std::string_view java_;
  std::size_t at_ = 0;
  bool in_class_ = false;
  std::string out_;
};

std::string MessageOfCode(int code) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

}  // namespace

struct Regex::Code {
  pcre2_code* code = nullptr;
  ~Code() { pcre2_code_free(code); }
};

Regex::~Regex() = default;

StatusOr<std::shared_ptr<const Regex>> Regex::Compile(std::string_view pattern) {
  if (pattern.size() > kMaxRegexPattern) {
    return InvalidArgument("A regular expression of " + std::to_string(pattern.size()) +
                           " bytes is longer than the " + std::to_string(kMaxRegexPattern) +
                           " allowed");
  }
  ASSIGN_OR_RETURN(const std::string translated, Translator(pattern).Run());
  std::unique_ptr<pcre2_compile_context, void (*)(pcre2_compile_context*)> context(
      pcre2_compile_context_create(nullptr), pcre2_compile_context_free);
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_ANYCRLF);
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto code = std::make_unique<Code>();
  code->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()),
                             translated.size(),
                             PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_ALT_BSUX,
                             &error,
                             &offset,
                             context.get());
  if (code->code == nullptr) {
    return Wrong(
        pattern,
        "cannot be read at character " + std::to_string(offset) + ": " + MessageOfCode(error));
  }
  // Where the machine has no such code generator, matching interprets.
  pcre2_jit_compile(code->code, PCRE2_JIT_COMPLETE);
  std::shared_ptr<Regex> regex(new Regex());
  regex->pattern_ = std::string(pattern);
  pcre2_pattern_info(code->code, PCRE2_INFO_CAPTURECOUNT, &regex->group_count_);
  regex->code_ = std::move(code);
  return std::shared_ptr<const Regex>(std::move(regex));
}

struct RegexSearch::Data {
  pcre2_match_data* match = nullptr;
  pcre2_match_context* context = nullptr;
  const PCRE2_SIZE* ends = nullptr;
  ~Data() {
    pcre2_match_data_free(match);
    pcre2_match_context_free(context);
  }
};

RegexSearch::RegexSearch(const Regex& regex) : regex_(regex), data_(std::make_unique<Data>()) {
  data_->match = pcre2_match_data_create_from_pattern(regex.code_->code, nullptr);
  data_->context = pcre2_match_context_create(nullptr);
  pcre2_set_match_limit(data_->context, kMaxRegexSteps);
  pcre2_set_heap_limit(data_->context, kMaxRegexHeapKib);
  data_->ends = pcre2_get_ovector_pointer(data_->match);
}

RegexSearch::~RegexSearch() = default;

StatusOr<bool> RegexSearch::Find(std::string_view text, std::size_t from) {
  text_ = text;
  const auto run = [&](std::uint32_t options) {
    return pcre2_match(regex_.code_->code,
                       reinterpret_cast<PCRE2_SPTR>(text.data() == nullptr ? "" : text.data()),
                       text.size(),
                       from,
                       options,
                       data_->match,
                       data_->context);
  };
  int result = run(0);
  if (result == PCRE2_ERROR_JIT_STACKLIMIT) {
    result = run(PCRE2_NO_JIT);  // Slower, but with memory from the heap.
  }
  if (result == PCRE2_ERROR_NOMATCH) {
    return false;
  }
  if (result < 0) {
    return Wrong(regex_.pattern_, "gave up on this text: " + MessageOfCode(result));
  }
  return true;
}

std::optional<std::string_view> RegexSearch::Group(std::uint32_t group) const {
  const PCRE2_SIZE first = data_->ends[2 * group];
  if (first == PCRE2_UNSET) {
    return std::nullopt;
  }
  return text_.substr(first, data_->ends[2 * group + 1] - first);
}

std::size_t RegexSearch::begin() const {
  return data_->ends[0];
}

std::size_t RegexSearch::end() const {
  return data_->ends[1];
}

std::size_t RegexSearch::Next() const {
  if (end() > begin() || end() >= text_.size()) {
    return end() > begin() ? end() : end() + 1;
  }
  return utf8::Next(text_, end());
}

StatusOr<std::string> RegexOfSimilar(std::string_view pattern, std::string_view escape) {
  constexpr std::string_view kLiteral = ".\\^$";  // | * + ? { } ( ) mean the same in both.
  std::string regex = "(?s)\\A(?:";
  bool in_class = false;
  for (std::size_t at = 0; at < pattern.size();) {
    const std::size_t next = utf8::Next(pattern, at);
    const std::string_view character = pattern.substr(at, next - at);
    at = next;
    if (!escape.empty() && character == escape) {
      if (at == pattern.size()) {
        return InvalidArgument("A SIMILAR TO pattern ends with its escape character");
      }
      const std::size_t end = utf8::Next(pattern, at);
      regex.append("\\Q").append(pattern.substr(at, end - at)).append("\\E");
      at = end;
    } else if (in_class) {
      in_class = character != "]";
      regex.append(character == "\\" ? "\\\\" : character);
    } else if (character == "%") {
      regex.append(".*");
    } else if (character == "_") {
      regex.append(".");
    } else if (character == "[") {
      in_class = true;
      regex.append(character);
    } else if (kLiteral.find(character) != std::string_view::npos) {
      regex.append("\\").append(character);
    } else {
      regex.append(character);
    }
  }
  return regex + ")\\z";
}

}  // namespace thalweg::runtime
