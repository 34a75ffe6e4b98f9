// SPDX-License-Identifier: Apache-2.0
#include "connectors/formats/json/node.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/coding.h"

namespace thalweg::connectors::json {
namespace {

using columnar::ColumnBuilder;
using columnar::DataType;

bool IsList(const Node& node) {
  return node.kind == ValueKind::kArray || node.kind == ValueKind::kMap;
}

/// The builder of a list's elements.
ColumnBuilder& Elements(Node& node) {
  return node.out->child(0);
}

std::string Join(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

void AddFields(const std::vector<columnar::Field>& fields, Node& node) {
  std::vector<std::string_view> keys;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    node.children.emplace_back(
        Join(node.path, fields[i].name), fields[i].type, &node.out->child(i));
    keys.push_back(fields[i].name);
  }
  node.keys.emplace(std::move(keys));
  node.seen.assign(fields.size(), 0);
}

}  // namespace

KeyTable::KeyTable(std::vector<std::string_view> keys) : keys_(keys.begin(), keys.end()) {
  CHECK_LT(keys.size(), 1U << 16);
  const std::size_t size = std::bit_ceil(std::max<std::size_t>(keys.size() * 4, 4));
  shift_ = 64 - std::countr_zero(size);
  slots_.assign(size, -1);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    std::string padded(keys[i]);
    padded.resize(keys[i].size() + 8);
    const std::string_view key(padded.data(), keys[i].size());
    if (Find(key) >= 0) {
      continue;
    }
    std::size_t slot = HashOf(key) >> shift_;
    while (slots_[slot] >= 0) {
      slot = (slot + 1) % size;
    }
    slots_[slot] = static_cast<std::int32_t>(i);
  }
}

std::uint64_t KeyTable::HashOf(std::string_view key) const {
  // The first and the last eight bytes and the length tell most keys apart; a tie costs a probe.
  std::uint64_t head = LoadFixed<std::uint64_t>(key.data());
  std::uint64_t tail = 0;
  if (key.size() < 8) {
    head = key.empty() ? 0 : head << (64 - 8 * key.size());
  } else {
    tail = LoadFixed<std::uint64_t>(key.data() + key.size() - 8);
  }
  return (head ^ std::rotl(tail, 29) ^ key.size()) * 0x9e3779b97f4a7c15;
}

int KeyTable::Find(std::string_view key) const {
  for (std::size_t slot = HashOf(key) >> shift_;; slot = (slot + 1) % slots_.size()) {
    const std::int32_t index = slots_[slot];
    if (index < 0 || keys_[static_cast<std::size_t>(index)] == key) {
      return index;
    }
  }
}

Node::Node(std::string path, DataType type, ColumnBuilder* out)
    : path(std::move(path)), type(std::move(type)), kind(KindOf(this->type)), out(out) {
  if (out == nullptr) {
    return;
  }
  switch (kind) {
    case ValueKind::kRow:
      AddFields(this->type.fields(), *this);
      break;
    case ValueKind::kArray:
      children.emplace_back(this->path + ".element", this->type.fields()[0].type, &Elements(*this));
      break;
    case ValueKind::kMap:
      for (std::size_t i = 0; i < 2; ++i) {
        const columnar::Field& part = this->type.fields()[i];
        children.emplace_back(this->path + "." + part.name, part.type, &Elements(*this).child(i));
      }
      break;
    case ValueKind::kTimestamp:
      timestamps.emplace(this->type);
      break;
    default:
      break;
  }
}

Node MakeRoot(const columnar::Schema& schema, columnar::BatchBuilder& batch) {
  Node root("", DataType::Row(schema.fields()), nullptr);
  std::vector<std::string_view> keys;
  for (std::size_t i = 0; i < schema.size(); ++i) {
    root.children.emplace_back(schema.field(i).name, schema.type(i), &batch.column(i));
    keys.push_back(schema.field(i).name);
  }
  root.keys.emplace(std::move(keys));
  root.seen.assign(schema.size(), 0);
  return root;
}

void Reserve(Node& node, std::size_t row_count, std::size_t capacity) {
  if (node.out != nullptr) {
    // Growing keeps what the builder knows to be written.
    node.out->SetLength(row_count);
    node.out->Reserve(capacity);
  }
  if (node.kind == ValueKind::kRow) {
    for (Node& child : node.children) {
      Reserve(child, row_count, capacity);
    }
  }
}

void ReserveElement(Node& list) {
  if (list.element_count < list.element_capacity) {
    return;
  }
  list.element_capacity = std::max<std::size_t>(64, list.element_capacity * 2);
  if (list.kind == ValueKind::kMap) {
    Elements(list).SetLength(list.element_count);
    Elements(list).Reserve(list.element_capacity);
  }
  for (Node& child : list.children) {
    Reserve(child, list.element_count, list.element_capacity);
  }
}

void SetLengths(Node& node, std::size_t row_count) {
  if (node.out != nullptr) {
    node.out->SetLength(row_count);
  }
  const bool list = IsList(node);
  if (node.kind == ValueKind::kMap) {
    Elements(node).SetLength(node.element_count);
  }
  for (Node& child : node.children) {
    SetLengths(child, list ? node.element_count : row_count);
  }
}

void StoreNull(Node& node, std::size_t row) {
  if (node.type.nullable()) {
    node.out->SetNull(row);
  } else if (node.kind != ValueKind::kRow) {
    // Below a null row: a field that is never null is zero there.
    node.out->SetNull(row);
    node.out->SetValid(row);
  }
  if (node.kind == ValueKind::kRow) {
    for (Node& child : node.children) {
      StoreNull(child, row);
    }
  }
}

void Rollback(Node& node, std::size_t row) {
  if (node.out != nullptr) {
    node.out->SetValid(row);
  }
  if (node.kind == ValueKind::kRow) {
    for (Node& child : node.children) {
      Rollback(child, row);
    }
  } else if (IsList(node)) {
    const std::uint32_t* ends = node.out->MutableValues<std::uint32_t>().data();
    const std::size_t begin = *(ends + row - 1);  // Element -1 is there: 0.
    // Backwards, so that a list in a list ends where the first element began; and from one behind
    // the last element, which may have been half written.
    const std::size_t end = std::min(node.element_count + 1, node.element_capacity);
    for (std::size_t element = end; element-- > begin;) {
      for (Node& child : node.children) {
        Rollback(child, element);
      }
      Elements(node).SetValid(element);
    }
    node.element_count = begin;
  }
}

void Clear(Node& node) {
  node.element_count = 0;
  node.element_capacity = 0;
  for (Node& child : node.children) {
    Clear(child);
  }
}

}  // namespace thalweg::connectors::json
