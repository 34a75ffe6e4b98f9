// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_SCHEDULER_H_
#define THALWEG_COORDINATOR_SCHEDULER_H_

// Which worker runs which part of a job.
//
// A slot is one instance of the job's pipeline: slot i holds subtask i of every vertex that has
// one. So a job needs as many slots as its widest vertex has tasks, and what travels forward stays
// in one process.

#include <cstdint>
#include <map>
#include <vector>

#include "base/ids.h"

namespace thalweg::coordinator {

/// The worker of each slot.
using Placement = std::vector<WorkerId>;

struct PlaceResult {
  Placement placement;              // Empty when slots are missing.
  std::uint32_t missing_slots = 0;  // How many more free slots are needed.
};

/// Deals `slot_count` slots to the workers with free ones: as evenly as their free slots allow, and
/// within that to the worker that held the slot in `previous`, whose memory and local files may
/// still be of use. Depends on its arguments alone.
PlaceResult Place(std::uint32_t slot_count,
                  const std::map<WorkerId, std::uint32_t>& free_slots,
                  const Placement& previous);

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_SCHEDULER_H_
