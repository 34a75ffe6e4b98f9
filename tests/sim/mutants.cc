// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/mutants.h"

#include <cstdio>
#include <iterator>

#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/mutation.h"
#include "tests/sim/sim_run.h"
#include "tests/testing/scoped_mutation.h"

namespace thalweg::testing {
namespace {

struct Mutant {
  Mutation mutation;
  const char* name;
};

#define MUTANT(name) {Mutation::name, #name}
constexpr Mutant kMutants[] = {
    MUTANT(kManifestBeforeAcks),
    MUTANT(kCompleteBeforeManifest),
    MUTANT(kRestoreGateOff),
    MUTANT(kStaleAttemptAccepted),
    MUTANT(kRestoreSecondNewest),
    MUTANT(kLostSlotIgnored),
    MUTANT(kFinishedBeforeCommit),
    MUTANT(kCommandBeforeGeneration),
    MUTANT(kRestoreWhileAppending),
    MUTANT(kRetainedFileDeleted),
    MUTANT(kEntriesNotRedistributed),
    MUTANT(kFencingOff),
    MUTANT(kAlignmentOff),
    MUTANT(kCreditLeaked),
    MUTANT(kWatermarkBeforeResults),
    MUTANT(kCommitBeforeComplete),
    MUTANT(kReaderPositionAhead),
    MUTANT(kAbortedDirtyDropped),
    MUTANT(kTombstoneDropped),
    MUTANT(kFreezeDoesNotCopy),
    MUTANT(kRunOrderReversed),
};
#undef MUTANT

/// What a child found out about one mistake.
struct Verdict {
  bool noticed = false;
  char text[200] = "";
};

/// Runs seeds with the mistake on until an oracle notices.
Verdict RunMutant(const Mutant& mutant, std::uint64_t first, std::uint64_t seeds) {
  const ScopedMutation on(mutant.mutation);
  Verdict verdict;
  for (std::uint64_t seed = first; seed < first + seeds && !verdict.noticed; ++seed) {
    const SimRun run = RunSeed(seed);
    if (run.violation.has_value()) {
      verdict.noticed = true;
      std::snprintf(verdict.text,
                    sizeof(verdict.text),
                    "%s at seed %llu: %s",
                    run.violation->oracle.c_str(),
                    static_cast<unsigned long long>(seed),
                    run.violation->what.c_str());
    }
  }
  return verdict;
}

/// The same in a process of its own: some mistakes are noticed by a CHECK, which ends the process.
Verdict RunMutantApart(const Mutant& mutant, std::uint64_t first, std::uint64_t seeds) {
  int ends[2];
  CHECK_EQ(pipe(ends), 0);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    const Verdict verdict = RunMutant(mutant, first, seeds);
    CHECK_EQ(write(ends[1], &verdict, sizeof(verdict)), static_cast<ssize_t>(sizeof(verdict)));
    _exit(0);
  }
  close(ends[1]);
  Verdict verdict;
  const ssize_t got = read(ends[0], &verdict, sizeof(verdict));
  close(ends[0]);
  int status = 0;
  CHECK_EQ(waitpid(child, &status, 0), child);
  if (got != static_cast<ssize_t>(sizeof(verdict))) {
    verdict.noticed = true;
    std::snprintf(verdict.text, sizeof(verdict.text), "a CHECK that ended the process");
  }
  return verdict;
}

}  // namespace

int RunMutants(std::uint64_t first, std::uint64_t seeds, const std::string& only) {
  // Before any mistake is on: the answers to compare with.
  for (const SimJob job : kSimJobs) {
    ExpectedRows(job);
  }
  int survived = 0;
  for (const Mutant& mutant : kMutants) {
    if (!only.empty() && only != mutant.name) {
      continue;
    }
    std::fflush(stdout);
    const Verdict verdict = RunMutantApart(mutant, first, seeds);
    survived += verdict.noticed ? 0 : 1;
    std::printf(
        "%-26s %s %s\n", mutant.name, verdict.noticed ? "noticed by" : "SURVIVED", verdict.text);
  }
  std::printf("%zu mistakes, %d survived\n", std::size(kMutants), survived);
  return survived == 0 ? 0 : 1;
}

}  // namespace thalweg::testing
