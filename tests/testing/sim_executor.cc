// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/sim_executor.h"

#include <cstdint>
#include <map>
#include <utility>

#include "base/check.h"

namespace thalweg::testing {

struct SimExecutor::State : std::enable_shared_from_this<State> {
  struct Work {
    UniqueFunction<UniqueFunction<void()>()> work;  // Null: done.
    UniqueFunction<void()> answer;                  // Of a work that is done.
    Mailbox* reply;
  };

  State(SimNode& owner, SimExecutorOptions delays)
      : node(owner), incarnation(owner.incarnation()), options(delays) {}

  /// Runs `step` of one work after a seeded delay.
  void Schedule(std::uint64_t id, void (State::*step)(std::uint64_t)) {
    SimLoop& loop = node.loop();
    loop.After(loop.RandomDelay(options.delay_min, options.delay_max),
               [weak = weak_from_this(), id, step] {
                 if (const std::shared_ptr<State> self = weak.lock(); self != nullptr) {
                   self->node.WhenRunning([self, id, step] { (self.get()->*step)(id); });
                 }
               });
  }

  void Perform(std::uint64_t id) {
    const auto found = works.find(id);
    if (found == works.end()) {
      return;  // The node crashed.
    }
    auto work = std::exchange(found->second.work, nullptr);
    UniqueFunction<void()> answer = work();
    const auto still = works.find(id);  // The work may have crashed the node, in a test.
    if (still != works.end()) {
      still->second.answer = std::move(answer);
      Schedule(id, &State::Answer);
    }
  }

  void Answer(std::uint64_t id) {
    const auto found = works.find(id);
    if (found == works.end()) {
      return;
    }
    Work work = std::move(found->second);
    works.erase(found);
    work.reply->Post(std::move(work.answer));
  }

  void Crash() {
    std::map<std::uint64_t, Work> dropped = std::exchange(works, {});
    for (auto& [id, work] : dropped) {
      if (work.work != nullptr && node.loop().random().Chance(2)) {
        work.work();  // The disk had the request already.
      }
    }
  }

  SimNode& node;
  const std::uint32_t incarnation;
  SimExecutorOptions options;
  std::uint64_t next_id = 0;
  std::map<std::uint64_t, Work>
      works;  // Ordered, so that a crash decides in the same order in each run.
};

SimExecutor::SimExecutor(SimNode& node, SimExecutorOptions options)
    : state_(std::make_shared<State>(node, options)) {
  CHECK(node.alive());
  node.AtCrash([state = std::weak_ptr(state_)] {
    if (const std::shared_ptr<State> living = state.lock(); living != nullptr) {
      living->Crash();
    }
  });
}

SimExecutor::~SimExecutor() = default;

void SimExecutor::Submit(UniqueFunction<UniqueFunction<void()>()> work, Mailbox& reply) {
  if (!state_->node.Lives(state_->incarnation)) {
    return;
  }
  const std::uint64_t id = state_->next_id++;
  state_->works.emplace(id, State::Work{std::move(work), nullptr, &reply});
  state_->Schedule(id, &State::Perform);
}

void SimExecutor::set_options(SimExecutorOptions options) {
  state_->options = options;
}

std::size_t SimExecutor::in_flight() const {
  return state_->works.size();
}

}  // namespace thalweg::testing
