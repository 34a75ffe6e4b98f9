// SPDX-License-Identifier: Apache-2.0
//
// Measures whole jobs, prints a table and writes it as JSON:
//
//   build/release/bin/bench_jobs --out=build/bench.json [--only=join] [--scale=0.05]
//
// Each measure runs in a child process: its memory and its threads are its own.
#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "bench/measure.h"
#include "bench/report.h"

namespace thalweg::bench {
namespace {

/// In the child: the readings go to `out` as text. Returns the exit code.
int RunChild(const Measure& measure, const Setting& setting, int out) {
  std::filesystem::remove_all(setting.directory);
  std::filesystem::create_directories(setting.directory);
  const StatusOr<std::vector<Reading>> readings = measure.run(setting);
  std::filesystem::remove_all(setting.directory);
  if (!readings.ok()) {
    std::fprintf(
        stderr, "%s: %s\n", measure.name, std::string(MessageOf(readings.status())).c_str());
    return 1;
  }
  const std::string text = ToText(*readings);
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t n = write(out, text.data() + written, text.size() - written);
    CHECK_GT(n, 0);
    written += static_cast<std::size_t>(n);
  }
  return 0;
}

StatusOr<std::vector<Reading>> RunInChild(const Measure& measure, const Setting& setting) {
  int ends[2];
  CHECK_EQ(pipe(ends), 0);
  const pid_t child = fork();
  CHECK_GE(child, 0);
  if (child == 0) {
    close(ends[0]);
    _exit(RunChild(measure, setting, ends[1]));
  }
  close(ends[1]);
  std::string text;
  std::array<char, 4096> buffer;
  while (true) {
    const ssize_t n = read(ends[0], buffer.data(), buffer.size());
    CHECK_GE(n, 0);
    if (n == 0) {
      break;
    }
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  close(ends[0]);
  int status = 0;
  CHECK_EQ(waitpid(child, &status, 0), child);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return FailedPrecondition(std::string("The measure '") + measure.name +
                              "' has failed; what it says stands above");
  }
  return ReadingsFromText(text);
}

struct Options {
  Setting setting;
  std::string out;
  std::vector<std::string> only;

  bool Wants(const Measure& measure) const {
    return only.empty() || std::find(only.begin(), only.end(), measure.name) != only.end();
  }
};

int Run(const Options& options) {
  std::vector<Reading> all;
  bool failed = false;
  for (const Measure& measure : AllMeasures()) {
    if (!options.Wants(measure)) {
      continue;
    }
    const StatusOr<std::vector<Reading>> readings = RunInChild(measure, options.setting);
    if (!readings.ok()) {
      std::fprintf(stderr, "%s\n", std::string(MessageOf(readings.status())).c_str());
      failed = true;
      continue;
    }
    for (const Reading& reading : *readings) {
      std::printf("%s\n", TableLine(reading).c_str());
      all.push_back(reading);
    }
    std::fflush(stdout);
  }
  if (!options.out.empty()) {
    std::ofstream file(options.out);
    file << ToJson(all);
    file.close();
    if (!file) {
      std::fprintf(stderr, "Cannot write '%s'\n", options.out.c_str());
      return 1;
    }
  }
  return failed ? 1 : 0;
}

}  // namespace
}  // namespace thalweg::bench

int main(int argc, char** argv) {
  thalweg::bench::Options options;
  options.setting.core = std::max(1U, std::thread::hardware_concurrency()) - 1;
  options.setting.directory = "build/bench";
  std::vector<std::string> names;
  for (const thalweg::bench::Measure& measure : thalweg::bench::AllMeasures()) {
    names.emplace_back(measure.name);
  }
  CLI::App app(
      "Measures whole jobs against bare loops; exits with 1 when a job or a result fails.");
  app.add_option("--out", options.out, "Where the JSON goes; nowhere when not given");
  app.add_option("--only", options.only, "Only these measures")->check(CLI::IsMember(names));
  app.add_option("--scale", options.setting.scale, "Of the amount of data, to try the program")
      ->check(CLI::Range(1e-6, 100.0));
  app.add_option("--pairs", options.setting.pairs, "Of bare loop and job; the median counts")
      ->check(CLI::Range(1, 1000));
  app.add_option("--core", options.setting.core, "For the lane and the bare loops");
  app.add_option("--directory", options.setting.directory, "For checkpoints and files; emptied");
  CLI11_PARSE(app, argc, argv);
  return thalweg::bench::Run(options);
}
