// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_TESTS_TESTING_SIM_LANE_H_
#define THALWEG_TESTS_TESTING_SIM_LANE_H_

#include <memory>

#include "base/time.h"
#include "runtime/task/lane.h"
#include "tests/testing/sim_loop.h"
#include "tests/testing/sim_node.h"

namespace thalweg::testing {

struct SimLaneOptions {
  // What one slice of a task takes, seeded: so lanes overtake each other.
  Microseconds slice_min{1};
  Microseconds slice_max{200};
  // Once in so many slices the thread gets no core for up to this long: work piles up before the
  // lane's tasks while others run on, and the barriers of one checkpoint come far apart.
  std::uint64_t hiccup_once_in = 40;
  Microseconds hiccup_max{30'000};
};

/// A lane whose thread is the loop: its slices are events. Belongs to one incarnation of its node;
/// after a crash it does nothing any more and is destroyed by whoever made it.
class SimLane {
 public:
  /// `clock` is the node's; it outlives the lane.
  SimLane(SimNode& node, const Clock& clock, SimLaneOptions options = {});
  ~SimLane();

  runtime::Lane& lane();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_TESTING_SIM_LANE_H_
