// SPDX-License-Identifier: Apache-2.0
//
// Coordinators under everything that a network, a disk and a scheduler can do to them, from seeds;
// and the proof that the witness would see it if one of their rules were broken.

#include <cstdio>
#include <string>

#include "base/mutation.h"
#include "coordinator/test_graphs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/layout.h"
#include "tests/coordinator/fake_cluster.h"
#include "tests/testing/scoped_mutation.h"

namespace thalweg::coordinator {
namespace {

using ::testing::IsEmpty;

constexpr std::size_t kCoordinators = 2;
constexpr std::size_t kWorkers = 3;
constexpr Microseconds kFaultTime{15'000'000};

/// One run of one job, from its submission to its end.
class FaultRun {
 public:
  explicit FaultRun(std::uint64_t seed) : cluster_(seed, kCoordinators, kWorkers) {
    network_.break_once_in = 400;
    cluster_.network().set_options(network_);
    cluster_.StartCoordinator(0);
  }

  /// Faults, then peace, then the end of the job. False: it did not end.
  bool Run() {
    // The job may end among the faults or after them.
    const Microseconds input_end = cluster_.loop().RandomDelay(kFaultTime / 3, 2 * kFaultTime);
    while (cluster_.loop().now() < MonoTime(kFaultTime) && !outcome_) {
      cluster_.loop().RunFor(
          cluster_.loop().RandomDelay(Microseconds(10'000), Microseconds(900'000)));
      if (cluster_.loop().now() > MonoTime(input_end)) {
        cluster_.EndInput();
      }
      TakeCare();
      Fault();
    }
    Heal();
    const bool ended = cluster_.RunUntil([&] { return HasEnded(); }, 300);
    cluster_.witness().CheckLog(FakeCluster::Job());
    if (ended) {
      cluster_.witness().OnFinished(FakeCluster::Job());
    }
    return ended;
  }

  FakeCluster& cluster() { return cluster_; }

 private:
  Random& random() { return cluster_.loop().random(); }

  /// What a supervisor and a user do: start what is down, submit until it is accepted, and watch.
  void TakeCare() {
    for (std::size_t i = 0; i < kCoordinators; ++i) {
      auto& coordinator = cluster_.coordinator(i);
      if (coordinator.process != nullptr && coordinator.process->over()) {
        cluster_.CrashCoordinator(i);
      }
    }
    if (cluster_.Leader() == nullptr) {
      const std::size_t i = random().Uniform(kCoordinators);
      if (cluster_.coordinator(i).process == nullptr) {
        cluster_.StartCoordinator(i);
      }
    }
    for (std::size_t i = 0; i < kWorkers; ++i) {
      if (cluster_.worker(i).process == nullptr && random().Chance(2)) {
        cluster_.StartWorker(i);
      }
    }
    if (CoordinatorProcess* leader = cluster_.Leader();
        leader != nullptr && leader->leading() != asked_) {
      asked_ = leader->leading();
      leader->service().Submit({.job = FakeCluster::Job(), .graph = FakeCluster::Graph(3)},
                               leader->mailbox(),
                               [](const StatusOr<JobId>&) {});
      leader->service().Watch(
          FakeCluster::Job(), leader->mailbox(), [this](const StatusOr<JobOutcome>& outcome) {
            if (outcome.ok()) {
              outcome_ = *outcome;
            } else {
              asked_ = std::nullopt;  // Ask again.
            }
          });
    }
  }

