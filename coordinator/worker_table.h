// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_WORKER_TABLE_H_
#define THALWEG_COORDINATOR_WORKER_TABLE_H_

// The workers that are attached to this coordinator, when each was last heard of, and how many of
// its slots are taken.
//
// A worker that attaches while it still runs something that nobody wants any more gets no task
// before it has confirmed that this is gone: its slots are full in truth.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "coordinator/scheduler.h"

namespace thalweg::coordinator {

class WorkerTable {
 public:
  struct Worker {
    std::string exchange_address;
    std::uint32_t slots = 0;
    MonoTime last_heard;
    std::map<JobId, std::uint32_t> slots_in_use;
    std::map<JobId, Attempt> unwanted;  // Told to cancel these; not yet confirmed.
  };

  /// Adds a worker that is not in the table.
  void Add(const WorkerId& id, std::string exchange_address, std::uint32_t slots, MonoTime now);

  /// Takes the worker out, with its slots. False: it was not there.
  bool Remove(const WorkerId& id);

  /// Notes a sign of life.
  void OnHeard(const WorkerId& id, MonoTime now);

  /// Workers not heard of for longer than `patience` at `now`, oldest first.
  std::vector<WorkerId> LostWorkers(MonoTime now, Milliseconds patience) const;

  /// When the next worker would be lost if nothing is heard; absent without workers.
  std::optional<MonoTime> NextLoss(Milliseconds patience) const;

  /// Holds the worker's slots back until OnGone() of this attempt of the job, or of a higher one.
  void AddUnwanted(const WorkerId& id, const JobId& job, const Attempt& attempt);
  void OnGone(const WorkerId& id, const JobId& job, const Attempt& attempt);

  std::map<WorkerId, std::uint32_t> FreeSlots() const;

  /// Takes the slots of a placement. REQUIRES: they are free.
  void Reserve(const JobId& job, const Placement& placement);

  /// Gives back all slots of the job.
  void Release(const JobId& job);

  /// Null when it is not attached.
  const Worker* Find(const WorkerId& id) const;

  const std::map<WorkerId, Worker>& workers() const { return workers_; }

  /// Rises whenever slots may have become free.
  std::uint64_t version() const { return version_; }

 private:
  std::map<WorkerId, Worker> workers_;
  std::uint64_t version_ = 0;
};

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_WORKER_TABLE_H_
