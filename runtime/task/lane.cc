// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/lane.h"

#include <algorithm>
#include <utility>

namespace thalweg::runtime {

Lane::Lane(UniqueFunction<void()> notify)
    : signal_(std::make_shared<LaneSignal>(std::move(notify))),
      inbox_(std::make_shared<TaskInbox>(signal_)) {}

Lane::~Lane() {
  inbox_->Close();
  tasks_.clear();
  signal_->Close();
}

void Lane::Add(std::unique_ptr<Task> task) {
  tasks_.push_back({.task = std::move(task)});
}

void Lane::Remove(const TaskInbox& inbox) {
  const auto found = std::ranges::find_if(
      tasks_, [&](const Entry& entry) { return entry.task->inbox().get() == &inbox; });
  if (found == tasks_.end()) {
    return;
  }
  if (last_ == found->task.get()) {
    last_ = nullptr;
  }
  tasks_.erase(found);
}

void Lane::Clear() {
  last_ = nullptr;
  tasks_.clear();
}

bool Lane::RunOnce(MonoTime now, WallTime wall) {
  if (last_ != nullptr) {
    std::exchange(last_, nullptr)->EndSlice(now);
  }
  const bool ran_mails = RunMails();
  for (std::size_t looked = 0; looked < tasks_.size(); ++looked) {
    next_ = next_ < tasks_.size() ? next_ : 0;
    Entry& entry = tasks_[next_++];
    if (CanRun(entry, now)) {
      entry.progress = entry.task->Run(now, wall);
      last_ = entry.task.get();
      return true;
    }
  }
  return ran_mails;
}

std::optional<MonoTime> Lane::WakeAt() const {
  std::optional<MonoTime> first;
  for (const Entry& entry : tasks_) {
    const std::optional<MonoTime> at = entry.task->WakeAt();
    if (at.has_value() && (!first.has_value() || *at < *first)) {
      first = at;
    }
  }
  return first;
}

// The wake-up is taken before the task looks for work, so one that comes meanwhile is not lost.
bool Lane::CanRun(Entry& entry, MonoTime now) {
  if (entry.progress == Progress::kDone) {
    return false;
  }
  const bool woken = entry.task->inbox()->TakeWake();
  const std::optional<MonoTime> at = entry.task->WakeAt();
  return woken || entry.progress == Progress::kMoved || (at.has_value() && *at <= now);
}

bool Lane::RunMails() {
  std::vector<UniqueFunction<void()>> mails = inbox_->TakeMails();
  for (UniqueFunction<void()>& mail : mails) {
    mail();
  }
  return !mails.empty();
}

}  // namespace thalweg::runtime
