// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/json_path.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

namespace thalweg::runtime {

namespace dom = simdjson::dom;

class JsonPath::Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), whole_(text) {}

  StatusOr<JsonPath> Run() {
    Blanks();
    if (TakeWord("strict")) {
      path_.strict_ = true;
    } else if (TakeWord("lax")) {
      path_.strict_ = false;
    }
    Blanks();
    if (!Take('$')) {
      return Wrong("a path starts with $");
    }
    while (!text_.empty()) {
      RETURN_IF_ERROR(TakeStep());
      if (path_.steps_.size() > kMaxJsonPathSteps) {
        return Wrong("it has more than " + std::to_string(kMaxJsonPathSteps) + " steps");
      }
      if (text_.find_first_not_of(' ') == std::string_view::npos) {
        break;
      }
    }
    return std::move(path_);
  }

 private:
  Status Wrong(const std::string& why) const {
    return InvalidArgument("The JSON path '" + std::string(whole_) + "' cannot be read at '" +
                           std::string(text_) + "': " + why);
  }
  void Blanks() {
    while (text_.starts_with(' ')) {
      text_.remove_prefix(1);
    }
  }
  bool Take(char c) {
    const bool there = text_.starts_with(c);
    text_.remove_prefix(there ? 1 : 0);
    return there;
  }
  bool TakeWord(std::string_view word) {
    if (text_.size() <= word.size() || text_[word.size()] != ' ') {
      return false;
    }
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (std::tolower(static_cast<unsigned char>(text_[i])) != word[i]) {
        return false;
      }
    }
    text_.remove_prefix(word.size());
    return true;
  }

  void Add(Step step) {
    path_.definite_ =
        path_.definite_ && (step.kind == Step::Kind::kName || step.kind == Step::Kind::kIndex);
    path_.steps_.push_back(std::move(step));
  }

  Status TakeStep() {
    if (text_.starts_with("..")) {
      text_.remove_prefix(1);
      Add({.kind = Step::Kind::kDeep});
      return OkStatus();
    }
    if (Take('.')) {
      return text_.starts_with('[') ? OkStatus() : TakeName();
    }
    if (Take('[')) {
      return TakeBracket();
    }
    return Wrong("expected . or [");
  }

  Status TakeName() {
    if (Take('*')) {
      Add({.kind = Step::Kind::kAll});
      return OkStatus();
    }
    if (text_.starts_with('"')) {
      std::string name;
      RETURN_IF_ERROR(TakeQuoted(&name));
      Add({.kind = Step::Kind::kName, .name = std::move(name)});
      return OkStatus();
    }
    const std::size_t end = std::min(text_.find_first_of(".[( "), text_.size());
    if (end == 0 || (end < text_.size() && text_[end] == '(')) {
      return Wrong("names and functions like this are not supported");
    }
    Add({.kind = Step::Kind::kName, .name = std::string(text_.substr(0, end))});
    text_.remove_prefix(end);
    return OkStatus();
  }

  Status TakeQuoted(std::string* name) {
    const char quote = text_.front();
    for (std::size_t at = 1; at < text_.size(); ++at) {
      if (text_[at] == '\\' && at + 1 < text_.size()) {
        ++at;
      } else if (text_[at] == quote) {
        text_.remove_prefix(at + 1);
        return OkStatus();
      }
      name->push_back(text_[at]);
    }
    return Wrong("a quote is open");
  }

  Status TakeBracket() {
    Blanks();
    Step step{.kind = Step::Kind::kAll};
    if (text_.starts_with('"') || text_.starts_with('\'')) {
      step.kind = Step::Kind::kName;
      RETURN_IF_ERROR(TakeQuoted(&step.name));
    } else if (!Take('*')) {
      step.kind = Step::Kind::kIndex;
      const auto [end, error] =
          std::from_chars(text_.data(), text_.data() + text_.size(), step.index);
      if (error != std::errc()) {
        return Wrong("an index, a quoted name or * stands in brackets; filters are not supported");
      }
      text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    }
    Blanks();
    if (!Take(']')) {
      return Wrong("slices and lists in brackets are not supported");
    }
    Add(std::move(step));
    return OkStatus();
  }

  std::string_view text_;
  std::string_view whole_;
  JsonPath path_;
};

StatusOr<JsonPath> JsonPath::Compile(std::string_view text) {
  return Parser(text).Run();
}

void JsonPath::Collect(const Step& step, dom::element from, std::vector<dom::element>* found) {
  dom::object object;
  dom::array array;
  const bool is_object = from.get(object) == simdjson::SUCCESS;
  const bool is_array = from.get(array) == simdjson::SUCCESS;
  switch (step.kind) {
    case Step::Kind::kName: {
      dom::element value;
      if (is_object && object.at_key(step.name).get(value) == simdjson::SUCCESS) {
        found->push_back(value);
      }
      break;
    }
    case Step::Kind::kIndex: {
      dom::element value;
      if (is_array) {
        const auto size = static_cast<std::int64_t>(array.size());
        const std::int64_t at = step.index < 0 ? step.index + size : step.index;
        if (at >= 0 && at < size &&
            array.at(static_cast<std::size_t>(at)).get(value) == simdjson::SUCCESS) {
          found->push_back(value);
        }
      }
      break;
    }
    case Step::Kind::kAll:
      if (is_object) {
        for (const dom::key_value_pair field : object) {
          found->push_back(field.value);
        }
      } else if (is_array) {
        for (const dom::element value : array) {
          found->push_back(value);
        }
      }
      break;
    case Step::Kind::kDeep:
      // The value itself and all below it. (The parser bounds the depth.)
      found->push_back(from);
      if (is_object) {
        for (const dom::key_value_pair field : object) {
          Collect(step, field.value, found);
        }
      } else if (is_array) {
        for (const dom::element value : array) {
          Collect(step, value, found);
        }
      }
      break;
  }
}

JsonMatch JsonPath::Find(dom::element root) const {
  std::vector<dom::element> here = {root};
  std::vector<dom::element> next;
  for (const Step& step : steps_) {
    next.clear();
    for (const dom::element element : here) {
      Collect(step, element, &next);
    }
    here.swap(next);
  }
  if (!definite_) {
    return {JsonMatch::Kind::kMany, std::move(here)};
  }
  return here.empty() ? JsonMatch() : JsonMatch{JsonMatch::Kind::kOne, std::move(here)};
}

}  // namespace thalweg::runtime
