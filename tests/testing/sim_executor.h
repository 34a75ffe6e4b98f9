// SPDX-License-Identifier: Apache-2.0
//
// Blocking work in virtual time. A work starts after a seeded delay, does all it does at that
// instant, and its reply is posted after a second delay; so works overtake each other as they do on
// a pool of threads.
//
// A crash of the node finds each work before its effect, and then a seeded choice decides whether
// the effect still happens (the disk had the request), or behind it. Either way the reply is lost.
// Destroying the executor drops the works whose time has not come.
#ifndef THALWEG_TESTS_TESTING_SIM_EXECUTOR_H_
#define THALWEG_TESTS_TESTING_SIM_EXECUTOR_H_

#include <cstddef>
#include <memory>

#include "base/executor.h"
#include "base/time.h"
#include "tests/testing/sim_node.h"

namespace thalweg::testing {

struct SimExecutorOptions {
  // Of each of the two delays of a work.
  Microseconds delay_min{50};
  Microseconds delay_max{2'000};
};

class SimExecutor final : public BlockingExecutor {
 public:
  explicit SimExecutor(SimNode& node, SimExecutorOptions options = {});
  ~SimExecutor() override;

  void Submit(UniqueFunction<UniqueFunction<void()>()> work, Mailbox& reply) override;

  /// From now on; a slow disk is one with large delays.
  void set_options(SimExecutorOptions options);

  /// Works whose reply has not been posted.
  std::size_t in_flight() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_TESTING_SIM_EXECUTOR_H_
