// SPDX-License-Identifier: Apache-2.0

#include "coordinator/worker_table.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace thalweg::coordinator {
namespace {

std::uint32_t FreeSlotsOf(const WorkerTable::Worker& worker) {
  if (!worker.unwanted.empty()) {
    return 0;
  }
  std::uint32_t taken = 0;
  for (const auto& [job, slots] : worker.slots_in_use) {
    taken += slots;
  }
  CHECK_LE(taken, worker.slots);
  return worker.slots - taken;
}

}  // namespace

void WorkerTable::Add(const WorkerId& id,
                      std::string exchange_address,
                      std::uint32_t slots,
                      MonoTime now) {
  const bool added = workers_
                         .try_emplace(id,
                                      Worker{.exchange_address = std::move(exchange_address),
                                             .slots = slots,
                                             .last_heard = now,
                                             .slots_in_use = {},
                                             .unwanted = {}})
                         .second;
  CHECK(added);
  ++version_;
}

bool WorkerTable::Remove(const WorkerId& id) {
  return workers_.erase(id) > 0;
}

void WorkerTable::OnHeard(const WorkerId& id, MonoTime now) {
  if (const auto found = workers_.find(id); found != workers_.end()) {
    found->second.last_heard = std::max(found->second.last_heard, now);
  }
}

std::vector<WorkerId> WorkerTable::LostWorkers(MonoTime now, Milliseconds patience) const {
  std::vector<std::pair<MonoTime, WorkerId>> lost;
  for (const auto& [id, worker] : workers_) {
    if (now - worker.last_heard > patience) {
      lost.emplace_back(worker.last_heard, id);
    }
  }
  std::sort(lost.begin(), lost.end());
  std::vector<WorkerId> ids;
  for (auto& [heard, id] : lost) {
    ids.push_back(std::move(id));
  }
  return ids;
}

std::optional<MonoTime> WorkerTable::NextLoss(Milliseconds patience) const {
  std::optional<MonoTime> next;
  for (const auto& [id, worker] : workers_) {
    // One tick more: at exactly `patience` a worker is not lost yet.
    const MonoTime at = worker.last_heard + patience + Microseconds(1);
    next = next ? std::min(*next, at) : at;
  }
  return next;
}

void WorkerTable::AddUnwanted(const WorkerId& id, const JobId& job, const Attempt& attempt) {
  if (const auto found = workers_.find(id); found != workers_.end()) {
    Attempt& highest = found->second.unwanted[job];
    highest = std::max(highest, attempt);
  }
}

void WorkerTable::OnGone(const WorkerId& id, const JobId& job, const Attempt& attempt) {
  const auto worker = workers_.find(id);
  if (worker == workers_.end()) {
    return;
  }
  auto& unwanted = worker->second.unwanted;
  if (const auto found = unwanted.find(job); found != unwanted.end() && found->second <= attempt) {
    unwanted.erase(found);
    ++version_;
  }
}

std::map<WorkerId, std::uint32_t> WorkerTable::FreeSlots() const {
  std::map<WorkerId, std::uint32_t> free;
  for (const auto& [id, worker] : workers_) {
    free.emplace(id, FreeSlotsOf(worker));
  }
  return free;
}

void WorkerTable::Reserve(const JobId& job, const Placement& placement) {
  for (const WorkerId& id : placement) {
    const auto found = workers_.find(id);
    CHECK(found != workers_.end());
    CHECK_GT(FreeSlotsOf(found->second), 0u);
    ++found->second.slots_in_use[job];
  }
}

void WorkerTable::Release(const JobId& job) {
  for (auto& [id, worker] : workers_) {
    version_ += worker.slots_in_use.erase(job);
  }
}

const WorkerTable::Worker* WorkerTable::Find(const WorkerId& id) const {
  const auto found = workers_.find(id);
  return found == workers_.end() ? nullptr : &found->second;
}

}  // namespace thalweg::coordinator
