// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/sim_faults.h"

#include <memory>
#include <utility>

#include "proto/control.pb.h"

namespace thalweg::testing {
namespace {

// How long a process stays away, a link stays cut, a disk fails: from a moment to longer than any
// patience.
constexpr std::int64_t kShortest = 1'000;
constexpr std::int64_t kLongest = 6'000'000;
// A leader that is stopped until it has lost its workers is not stopped for longer.
constexpr Microseconds kLostWorkersAtLast{30'000'000};

}  // namespace

SimFaults::SimFaults(SimCluster& cluster, SimLoop& loop, std::uint64_t count, Microseconds horizon)
    : cluster_(cluster), loop_(loop), random_(loop.random().Next()) {
  for (std::uint64_t i = 0; i < count; ++i) {
    Draw(Microseconds(
        static_cast<std::int64_t>(random_.Uniform(static_cast<std::uint64_t>(horizon.count())))));
  }
}

void SimFaults::Draw(Microseconds begin) {
  using Fault = void (SimFaults::*)(Microseconds);
  // Crashes stand here more than once: they are what everything else must survive.
  constexpr Fault kFaults[] = {&SimFaults::CrashWorkerAt,
                               &SimFaults::CrashWorkerAt,
                               &SimFaults::CrashCoordinatorAt,
                               &SimFaults::CrashAtFrame,
                               &SimFaults::CrashAtFrame,
                               &SimFaults::CrashAtDiskCall,
                               &SimFaults::CrashAtDiskCall,
                               &SimFaults::SecondCoordinatorAt,
                               &SimFaults::UsurpAt,
                               &SimFaults::PauseAt,
                               &SimFaults::PauseAt,
                               &SimFaults::PartitionAt,
                               &SimFaults::BreakAt,
                               &SimFaults::FailDiskAt,
                               &SimFaults::FailDiskAt,
                               &SimFaults::FillDiskAt};
  (this->*kFaults[random_.Uniform(std::size(kFaults))])(begin);
}

void SimFaults::At(Microseconds begin, std::string description, UniqueFunction<void()> event) {
  descriptions_.push_back("at " + std::to_string(begin.count()) + " us " + std::move(description));
  loop_.After(begin, std::move(event));
}

Microseconds SimFaults::Between(std::int64_t min_micros, std::int64_t max_micros) {
  // Short and long spans are equally likely: the exponent is uniform.
  std::int64_t span = min_micros;
  while (span < max_micros && !random_.Chance(4)) {
    span *= 2;
  }
  const auto width = static_cast<std::uint64_t>(span);
  return Microseconds(
      std::min(max_micros, min_micros + static_cast<std::int64_t>(random_.Uniform(width))));
}

SimNode& SimFaults::AnyNode() {
  const std::size_t workers = cluster_.worker_count();
  const std::size_t index = random_.Uniform(workers + cluster_.coordinator_count());
  return index < workers ? cluster_.worker_node(index) : cluster_.coordinator_node(index - workers);
}

void SimFaults::CrashAndRestartWorker(std::size_t host, CrashKind kind) {
  cluster_.CrashWorker(host, kind);
  loop_.After(Between(kShortest, kLongest), [this, host] { cluster_.StartWorker(host); });
}

void SimFaults::CrashAndRestartCoordinator(std::size_t host, CrashKind kind) {
  cluster_.CrashCoordinator(host, kind);
  loop_.After(Between(kShortest, kLongest), [this, host] { cluster_.StartCoordinator(host); });
}

void SimFaults::CrashWorkerAt(Microseconds begin) {
  const std::size_t host = AnyWorker();
  const CrashKind kind = AnyCrash();
  At(begin, "worker " + std::to_string(host) + " crashes", [this, host, kind] {
    CrashAndRestartWorker(host, kind);
  });
}

void SimFaults::CrashCoordinatorAt(Microseconds begin) {
  const std::size_t host = AnyCoordinator();
  const CrashKind kind = AnyCrash();
  At(begin, "coordinator " + std::to_string(host) + " crashes", [this, host, kind] {
    CrashAndRestartCoordinator(host, kind);
  });
}

void SimFaults::SecondCoordinatorAt(Microseconds begin) {
  const std::size_t host = AnyCoordinator();
  At(begin, "coordinator " + std::to_string(host) + " starts", [this, host] {
    cluster_.StartCoordinator(host);
  });
}

// The stopped leader does not know of the other one when it goes on; and when that one crashes, the
// workers that obeyed it dial the first one again.
void SimFaults::UsurpAt(Microseconds begin) {
  const std::size_t first = AnyCoordinator();
  const std::size_t second = (first + 1) % cluster_.coordinator_count();
  const Microseconds pause = Between(kShortest, 300'000);
  At(begin,
     "coordinator " + std::to_string(first) + " is stopped until its workers obey coordinator " +
         std::to_string(second) + ", which crashes " + std::to_string(pause.count()) + " us later",
     [this, first, second, pause] {
       SimNode& node = cluster_.coordinator_node(first);
       if (first == second || !node.alive() || node.paused()) {
         return;
       }
       cluster_.StartCoordinator(second);
       node.Pause();
       auto over = std::make_shared<bool>(false);
       const auto resume = [&node, incarnation = node.incarnation()] {
         if (node.Lives(incarnation) && node.paused()) {
           node.Resume();
         }
       };
       loop_.After(kLostWorkersAtLast, resume);
       const std::string usurper = cluster_.coordinator_node(second).name();
       cluster_.AddFrameHook([this, over, resume, usurper, second, pause](const FrameEvent& frame) {
         proto::CoordinatorMessage message;
         if (*over || frame.from.name() != usurper || !message.ParseFromString(frame.frame.head) ||
             !message.has_deploy()) {
           return;
         }
         *over = true;
         loop_.After(pause, [this, resume, second] {
           resume();
           CrashAndRestartCoordinator(second, CrashKind::kProcess);
         });
       });
     });
}

void SimFaults::PauseAt(Microseconds begin) {
  SimNode& node = AnyNode();
  const Microseconds span = Between(kShortest, kLongest);
  At(begin,
     node.name() + " is stopped for " + std::to_string(span.count()) + " us",
     [this, &node, span] {
       if (node.alive() && !node.paused()) {
         node.Pause();
         loop_.After(span, [&node, incarnation = node.incarnation()] {
           if (node.Lives(incarnation) && node.paused()) {
             node.Resume();
           }
         });
       }
     });
}

void SimFaults::PartitionAt(Microseconds begin) {
  SimNode& a = AnyNode();
  SimNode& b = AnyNode();
  if (&a == &b) {
    return;
  }
  const Microseconds span = Between(kShortest, kLongest);
  At(begin,
     a.name() + " and " + b.name() + " are parted for " + std::to_string(span.count()) + " us",
     [this, &a, &b, span] {
       cluster_.network().Partition(a, b);
       loop_.After(span, [this, &a, &b] { cluster_.network().Heal(a, b); });
     });
}

void SimFaults::BreakAt(Microseconds begin) {
  SimNode& a = AnyNode();
  SimNode& b = AnyNode();
  At(begin, "links of " + a.name() + " and " + b.name() + " break", [this, &a, &b] {
    cluster_.network().Break(a, b);
  });
}

void SimFaults::CrashAtFrame(Microseconds begin) {
  const std::uint64_t frames = 1 + random_.Uniform(200);
  const bool sender = random_.Chance(2);
  const CrashKind kind = AnyCrash();
  At(begin,
     "the " + std::string(sender ? "sender" : "receiver") + " of the frame " +
         std::to_string(frames) + " later crashes",
     [this, frames, sender, kind] {
       auto left = std::make_shared<std::uint64_t>(frames);
       cluster_.AddFrameHook([this, left, sender, kind](const FrameEvent& frame) {
         if (*left == 0 || --*left > 0) {
           return;
         }
         const std::string name = (sender ? frame.from : frame.to).name();
         // In an event of its own: the sender is in the middle of a call.
         loop_.After(Microseconds(0), [this, name, kind] {
           for (std::size_t host = 0; host < cluster_.worker_count(); ++host) {
             if (cluster_.worker_node(host).name() == name) {
               CrashAndRestartWorker(host, kind);
             }
           }
           for (std::size_t host = 0; host < cluster_.coordinator_count(); ++host) {
             if (cluster_.coordinator_node(host).name() == name) {
               CrashAndRestartCoordinator(host, kind);
             }
           }
         });
       });
     });
}

void SimFaults::CrashAtDiskCall(Microseconds begin) {
  const std::size_t host = AnyWorker();
  const bool files = random_.Chance(2);
  const std::uint64_t calls = random_.Uniform(12);
  const CrashKind kind = AnyCrash();
  At(begin,
     "worker " + std::to_string(host) + " crashes at the call " + std::to_string(calls) +
         " later of its " + (files ? "files" : "checkpoints"),
     [this, host, files, calls, kind] {
       FaultyStore& store =
           files ? cluster_.files_of_worker(host) : cluster_.checkpoints_of_worker(host);
       auto left = std::make_shared<std::uint64_t>(calls + 1);
       store.set_hook([this, left, host, kind](std::string_view, std::string_view) {
         if (*left > 0 && --*left == 0) {
           loop_.After(Microseconds(0), [this, host, kind] { CrashAndRestartWorker(host, kind); });
         }
       });
     });
}

void SimFaults::FailDiskAt(Microseconds begin) {
  const bool worker = !random_.Chance(3);
  const std::size_t host = worker ? AnyWorker() : AnyCoordinator();
  const StoreFault fault = random_.Chance(2) ? StoreFault::kRefused : StoreFault::kLostReply;
  const std::uint64_t once_in = 1 + random_.Uniform(6);
  const bool files = worker && random_.Chance(2);
  FaultyStore& store = !worker ? cluster_.checkpoints_of_coordinator(host)
                       : files ? cluster_.files_of_worker(host)
                               : cluster_.checkpoints_of_worker(host);
  const Microseconds span = Between(kShortest, kLongest / 4);
  At(begin,
     std::string(worker ? "worker " : "coordinator ") + std::to_string(host) + "'s " +
         (files ? "files" : "checkpoints") + " fail once in " + std::to_string(once_in) + " for " +
         std::to_string(span.count()) + " us",
     [this, &store, fault, once_in, span] {
       store.FailAtRandom(StoreCalls::kWrites, once_in, fault);
       loop_.After(span, [&store] { store.Heal(); });
     });
}

void SimFaults::FillDiskAt(Microseconds begin) {
  const std::size_t host = AnyWorker();
  const bool files = random_.Chance(2);
  FaultyStore& store =
      files ? cluster_.files_of_worker(host) : cluster_.checkpoints_of_worker(host);
  const std::uint64_t space = random_.Uniform(2'000);
  const Microseconds span = Between(kShortest, kLongest / 4);
  At(begin,
     "worker " + std::to_string(host) + "'s disk has " + std::to_string(space) +
         " bytes left for " + std::to_string(span.count()) + " us",
     [this, &store, space, span] {
       store.SetSpace(space);
       loop_.After(span, [&store] { store.Heal(); });
     });
}

}  // namespace thalweg::testing
