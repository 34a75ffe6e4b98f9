// SPDX-License-Identifier: Apache-2.0
#include "connectors/formats/json/simdjson_loop.h"

#include <cstdlib>
#include <cstring>

#include <simdjson.h>

namespace thalweg::connectors {
namespace {

using simdjson::ondemand::object;

void Check(simdjson::error_code error) {
  if (error != simdjson::SUCCESS) {
    std::abort();
  }
}

}  // namespace

struct SimdjsonLoop::State {
  simdjson::ondemand::parser parser;
  char strings[1 << 16];
  std::size_t used = 0;
  std::uint64_t sum = 0;

  template <bool kOrdered>
  auto Field(object& row, std::string_view key) {
    if constexpr (kOrdered) {
      return row.find_field(key);
    } else {
      return row.find_field_unordered(key);
    }
  }
  template <bool kOrdered>
  void Integer(object& row, std::string_view key) {
    std::int64_t value;
    Check(Field<kOrdered>(row, key).get_int64().get(value));
    sum += static_cast<std::uint64_t>(value);
  }
  template <bool kOrdered>
  void String(object& row, std::string_view key) {
    std::string_view value;
    Check(Field<kOrdered>(row, key).get_string().get(value));
    used = used + value.size() > sizeof(strings) ? 0 : used;
    std::memcpy(strings + used, value.data(), value.size());
    sum += value.size() + static_cast<unsigned char>(strings[used]);
    used += value.size();
  }
  template <bool kOrdered>
  void Row(const char* line, std::size_t size, std::size_t capacity) {
    simdjson::ondemand::document document;
    Check(parser.iterate(line, size, capacity).get(document));
    object row;
    Check(document.get_object().get(row));
    Integer<kOrdered>(row, "auction");
    Integer<kOrdered>(row, "bidder");
    Integer<kOrdered>(row, "price");
    String<kOrdered>(row, "channel");
    String<kOrdered>(row, "url");
    String<kOrdered>(row, "dateTime");
    String<kOrdered>(row, "extra");
  }
};

SimdjsonLoop::SimdjsonLoop() : state_(std::make_unique<State>()) {}
SimdjsonLoop::~SimdjsonLoop() = default;

std::size_t SimdjsonLoop::Read(std::string_view lines, bool ordered) {
  std::size_t rows = 0;
  const char* p = lines.data();
  const char* const end = p + lines.size();
  while (p < end) {
    const auto left = static_cast<std::size_t>(end - p);
    const char* const newline = static_cast<const char*>(std::memchr(p, '\n', left));
    const auto size = static_cast<std::size_t>(newline - p);
    if (ordered) {
      state_->Row<true>(p, size, size + 64);
    } else {
      state_->Row<false>(p, size, size + 64);
    }
    p = newline + 1;
    ++rows;
  }
  return rows;
}

std::uint64_t SimdjsonLoop::sum() const {
  return state_->sum;
}

}  // namespace thalweg::connectors
