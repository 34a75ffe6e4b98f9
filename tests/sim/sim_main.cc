// SPDX-License-Identifier: Apache-2.0
//
// Runs seeds of the simulated cluster and prints those that fail.
//
//   sim --seeds=3000 [--first=1]     the test; `make sim SEEDS=N`
//   sim --seed=17 [--verbose]        replays one, twice, and compares the traces
//   sim --mutants --seeds=3000       switches each mistake on and tells which oracle notices it;
//   `make mutants`
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "CLI/CLI.hpp"
#include "base/clock.h"
#include "tests/sim/mutants.h"
#include "tests/sim/sim_run.h"

namespace thalweg::testing {
namespace {

struct Options {
  std::uint64_t first = 1;
  std::uint64_t seeds = 3'000;
  std::uint64_t seed = 0;  // 0: all.
  bool mutants = false;
  std::string mutant;
};

int RunSeeds(const Options& options) {
  const MonoTime begin = SystemClock::Get().Now();
  std::uint64_t failed = 0;
  std::uint64_t events = 0;
  std::size_t attempts = 0;
  std::size_t checkpoints = 0;
  for (std::uint64_t seed = options.first; seed < options.first + options.seeds; ++seed) {
    const SimRun run = RunSeed(seed);
    events += run.events;
    attempts += run.attempts;
    checkpoints += run.checkpoints;
    if (run.violation.has_value()) {
      ++failed;
      std::printf("FAILED seed %llu: %s: %s\n",
                  static_cast<unsigned long long>(seed),
                  run.violation->oracle.c_str(),
                  run.violation->what.c_str());
    }
  }
  const auto spent = std::chrono::duration<double>(SystemClock::Get().Now() - begin).count();
  const auto per_seed = [&](auto total) {
    return static_cast<double>(total) / static_cast<double>(options.seeds);
  };
  std::printf("a seed: %.1f ms, %.0f events, %.1f attempts, %.1f checkpoints\n",
              1000 * per_seed(spent),
              per_seed(events),
              per_seed(attempts),
              per_seed(checkpoints));
  std::printf("%llu seeds, %llu failed, %.1f s\n",
              static_cast<unsigned long long>(options.seeds),
              static_cast<unsigned long long>(failed),
              spent);
  return failed == 0 ? 0 : 1;
}

int Replay(const Options& options) {
  const SimRun run = RunSeed(options.seed);
  std::printf("%s\n", run.Describe().c_str());
  const SimRun again = RunSeed(options.seed);
  if (again.trace_hash != run.trace_hash) {
    std::printf("The two runs differ: %016llx and %016llx\n",
                static_cast<unsigned long long>(run.trace_hash),
                static_cast<unsigned long long>(again.trace_hash));
    return 1;
  }
  std::printf("trace %016llx, the same twice\n", static_cast<unsigned long long>(run.trace_hash));
  return run.violation.has_value() ? 1 : 0;
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("Runs a simulated cluster under seeded faults");
  app.add_option("--first", options.first, "First seed");
  app.add_option("--seeds", options.seeds, "How many seeds")->check(CLI::PositiveNumber);
  app.add_option("--seed", options.seed, "Replay this one")->check(CLI::PositiveNumber);
  app.add_flag("--mutants", options.mutants, "Switch each known mistake on in turn");
  app.add_option("--mutant", options.mutant, "Switch this mistake on, such as kCreditLeaked");
  CLI11_PARSE(app, argc, argv);
  if (options.mutants || !options.mutant.empty()) {
    return RunMutants(options.first, options.seeds, options.mutant);
  }
  return options.seed != 0 ? Replay(options) : RunSeeds(options);
}

}  // namespace
}  // namespace thalweg::testing

int main(int argc, char** argv) {
  return thalweg::testing::Main(argc, argv);
}
