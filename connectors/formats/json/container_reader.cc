// SPDX-License-Identifier: Apache-2.0
//
// Rows, arrays and maps, whatever the order of their parts and the blanks between them.
#include <algorithm>
#include <vector>

#include "connectors/formats/json/value_reader.h"

namespace thalweg::connectors::json {
namespace {

/// The key at `p`, with its colon and the blanks around it.
const char* ReadKey(const char* p, StringToken& key, Problem& problem) {
  if (*p != '"') {
    return problem.Syntax(p, "a key in quotes was expected");
  }
  if ((p = ScanString(p + 1, key, problem)) == nullptr) {
    return nullptr;
  }
  p = SkipBlanks(p);
  return *p == ':' ? SkipBlanks(p + 1) : problem.Syntax(p, "':' was expected");
}

/// Behind a value: the next key or element, or the place behind `close` with `*closed` set.
const char* NextPart(const char* p, char close, bool* closed, Problem& problem) {
  p = SkipBlanks(p);
  if (*p == close) {
    *closed = true;
    return p + 1;
  }
  if (*p != ',') {
    return problem.Syntax(p, close == '}' ? "',' or '}' was expected" : "',' or ']' was expected");
  }
  return SkipBlanks(p + 1);
}

}  // namespace

const char* ValueReader::ReadObject(Node& node, std::size_t row, const char* p, int depth) {
  if (depth >= kMaxDepth) {
    return problem_.Syntax(p, "values are nested too deeply");
  }
  const std::uint64_t number = ++node.object_count;
  std::size_t seen_count = 0;
  std::size_t expected = 0;  // Mostly the keys come in the order of the fields.
  p = SkipBlanks(p + 1);
  bool closed = *p == '}';
  p += closed ? 1 : 0;
  while (!closed) {
    StringToken token;
    if ((p = ReadKey(p, token, problem_)) == nullptr) {
      return nullptr;
    }
    const std::string_view key = TextOf(token);
    const bool guessed = expected < node.children.size() && node.keys->key(expected) == key;
    const int found = guessed ? static_cast<int>(expected) : node.keys->Find(key);
    if (found < 0) {
      p = SkipValue(p, depth + 1, problem_);
    } else {
      const auto index = static_cast<std::size_t>(found);
      Node& field = node.children[index];
      if (node.seen[index] == number) {
        Rollback(field, row);
      } else {
        node.seen[index] = number;
        ++seen_count;
      }
      expected = index + 1;
      p = Read(field, row, p, depth + 1);
    }
    if (p == nullptr || (p = NextPart(p, '}', &closed, problem_)) == nullptr) {
      return nullptr;
    }
  }
  for (std::size_t i = 0; seen_count < node.children.size() && i < node.children.size(); ++i) {
    if (node.seen[i] != number && !StoreMissing(node.children[i], row, p - 1)) {
      return nullptr;
    }
  }
  return p;
}

const char* ValueReader::ReadArray(Node& node, std::size_t row, const char* p, int depth) {
  if (depth >= kMaxDepth) {
    return problem_.Syntax(p, "values are nested too deeply");
  }
  touched_ = true;
  p = SkipBlanks(p + 1);
  bool closed = *p == ']';
  p += closed ? 1 : 0;
  while (!closed) {
    ReserveElement(node);
    if ((p = Read(node.children[0], node.element_count, p, depth + 1)) == nullptr) {
      return nullptr;
    }
    ++node.element_count;
    if ((p = NextPart(p, ']', &closed, problem_)) == nullptr) {
      return nullptr;
    }
  }
  node.Store(row, static_cast<std::uint32_t>(node.element_count));
  return p;
}

const char* ValueReader::ReadEntry(Node& node, const char* p, int depth) {
  StringToken key;
  if ((p = ReadKey(p, key, problem_)) == nullptr) {
    return nullptr;
  }
  ReserveElement(node);
  const std::size_t element = node.element_count;
  if (key.escaped) {
    StoreEscaped(node.children[0], element, key, p);
  } else {
    StoreString(node.children[0], element, key.raw());
  }
  return Read(node.children[1], element, p, depth + 1);
}

bool ValueReader::HasRepeatedKey(Node& map, std::size_t begin) {
  columnar::ColumnBuilder& keys = *map.children[0].out;
  const auto refs = keys.MutableValues<columnar::StringRef>();
  const columnar::HeapSet& heaps = keys.heap().heaps();
  std::vector<std::string_view> views;
  views.reserve(map.element_count - begin);
  for (std::size_t i = begin; i < map.element_count; ++i) {
    views.push_back(heaps.View(refs[i]));
  }
  std::sort(views.begin(), views.end());
  return std::adjacent_find(views.begin(), views.end()) != views.end();
}

const char* ValueReader::ReadMap(Node& node, std::size_t row, const char* p, int depth) {
  if (depth >= kMaxDepth) {
    return problem_.Syntax(p, "values are nested too deeply");
  }
  touched_ = true;
  const char* const begin = p;
  const std::size_t first = node.element_count;
  p = SkipBlanks(p + 1);
  bool closed = *p == '}';
  p += closed ? 1 : 0;
  while (!closed) {
    if ((p = ReadEntry(node, p, depth)) == nullptr) {
      return nullptr;
    }
    ++node.element_count;
    if ((p = NextPart(p, '}', &closed, problem_)) == nullptr) {
      return nullptr;
    }
  }
  if (HasRepeatedKey(node, first)) {
    return problem_.Misfit(begin, "a map has a key twice", node);
  }
  node.Store(row, static_cast<std::uint32_t>(node.element_count));
  return p;
}

}  // namespace thalweg::connectors::json
