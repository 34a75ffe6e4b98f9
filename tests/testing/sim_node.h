// SPDX-License-Identifier: Apache-2.0
//
// A simulated process: it can crash, start again and be stopped and continued like a zombie.
//
// Mailboxes, timers, executors and transports belong to the incarnation of the node in which they
// were made. After Crash() nothing of that incarnation runs, sends or posts any more; whoever made
// the process's objects destroys them (they may close connections then: no one hears it), calls
// Restart() and makes new ones.
//
//   SimNode node(loop, "worker-1");
//   auto worker = std::make_unique<Worker>(...over SimMailbox(node), SimTransport(network,
//   node)...); network.Crash(node, CrashKind::kProcess);  // Tells the peers;
//   tests/testing/sim_transport.h worker.reset(); node.Restart();
#ifndef THALWEG_TESTS_TESTING_SIM_NODE_H_
#define THALWEG_TESTS_TESTING_SIM_NODE_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/function.h"
#include "base/time.h"
#include "tests/testing/sim_loop.h"

namespace thalweg::testing {

struct SimNodeOptions {
  // From Post() to the run of the mail, seeded. Above zero, so that who posts to itself for ever
  // lets time go on.
  Microseconds mail_delay_min{1};
  Microseconds mail_delay_max{20};
};

/// Outlives all that is made on it. Driven by the test, never by the code under test.
class SimNode {
 public:
  SimNode(SimLoop& loop, std::string name, SimNodeOptions options = {});

  SimNode(const SimNode&) = delete;
  SimNode& operator=(const SimNode&) = delete;

  SimLoop& loop() const { return loop_; }
  const std::string& name() const { return name_; }
  const SimNodeOptions& options() const { return options_; }

  /// 0 at first, one more with each crash.
  std::uint32_t incarnation() const { return incarnation_; }
  bool alive() const { return alive_; }
  /// Is what was made in `incarnation` still part of a living process?
  bool Lives(std::uint32_t incarnation) const { return alive_ && incarnation == incarnation_; }

  /// Ends the process: all mails, timers and works in flight end here. Use SimNetwork::Crash(),
  /// which also tells the peers, unless the node has no connections.
  void Crash();

  /// Allows a new incarnation to be made. REQUIRES: crashed.
  void Restart();

  /// Stops the process as SIGSTOP does: mails, timers and works wait. The world goes on, and what
  /// arrives meanwhile waits in line. Resume() lets it all run: the way to a zombie.
  void Pause();
  void Resume();
  bool paused() const { return paused_; }

  /// For the simulated parts of a node: `at_crash` runs when this incarnation ends, in the order of
  /// the calls.
  void AtCrash(UniqueFunction<void()> at_crash);
  /// Runs `event` now, or when the pause is over; never if the incarnation ends before.
  void WhenRunning(UniqueFunction<void()> event);

 private:
  SimLoop& loop_;
  const std::string name_;
  const SimNodeOptions options_;
  std::uint32_t incarnation_ = 0;
  bool alive_ = true;
  bool paused_ = false;
  std::vector<UniqueFunction<void()>> at_crash_;
  std::deque<UniqueFunction<void()>> waiting_;  // For the end of the pause.
};

/// Runs mails one at a time, each as an event of the loop, in the order of posting.
class SimMailbox final : public Mailbox {
 public:
  explicit SimMailbox(SimNode& node);
  ~SimMailbox() override;

  void Post(UniqueFunction<void()> mail) override;

  /// Refuses further mails and destroys those that wait, unrun; the destructor does the same.
  void Close();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

class SimTimers final : public Timers {
 public:
  explicit SimTimers(SimNode& node);
  ~SimTimers() override;

  TimerHandle At(MonoTime due, Mailbox& mailbox, UniqueFunction<void()> mail) override;
  bool Cancel(TimerHandle timer) override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_TESTING_SIM_NODE_H_
