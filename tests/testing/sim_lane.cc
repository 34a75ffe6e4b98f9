// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/sim_lane.h"

#include <optional>
#include <utility>

namespace thalweg::testing {

// At most one event of a lane waits in the loop: for its next slice, or for its next timer.
struct SimLane::State : std::enable_shared_from_this<SimLane::State> {
  State(SimNode& its_node, const Clock& its_clock, SimLaneOptions its_options)
      : node(its_node),
        incarnation(its_node.incarnation()),
        clock(its_clock),
        options(its_options) {}

  void Schedule(MonoTime due) {
    due = std::max(due, without_core_until);
    if (waiting.has_value()) {
      if (waiting_due <= due) {
        return;
      }
      node.loop().Cancel(*waiting);
    }
    waiting_due = due;
    waiting = node.loop().At(due, [self = weak_from_this()] {
      if (const std::shared_ptr<State> state = self.lock()) {
        state->waiting.reset();
        state->Resume();
      }
    });
  }

  void Resume() {
    if (!node.Lives(incarnation)) {
      return;
    }
    node.WhenRunning([self = weak_from_this()] {
      if (const std::shared_ptr<State> state = self.lock(); state && state->lane.has_value()) {
        state->RunSlice();
      }
    });
  }

  MonoTime NextSlice() {
    SimLoop& loop = node.loop();
    if (options.hiccup_once_in > 0 && loop.random().Chance(options.hiccup_once_in)) {
      without_core_until = loop.now() + loop.RandomDelay(options.slice_min, options.hiccup_max);
    }
    return loop.now() + loop.RandomDelay(options.slice_min, options.slice_max);
  }

  void RunSlice() {
    lane->signal().Clear();
    SimLoop& loop = node.loop();
    if (lane->RunOnce(clock.Now(), clock.WallNow()) || lane->signal().awake()) {
      Schedule(NextSlice());
    } else if (const std::optional<MonoTime> due = lane->WakeAt()) {
      Schedule(std::max(*due, loop.now() + options.slice_min));
    }
  }

  SimNode& node;
  const std::uint32_t incarnation;
  const Clock& clock;
  const SimLaneOptions options;
  std::optional<SimEventId> waiting;
  MonoTime waiting_due;
  MonoTime without_core_until{};
  std::optional<runtime::Lane> lane;
};

SimLane::SimLane(SimNode& node, const Clock& clock, SimLaneOptions options)
    : state_(std::make_shared<State>(node, clock, options)) {
  state_->lane.emplace([state = state_.get()] {
    SimLoop& loop = state->node.loop();
    state->Schedule(loop.now() +
                    loop.RandomDelay(state->options.slice_min, state->options.slice_max));
  });
}

SimLane::~SimLane() {
  if (state_->waiting.has_value()) {
    state_->node.loop().Cancel(*state_->waiting);
  }
  state_->lane.reset();
}

runtime::Lane& SimLane::lane() {
  return *state_->lane;
}

}  // namespace thalweg::testing
