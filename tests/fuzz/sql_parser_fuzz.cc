// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as SQL: the parser ends with a tree or with a message that has a place, and the text
// that a query is written back to gives the same text again.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "sql/parser/parser.h"
#include "sql/parser/unparse.h"

namespace thalweg::sql {
namespace {

void CheckQuery(const ast::Query& query) {
  const std::string written = ToSql(query);
  const auto source = std::make_shared<const SourceText>(SourceText{.name = "", .text = written});
  const auto again = ParseQuery(source);
  // Written back a text may nest deeper, by the parentheses that made precedence visible.
  if (again.status().code() == StatusCode::kResourceExhausted) {
    return;
  }
  CHECK_OK(again.status());
  CHECK_EQ(ToSql(**again), written);
}

void CheckScript(std::string_view text) {
  const auto script = ParseScript("fuzz", text);
  if (!script.ok()) {
    CHECK(MessageOf(script.status()).substr(0, 5) == "fuzz:");
    return;
  }
  for (const ast::Statement& statement : *script) {
    CHECK(statement.span.end() <= text.size());
    if (const auto* query = statement.As<ast::QueryStatement>()) {
      CheckQuery(*query->query);
    } else if (const auto* insert = statement.As<ast::Insert>()) {
      CheckQuery(*insert->query);
    } else if (const auto* view = statement.As<ast::CreateView>()) {
      CheckQuery(*view->query);
    }
  }
}

}  // namespace
}  // namespace thalweg::sql

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  thalweg::sql::CheckScript({reinterpret_cast<const char*>(data), size});
  return 0;
}
