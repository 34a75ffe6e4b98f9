// SPDX-License-Identifier: Apache-2.0
#include "client/cli/commands.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "client/cli/script_runner.h"
#include "client/cli/shell.h"

namespace thalweg::client {
namespace {

constexpr std::string_view kVersion = "0.1.0";

/// What the command line says, before it is looked at.
struct Flags {
  std::string file;
  int parallelism = 0;
  std::vector<std::string> settings;
  std::string output;
  std::string state_dir;
};

void AddCommonFlags(CLI::App& command, Flags& flags) {
  command.add_option("-p,--parallelism", flags.parallelism, "Parallel instances of each operator")
      ->check(CLI::Range(1, 1024));
  command.add_option("--set", flags.settings, "A setting, KEY=VALUE; wins over SET of the script")
      ->take_all()
      ->type_name("KEY=VALUE");
}

void AddRunFlags(CLI::App& command, Flags& flags) {
  AddCommonFlags(command, flags);
  command.add_option("--output", flags.output, "How rows of a query are printed")
      ->check(CLI::IsMember({"table", "changelog", "jsonl"}));
  command
      .add_option("--state-dir",
                  flags.state_dir,
                  "Directory of jobs and checkpoints; a second run goes on from there")
      ->type_name("DIR");
}

StatusOr<ScriptOptions> OptionsOf(const Flags& flags) {
  static const std::map<std::string, OutputMode> kModes = {{"table", OutputMode::kTable},
                                                           {"changelog", OutputMode::kChangelog},
                                                           {"jsonl", OutputMode::kJsonLines}};
  ScriptOptions options;
  if (!flags.output.empty()) {
    options.output = kModes.at(flags.output);
  }
  options.state_dir = flags.state_dir;
  for (const std::string& setting : flags.settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos) {
      return InvalidArgument(fmt::format("--set {}: write it as KEY=VALUE.", setting));
    }
    options.settings.emplace_back(setting.substr(0, equals), setting.substr(equals + 1));
  }
  if (flags.parallelism > 0) {
    options.settings.emplace_back("parallelism.default", std::to_string(flags.parallelism));
  }
  return options;
}

std::optional<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) {
    return std::nullopt;
  }
  std::string text(std::istreambuf_iterator<char>(file), {});
  return file.bad() ? std::nullopt : std::optional<std::string>(std::move(text));
}

ExitCode WithRunner(const Flags& flags,
                    const Terminal& terminal,
                    bool verbose,
                    const std::function<ExitCode(ScriptRunner&)>& use) {
  auto options = OptionsOf(flags);
  if (!options.ok()) {
    terminal.err << MessageOf(options.status()) << '\n';
    return ExitCode::kUsage;
  }
  options->verbose = verbose;
  const auto runner = ScriptRunner::Make(*std::move(options), terminal);
  if (!runner.ok()) {
    terminal.err << MessageOf(runner.status()) << '\n';
    return ExitCode::kUsage;
  }
  return use(**runner);
}

/// `use` gets the text of the file.
ExitCode WithScript(const Flags& flags,
                    const Terminal& terminal,
                    const std::function<ExitCode(ScriptRunner&, const std::string&)>& use) {
  const std::optional<std::string> text = ReadFile(flags.file);
  if (!text) {
    terminal.err << fmt::format("The file {} cannot be read.\n", flags.file);
    return ExitCode::kNoFile;
  }
  return WithRunner(
      flags, terminal, /*verbose=*/false, [&](ScriptRunner& runner) { return use(runner, *text); });
}

std::string HistoryFile() {
  const char* const home = std::getenv("HOME");
  return home == nullptr || *home == '\0' ? "" : std::string(home) + "/.thalweg_history";
}

}  // namespace

ExitCode RunCommand(std::vector<std::string> arguments, const Terminal& terminal) {
  CLI::App app("Thalweg runs Flink SQL: streams and batches, exactly once.", "thalweg");
  app.require_subcommand(1);
  Flags flags;
  CLI::App* const run = app.add_subcommand("run", "Run the statements of a file");
  run->add_option("FILE", flags.file, "SQL text")->required();
  AddRunFlags(*run, flags);
  CLI::App* const explain = app.add_subcommand("explain", "Show the plans of a file's statements");
  explain->add_option("FILE", flags.file, "SQL text")->required();
  AddCommonFlags(*explain, flags);
  CLI::App* const shell = app.add_subcommand("sql", "Statements from the keyboard");
  AddRunFlags(*shell, flags);
  const CLI::App* const version = app.add_subcommand("version", "Print the version");
  std::reverse(arguments.begin(), arguments.end());  // As CLI11 wants them.
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return app.exit(error, terminal.out, terminal.err) == 0 ? ExitCode::kOk : ExitCode::kUsage;
  }
  if (version->parsed()) {
    terminal.out << "thalweg " << kVersion << '\n' << std::flush;
    return ExitCode::kOk;
  }
  if (run->parsed()) {
    return WithScript(flags, terminal, [&](ScriptRunner& runner, const std::string& text) {
      return runner.Run(flags.file, text);
    });
  }
  if (explain->parsed()) {
    return WithScript(flags, terminal, [&](ScriptRunner& runner, const std::string& text) {
      return runner.Explain(flags.file, text);
    });
  }
  return WithRunner(flags, terminal, /*verbose=*/true, [&](ScriptRunner& runner) {
    return RunShell(runner, terminal, HistoryFile());
  });
}

}  // namespace thalweg::client
