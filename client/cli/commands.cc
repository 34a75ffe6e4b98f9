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

#include "client/cli/cluster_commands.h"
#include "client/cli/script_runner.h"
#include "client/cli/shell.h"
#include "client/cli/version.h"

namespace thalweg::client {
namespace {

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

/// What the commands of a cluster say.
struct ClusterFlags {
  CoordinatorFlags coordinator;
  WorkerFlags worker;
  ClientFlags client;
  std::vector<std::string> settings;
  int parallelism = 0;
};

void AddCoordinatorFlag(CLI::App& command, ClusterFlags* flags) {
  command.add_option("--coordinator", flags->client.coordinator, "Where the coordinator listens")
      ->type_name("HOST:PORT")
      ->capture_default_str();
}

void AddClusterCommands(CLI::App& app, ClusterFlags* flags) {
  CLI::App* const coordinator = app.add_subcommand("coordinator", "Lead a cluster");
  coordinator->add_option("--storage", flags->coordinator.storage, "Jobs and checkpoints")
      ->type_name("DIR")
      ->required();
  coordinator->add_option("--rpc", flags->coordinator.rpc, "Where to listen; port 0 takes any")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  CLI::App* const worker = app.add_subcommand("worker", "Run tasks of a cluster");
  worker->add_option("--coordinator", flags->worker.coordinators, "Those that may lead")
      ->type_name("HOST:PORT")
      ->delimiter(',')
      ->capture_default_str();
  worker->add_option("--slots", flags->worker.slots, "Instances of pipelines at once")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  worker->add_option("--lanes", flags->worker.lanes, "Threads that run tasks; 0: one per core")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
  worker->add_option("--local-dir", flags->worker.local_dir, "For state that outgrows memory")
      ->type_name("DIR");
  worker->add_option("--exchange", flags->worker.exchange, "Where other workers dial this one")
      ->type_name("HOST:PORT");
  worker->add_option("--state-memory", flags->worker.state_memory_mb, "MiB of state in memory")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  CLI::App* const submit = app.add_subcommand("submit", "Start the job of a file on a cluster");
  submit->add_option("FILE", flags->client.file, "SQL text")->required();
  AddCoordinatorFlag(*submit, flags);
  submit->add_option("--name", flags->client.name, "Instead of pipeline.name");
  submit->add_option("-p,--parallelism", flags->parallelism, "Parallel instances")
      ->check(CLI::Range(1, 1024));
  submit->add_option("--set", flags->settings, "A setting, KEY=VALUE; wins over SET of the script")
      ->take_all()
      ->type_name("KEY=VALUE");
  submit->add_flag("--wait", flags->client.wait, "Return when the job has ended");
  AddCoordinatorFlag(*app.add_subcommand("list", "Show jobs and workers"), flags);
  for (const auto& [name, about] : {std::pair("describe", "Show one job"),
                                    std::pair("cancel", "End a job at once"),
                                    std::pair("stop", "End a job with a last checkpoint")}) {
    CLI::App* const command = app.add_subcommand(name, about);
    command->add_option("JOB", flags->client.job, "Its id or name")->required();
    AddCoordinatorFlag(*command, flags);
    if (std::string_view(name) == "stop") {
      command->add_flag("--drain", flags->client.drain, "Fire open windows first");
    }
  }
}

/// Nothing when another command was given.
std::optional<ExitCode> RunClusterCommand(const CLI::App& app,
                                          ClusterFlags& flags,
                                          const Terminal& terminal) {
  if (app.got_subcommand("coordinator")) {
    return RunCoordinator(flags.coordinator, terminal);
  }
  if (app.got_subcommand("worker")) {
    return RunWorker(flags.worker, terminal);
  }
  if (app.got_subcommand("list")) {
    return ListAll(flags.client, terminal);
  }
  if (app.got_subcommand("describe")) {
    return DescribeOne(flags.client, terminal);
  }
  if (app.got_subcommand("cancel")) {
    return CancelOne(flags.client, terminal);
  }
  if (app.got_subcommand("stop")) {
    return StopOne(flags.client, terminal);
  }
  if (!app.got_subcommand("submit")) {
    return std::nullopt;
  }
  Flags script;
  script.settings = flags.settings;
  script.parallelism = flags.parallelism;
  const auto options = OptionsOf(script);
  if (!options.ok()) {
    terminal.err << MessageOf(options.status()) << '\n';
    return ExitCode::kUsage;
  }
  flags.client.settings = options->settings;
  const std::optional<std::string> text = ReadFile(flags.client.file);
  if (!text.has_value()) {
    terminal.err << fmt::format("The file {} cannot be read.\n", flags.client.file);
    return ExitCode::kNoFile;
  }
  return SubmitFile(flags.client, *text, terminal);
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
  ClusterFlags cluster;
  AddClusterCommands(app, &cluster);
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
  if (const auto code = RunClusterCommand(app, cluster, terminal); code.has_value()) {
    return *code;
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