  void Fault() {
    const auto kind = random().Chance(3) ? testing::CrashKind::kHost : testing::CrashKind::kProcess;
    const std::size_t c = random().Uniform(kCoordinators);
    const std::size_t w = random().Uniform(kWorkers);
    auto& coordinator = cluster_.coordinator(c);
    switch (random().Uniform(12)) {
      case 0:
        cluster_.CrashCoordinator(c, kind);
        break;
      case 1:
        CrashAtAppend(c, kind);
        break;
      case 2:
        cluster_.CrashWorker(w, kind);
        break;
      case 3:  // A second leader while the first one lives.
        if (coordinator.process == nullptr) {
          cluster_.StartCoordinator(c);
        }
        break;
      case 4:
        if (coordinator.process != nullptr) {
          coordinator.node->Pause();
        }
        break;
      case 5:
        if (coordinator.process != nullptr) {
          coordinator.node->Resume();
        }
        break;
      case 6:
        coordinator.store->FailAtRandom(
            testing::StoreCalls::kWrites, 4, testing::StoreFault::kLostReply);
        break;
      case 7:
        coordinator.store->FailAtRandom(
            testing::StoreCalls::kAll, 4, testing::StoreFault::kRefused);
        break;
      case 8:
        coordinator.store->Heal();
        break;
      case 9:
        if (coordinator.process != nullptr) {
          coordinator.process->executor().set_options(
              {.delay_min = Microseconds(50), .delay_max = Microseconds(400'000)});
        }
        break;
      case 10:
        cluster_.network().Partition(*coordinator.node, *cluster_.worker(w).node);
        break;
      case 11:
        cluster_.network().HealAll();
        break;
    }
  }

  /// The process ends when it next asks its store to create a key: before it, or with the reply
  /// lost.
  void CrashAtAppend(std::size_t c, testing::CrashKind kind) {
    cluster_.coordinator(c).store->set_hook(
        [this, c, kind, armed = true](std::string_view call, std::string_view) mutable {
          if (armed && call == "PutIfAbsent") {
            armed = false;
            cluster_.loop().After(Microseconds(0),
                                  [this, c, kind] { cluster_.CrashCoordinator(c, kind); });
          }
        });
  }

  void Heal() {
    network_.break_once_in = 0;
    cluster_.network().set_options(network_);
    cluster_.network().HealAll();
    for (std::size_t i = 0; i < kCoordinators; ++i) {
      auto& coordinator = cluster_.coordinator(i);
      coordinator.store->set_hook(nullptr);
      coordinator.store->Heal();
      if (coordinator.process != nullptr) {
        coordinator.node->Resume();
        coordinator.process->executor().set_options({});
      }
    }
    cluster_.EndInput();
  }

  bool HasEnded() {
    if (cluster_.loop().now() >= next_care_) {
      next_care_ = cluster_.loop().now() + Microseconds(500'000);
      TakeCare();
    }
    return outcome_.has_value();
  }

  testing::SimNetworkOptions network_;
  FakeCluster cluster_;
  std::optional<Generation> asked_;  // The leader that was asked last.
  std::optional<JobOutcome> outcome_;
  MonoTime next_care_{};
};

class CoordinatorFaultsTest : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(CoordinatorFaultsTest, KeepsItsPromisesAndBringsTheJobToItsEnd) {
  constexpr std::uint64_t kSeedsPerCase = 25;
  for (std::uint64_t seed = GetParam() * kSeedsPerCase; seed < (GetParam() + 1) * kSeedsPerCase;
       ++seed) {
    FaultRun run(seed);
    const bool ended = run.Run();
    EXPECT_TRUE(ended) << run.cluster().loop().Describe();
    EXPECT_THAT(run.cluster().witness().violations(), IsEmpty());
    if (HasFailure()) {
      std::fprintf(stderr, "seed %lu\n%s\n", seed, run.cluster().Log().c_str());
      return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, CoordinatorFaultsTest, ::testing::Range<std::uint64_t>(0, 8));

TEST(CoordinatorFaultsTest, TheSameSeedGivesTheSameRun) {
  std::uint64_t hashes[2];
  for (std::uint64_t& hash : hashes) {
    FaultRun run(11);
    run.Run();
    hash = run.cluster().loop().trace_hash();
  }
  EXPECT_EQ(hashes[0], hashes[1]);
}

/// With the mistake switched on, some seed must show it.
class CoordinatorMutationTest : public ::testing::TestWithParam<Mutation> {};

TEST_P(CoordinatorMutationTest, IsNoticed) {
  constexpr std::uint64_t kSeedsMax = 400;
  const testing::ScopedMutation mutation(GetParam());
  for (std::uint64_t seed = 0; seed < kSeedsMax; ++seed) {
    FaultRun run(seed);
    const bool ended = run.Run();
    const auto& violations = run.cluster().witness().violations();
    if (!violations.empty() || !ended) {
      std::printf("seed %lu: %s\n", seed, ended ? violations[0].c_str() : "The job does not end.");
      return;
    }
  }
  ADD_FAILURE() << "No seed shows it.";
}

INSTANTIATE_TEST_SUITE_P(Coordinator,
                         CoordinatorMutationTest,
                         ::testing::Values(Mutation::kManifestBeforeAcks,
                                           Mutation::kCompleteBeforeManifest,
                                           Mutation::kRestoreGateOff,
                                           Mutation::kStaleAttemptAccepted,
                                           Mutation::kRestoreSecondNewest,
                                           Mutation::kLostSlotIgnored,
                                           Mutation::kFinishedBeforeCommit,
                                           Mutation::kCommandBeforeGeneration,
                                           Mutation::kRestoreWhileAppending));

}  // namespace
}  // namespace thalweg::coordinator
