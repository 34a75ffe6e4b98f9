// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/functions_page.h"

#include <string_view>

#include "runtime/expr/aggregate.h"
#include "runtime/expr/function_registry.h"

namespace thalweg::runtime {
namespace {

/// As a cell of a table, where | would end it.
std::string Cell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    cell.append(c == '|' ? "\\|" : std::string(1, c));
  }
  return cell;
}

std::string NoteOf(Stability stability) {
  switch (stability) {
    case Stability::kBatch:
      return " Read once for a batch of rows.";
    case Stability::kRow:
      return " Computed anew for each row.";
    default:
      return "";
  }
}

void AppendHead(std::string_view title, std::string* page) {
  page->append("\n## ").append(title).append("\n\n| function | result |\n| --- | --- |\n");
}

}  // namespace

std::string FunctionsPage() {
  std::string page =
      "<!-- Made from the function registry by the program `functions_page`; do not edit. -->\n"
      "# Functions\n\n"
      "The types of arguments decide the type of the result; where nothing else is said, a NULL\n"
      "argument makes it NULL. Names may be written in any case.\n";
  for (const FunctionTopic& topic : FunctionRegistry::Get().topics()) {
    AppendHead(topic.title, &page);
    for (const ScalarFunction* function : topic.functions) {
      page.append("| `" + Cell(function->signature) + "` | " + Cell(function->documentation) +
                  NoteOf(function->stability) + " |\n");
    }
  }
  AppendHead("Aggregates", &page);
  for (const AggregateFunction& function : AllAggregates()) {
    page.append("| `" + Cell(function.signature) + "` | " + Cell(function.documentation) + " |\n");
  }
  return page;
}

}  // namespace thalweg::runtime
