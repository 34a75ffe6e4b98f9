// SPDX-License-Identifier: Apache-2.0
#include "connectors/formats/json/template.h"

#include <string_view>
#include <utility>

namespace thalweg::connectors::json {

constexpr std::size_t kMaxSteps = 1U << 16;

/// Collects the bytes up to the next step. Finish() makes them comparable 16 at a time.
class TemplateBuilder {
 public:
  void AddBytes(std::string_view bytes) { pending_ += bytes; }

  /// The index of the new step.
  std::size_t AddStep(Template::Action action, Node* node) {
    Template::Step step;
    step.literal = static_cast<std::uint32_t>(made_.literals_.size());
    step.size = static_cast<std::uint32_t>(pending_.size());
    step.mask = step.size >= 16 ? 0xffff : (1U << step.size) - 1;
    step.action = action;
    step.node = node;
    made_.literals_ += std::exchange(pending_, {});
    made_.steps_.push_back(step);
    return made_.steps_.size() - 1;
  }

  // All of the schema, in order.
  void AddObject(Node& node) {
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      AddBytes(i == 0 ? "\"" : ",\"");
      AddEscaped(node.keys->key(i));
      AddBytes("\":");
      AddField(node.children[i]);
    }
    AddBytes("}");
  }

  // The shape of a line: [begin, ...) is what has not become a literal yet.
  const char* LearnObject(Node& node, const char* p) {
    const char* begin = p;
    const std::uint64_t number = ++node.object_count;
    Problem ignored;
    p = SkipBlanks(p);
    while (*p != '}') {
      StringToken key;
      p = ScanString(p + 1, key, ignored);
      p = SkipBlanks(SkipBlanks(p) + 1);
      const int found = node.keys->Find(key.raw());
      const auto index = static_cast<std::size_t>(found);
      if (key.escaped || (found >= 0 && node.seen[index] == number) || Full()) {
        return nullptr;
      }
      AddBytes({begin, static_cast<std::size_t>(p - begin)});
      if (found >= 0) {
        node.seen[index] = number;
      }
      if ((p = LearnValue(found < 0 ? nullptr : &node.children[index], p)) == nullptr) {
        return nullptr;
      }
      begin = p;
      p = SkipBlanks(p);
      p = *p == ',' ? SkipBlanks(p + 1) : p;
    }
    AddBytes({begin, static_cast<std::size_t>(p + 1 - begin)});
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      if (node.seen[i] != number) {
        AddStep(Template::Action::kMissing, &node.children[i]);
      }
    }
    return p + 1;
  }

  bool Full() const { return made_.steps_.size() + 2 > kMaxSteps; }

  Template Finish() {
    AddStep(Template::Action::kNothing, nullptr);
    made_.literals_.resize(made_.literals_.size() + 16);
    return std::move(made_);
  }

 private:
  static Template::Action ReadAction(const Node& field) {
    switch (field.kind) {
      case ValueKind::kInt64:
        return Template::Action::kReadLong;
      case ValueKind::kString:
        return Template::Action::kReadText;
      case ValueKind::kTimestamp:
        return Template::Action::kReadTimestamp;
      default:
        return Template::Action::kRead;
    }
  }

  void AddField(Node& field) {
    if (field.kind != ValueKind::kRow) {
      AddStep(ReadAction(field), &field);
      return;
    }
    const std::size_t enter = AddStep(Template::Action::kEnter, &field);
    AddObject(field);
    Leave(enter);
  }

  const char* LearnValue(Node* field, const char* p) {
    Problem ignored;
    if (field == nullptr) {
      AddStep(Template::Action::kSkip, nullptr);
    } else if (field->kind != ValueKind::kRow || *p != '{') {
      AddStep(ReadAction(*field), field);
    } else {
      const std::size_t enter = AddStep(Template::Action::kEnter, field);
      if ((p = LearnObject(*field, p + 1)) != nullptr) {
        Leave(enter);
      }
      return p;
    }
    return SkipValue(p, 0, ignored);
  }

  /// The end of a nested row is a step of its own, where its null goes on.
  void Leave(std::size_t enter) {
    made_.steps_[enter].next =
        static_cast<std::uint32_t>(AddStep(Template::Action::kNothing, nullptr) + 1);
  }

  void AddEscaped(std::string_view key) {
    for (const char c : key) {
      // A key with other bytes to escape fits no line; a template is then learned.
      pending_ += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
    }
  }

  Template made_;
  std::string pending_;
};

Template Template::OfSchema(Node& root) {
  TemplateBuilder builder;
  builder.AddBytes("{");
  builder.AddObject(root);
  return builder.Finish();
}

std::optional<Template> Template::OfLine(Node& root, const char* line) {
  TemplateBuilder builder;
  const char* const brace = SkipBlanks(line);
  builder.AddBytes({line, static_cast<std::size_t>(brace + 1 - line)});
  if (builder.LearnObject(root, brace + 1) == nullptr) {
    return std::nullopt;
  }
  return builder.Finish();
}

bool Template::MatchesLong(const Step& step, const char* p) const {
  const char* literal = literals_.data() + step.literal;
  std::size_t left = step.size;
  // 16 bytes are looked at only where all before them agreed: never far behind the newline.
  for (; left > 16; left -= 16, p += 16, literal += 16) {
    if (Differences(p, literal) != 0) {
      return false;
    }
  }
  return (Differences(p, literal) & ((1U << left) - 1)) == 0;
}

const char* Template::Read(ValueReader& reader, std::size_t row, const char* line) const {
  const char* p = line;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    if (!Matches(step, p)) {
      return nullptr;
    }
    p += step.size;
    switch (step.action) {
      case Action::kRead:
        p = reader.Read(*step.node, row, p, 1);
        break;
      case Action::kReadLong:
        p = reader.ReadLong(*step.node, row, p);
        break;
      case Action::kReadText:
        p = reader.ReadText(*step.node, row, p, 1);
        break;
      case Action::kReadTimestamp:
        p = reader.ReadTimestamp(*step.node, row, p);
        break;
      case Action::kSkip:
        p = SkipValue(p, 1, reader.problem());
        break;
      case Action::kEnter:
        if (*p == '{') {
          ++p;
        } else {
          p = reader.Read(*step.node, row, p, 1);
          i = step.next - 1;
        }
        break;
      case Action::kMissing:
        p = reader.StoreMissing(*step.node, row, p) ? p : nullptr;
        break;
      case Action::kNothing:
        break;
    }
    if (p == nullptr) {
      return nullptr;
    }
  }
  p = SkipBlanks(p);
  return *p == '\n' ? p + 1 : nullptr;
}

}  // namespace thalweg::connectors::json
