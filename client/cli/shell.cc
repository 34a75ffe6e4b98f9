// SPDX-License-Identifier: Apache-2.0
#include "client/cli/shell.h"

#include <algorithm>
#include <cctype>
#include <memory>
#include <vector>

#include <editline/readline.h>
#include <stdlib.h>
#include <string.h>

#include "sql/config/settings.h"
#include "sql/parser/lexer.h"

namespace thalweg::client {
namespace {

constexpr int kHistoryLines = 1000;

constexpr std::string_view kHelp =
    "Statements end with ';'. SHOW TABLES; DESCRIBE t; EXPLAIN SELECT ...; SET; and all others of\n"
    "docs/sql/statements.md. SET 'sql-client.execution.result-mode' = 'changelog'; (or table, "
    "jsonl)\n"
    "chooses how rows are printed. Ctrl-C stops a running query. QUIT; leaves.\n";

constexpr std::string_view kKeywords[] = {
    "ALTER TABLE", "AND",      "AS",       "BETWEEN",    "CASE",          "CAST(",    "COUNT(",
    "CREATE",      "DESCRIBE", "DISTINCT", "DROP",       "EXPLAIN",       "FROM",     "GROUP BY",
    "HAVING",      "HELP",     "HOP(",     "INNER JOIN", "INSERT INTO",   "INTERVAL", "JOIN",
    "LEFT JOIN",   "LIMIT",    "NOT NULL", "ORDER BY",   "QUIT",          "RESET",    "SELECT",
    "SET",         "SHOW",     "TABLE",    "TABLES",     "TEMPORARY",     "TUMBLE(",  "UNION ALL",
    "USE",         "VALUES",   "VIEW",     "VIEWS",      "WATERMARK FOR", "WHERE",    "WITH"};

bool StartsWithoutCase(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), text.begin(), [](char a, char b) {
           return std::toupper(static_cast<unsigned char>(a)) ==
                  std::toupper(static_cast<unsigned char>(b));
         });
}

/// What the completion of libedit, which has no argument for it, chooses from. Set while a shell
/// runs.
std::vector<std::string>* candidates = nullptr;

char* NextCandidate(const char* prefix, int state) {
  static std::size_t next = 0;
  if (state == 0) {
    next = 0;
  }
  while (candidates != nullptr && next < candidates->size()) {
    const std::string& candidate = (*candidates)[next++];
    if (StartsWithoutCase(candidate, prefix)) {
      return strdup(candidate.c_str());
    }
  }
  return nullptr;
}

char** Complete(const char* prefix, int /*start*/, int /*end*/) {
  rl_attempted_completion_over = 1;  // Names of files do not help here.
  return rl_completion_matches(prefix, NextCandidate);
}

std::vector<std::string> CandidatesOf(const sql::Planner& planner) {
  std::vector<std::string> names(std::begin(kKeywords), std::end(kKeywords));
  const sql::Catalog& catalog = planner.catalog();
  for (const std::string& name : catalog.ObjectsOf(
           catalog.current_catalog(), catalog.current_database(), /*views_only=*/false)) {
    names.push_back(name);
  }
  for (const sql::Setting& setting : sql::AllSettings()) {
    names.push_back("'" + std::string(setting.key()) + "'");
  }
  return names;
}

/// The words of a text in upper case, without a last `;`.
std::string CommandOf(std::string_view text) {
  std::string command;
  for (const char c : text) {
    if (c != ';' && std::isspace(static_cast<unsigned char>(c)) == 0) {
      command += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
  }
  return command;
}

struct Free {
  void operator()(char* line) const { free(line); }
};

}  // namespace

bool IsComplete(std::string_view text) {
  const sql::SourceText source = {.name = "", .text = std::string(text)};
  const auto tokens = sql::Tokenize(source);
  if (!tokens.ok()) {
    // An open quote or comment goes on in the next line; anything else is for the parser to tell.
    return MessageOf(tokens.status()).find("not closed") == std::string_view::npos;
  }
  const std::size_t count = tokens->size() - 1;  // Without the end.
  const auto is = [&](std::size_t i, std::string_view word) {
    return i < count && (*tokens)[i].kind == sql::TokenKind::kWord && (*tokens)[i].text == word;
  };
  if (count == 0 || (*tokens)[count - 1].text != ";") {
    return false;
  }
  const bool set = is(1, "STATEMENT") && is(2, "SET");
  return !set || (count >= 2 && is(count - 2, "END"));
}

ExitCode RunShell(ScriptRunner& runner, const Terminal& terminal, const std::string& history) {
  std::vector<std::string> names;
  candidates = &names;
  rl_attempted_completion_function = Complete;
  using_history();
  stifle_history(kHistoryLines);
  if (!history.empty()) {
    read_history(history.c_str());
  }
  ExitCode last = ExitCode::kOk;
  std::string text;
  int count = 0;
  while (true) {
    names = CandidatesOf(runner.planner());
    const std::unique_ptr<char, Free> line(readline(text.empty() ? "thalweg> " : "      -> "));
    if (line == nullptr) {
      break;
    }
    text += std::string(line.get()) + '\n';
    const std::string command = CommandOf(text);
    if (command == "QUIT" || command == "EXIT") {
      break;
    }
    if (command.empty() || command == "HELP") {
      terminal.out << (command.empty() ? "" : kHelp) << std::flush;
      text.clear();
      continue;
    }
    if (!IsComplete(text)) {
      continue;
    }
    std::string entry = text.substr(0, text.size() - 1);
    std::replace(entry.begin(), entry.end(), '\n', ' ');
    add_history(entry.c_str());
    last = runner.Run("sql-" + std::to_string(++count), text);
    text.clear();
  }
  if (!history.empty()) {
    write_history(history.c_str());
  }
  candidates = nullptr;
  terminal.out << '\n' << std::flush;
  return last;
}

}  // namespace thalweg::client
