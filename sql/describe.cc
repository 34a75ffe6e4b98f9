// SPDX-License-Identifier: Apache-2.0
#include "sql/describe.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "runtime/expr/aggregate.h"
#include "runtime/expr/function_registry.h"

namespace thalweg::sql {
namespace {

std::string Quoted(std::string_view name) {
  std::string text = "`";
  for (const char c : name) {
    text += c;
    if (c == '`') {
      text += c;
    }
  }
  return text + "`";
}

std::string Literal(std::string_view value) {
  std::string text = "'";
  for (const char c : value) {
    text += c;
    if (c == '\'') {
      text += c;
    }
  }
  return text + "'";
}

std::string Join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    text += (text.empty() ? "" : ", ") + part;
  }
  return text;
}

/// SQL's LIKE, by % and _.
bool Matches(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) {
    return text.empty();
  }
  if (pattern[0] == '%') {
    for (std::size_t skip = 0; skip <= text.size(); ++skip) {
      if (Matches(text.substr(skip), pattern.substr(1))) {
        return true;
      }
    }
    return false;
  }
  return !text.empty() && (pattern[0] == '_' || pattern[0] == text[0]) &&
         Matches(text.substr(1), pattern.substr(1));
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return text;
}

std::string KeyText(const TableDefinition& table, bool quoted) {
  std::vector<std::string> names;
  for (const std::uint32_t key : table.key) {
    names.push_back(quoted ? Quoted(table.columns[key].name) : table.columns[key].name);
  }
  return Join(names);
}

}  // namespace

TextTable DescribeTable(const TableDefinition& table) {
  TextTable answer{.columns = {"name", "type", "null", "key", "extras", "watermark"}, .rows = {}};
  for (std::uint32_t i = 0; i < table.columns.size(); ++i) {
    const TableColumn& column = table.columns[i];
    std::string type = column.type.Nullable().ToString();
    std::string watermark;
    if (table.watermark.has_value() && table.watermark->column == i) {
      type += " *ROWTIME*";
      watermark = table.watermark->text;
    } else if (column.expression != nullptr && column.expression->is_call("PROCTIME")) {
      type += " *PROCTIME*";
    }
    std::string extras;
    if (column.kind == ast::ColumnKind::kComputed) {
      extras = "AS " + column.text;
    } else if (column.kind == ast::ColumnKind::kMetadata) {
      extras = "METADATA FROM " + Literal(column.metadata_key);
      extras += column.is_virtual ? " VIRTUAL" : "";
    }
    const bool in_key = std::find(table.key.begin(), table.key.end(), i) != table.key.end();
    answer.rows.push_back({column.name,
                           type,
                           column.type.nullable() ? "TRUE" : "FALSE",
                           in_key ? "PRI(" + KeyText(table, false) + ")" : "",
                           extras,
                           watermark});
  }
  return answer;
}

TextTable DescribeView(const ViewDefinition& view) {
  TextTable answer{.columns = {"name", "type", "null", "key", "extras", "watermark"}, .rows = {}};
  for (const columnar::Field& field : view.columns) {
    answer.rows.push_back({field.name,
                           field.type.Nullable().ToString(),
                           field.type.nullable() ? "TRUE" : "FALSE",
                           "",
                           "",
                           ""});
  }
  return answer;
}

std::string CreateText(const TableDefinition& table) {
  std::string text = std::string("CREATE ") + (table.temporary ? "TEMPORARY " : "") + "TABLE " +
                     table.path.ToString() + " (\n";
  std::vector<std::string> lines;
  for (const TableColumn& column : table.columns) {
    std::string line = "  " + Quoted(column.name) + " ";
    if (column.kind == ast::ColumnKind::kComputed) {
      line += "AS " + column.text;
    } else {
      line += column.type.ToString();
    }
    if (column.kind == ast::ColumnKind::kMetadata) {
      line += " METADATA FROM " + Literal(column.metadata_key);
      line += column.is_virtual ? " VIRTUAL" : "";
    }
    if (!column.comment.empty()) {
      line += " COMMENT " + Literal(column.comment);
    }
    lines.push_back(line);
  }
  if (table.watermark.has_value()) {
    lines.push_back("  WATERMARK FOR " + Quoted(table.columns[table.watermark->column].name) +
                    " AS " + table.watermark->text);
  }
  if (!table.key.empty()) {
    lines.push_back("  " +
                    (table.key_name.empty() ? "" : "CONSTRAINT " + Quoted(table.key_name) + " ") +
                    "PRIMARY KEY (" + KeyText(table, true) + ") NOT ENFORCED");
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text += lines[i] + (i + 1 == lines.size() ? "\n" : ",\n");
  }
  text += ")";
  if (!table.comment.empty()) {
    text += "\nCOMMENT " + Literal(table.comment);
  }
  if (!table.partitioned_by.empty()) {
    std::vector<std::string> names;
    for (const std::string& name : table.partitioned_by) {
      names.push_back(Quoted(name));
    }
    text += "\nPARTITIONED BY (" + Join(names) + ")";
  }
  text += "\nWITH (\n";
  std::size_t i = 0;
  for (const auto& [key, value] : table.options.values()) {
    text += "  " + Literal(key) + " = " + Literal(value);
    text += ++i == table.options.values().size() ? "\n" : ",\n";
  }
  return text + ")\n";
}

std::string CreateText(const ViewDefinition& view) {
  std::vector<std::string> names;
  for (const columnar::Field& field : view.columns) {
    names.push_back(Quoted(field.name));
  }
  return std::string("CREATE ") + (view.temporary ? "TEMPORARY " : "") + "VIEW " +
         view.path.ToString() + " (" + Join(names) + ")\nAS " + std::string(view.text()) + "\n";
}

std::vector<std::string> FunctionNames() {
  std::set<std::string> names;
  for (const runtime::ScalarFunction* function : runtime::FunctionRegistry::Get().All()) {
    names.insert(std::string(function->name));
  }
  for (const runtime::AggregateFunction& function : runtime::AllAggregates()) {
    names.insert(std::string(function.name));
  }
  return {names.begin(), names.end()};
}

TextTable ListOf(std::string_view title,
                 const std::vector<std::string>& names,
                 const ast::Show& show) {
  TextTable answer{.columns = {std::string(title)}, .rows = {}};
  for (const std::string& name : names) {
    if (show.like.has_value()) {
      const bool matches =
          show.ignore_case ? Matches(Lower(name), Lower(*show.like)) : Matches(name, *show.like);
      if (matches == show.negated) {
        continue;
      }
    }
    answer.rows.push_back({name});
  }
  return answer;
}

}  // namespace thalweg::sql
