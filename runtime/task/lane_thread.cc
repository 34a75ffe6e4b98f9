// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/lane_thread.h"

#include <utility>

#include <pthread.h>
#include <sched.h>

namespace thalweg::runtime {

LaneThread::LaneThread(const Clock& clock, LaneThreadOptions options)
    : clock_(clock),
      options_(std::move(options)),
      lane_([this] { Notify(); }),
      thread_([this] { RunThread(); }) {}

LaneThread::~LaneThread() {
  Stop();
}

void LaneThread::Stop() {
  if (!thread_.joinable()) {
    return;
  }
  stopping_.store(true);
  Notify();
  thread_.join();
  lane_.Clear();
}

void LaneThread::RunThread() {
  pthread_setname_np(pthread_self(), options_.name.substr(0, 15).c_str());
  if (options_.core.has_value()) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(*options_.core, &cores);
    pthread_setaffinity_np(pthread_self(), sizeof(cores), &cores);
  }
  while (!stopping_.load()) {
    lane_.signal().Clear();
    while (!stopping_.load() && lane_.RunOnce(clock_.Now(), clock_.WallNow())) {
    }
    Park();
  }
}

void LaneThread::Park() {
  const std::optional<MonoTime> wake_at = lane_.WakeAt();
  MutexLock lock(mutex_);
  while (!notified_ && !stopping_.load()) {
    if (!wake_at.has_value()) {
      changed_.Wait(mutex_);
      continue;
    }
    const Microseconds patience = *wake_at - clock_.Now();
    if (patience <= Microseconds(0)) {
      break;
    }
    changed_.WaitFor(mutex_, patience);
  }
  notified_ = false;
}

void LaneThread::Notify() {
  MutexLock lock(mutex_);
  notified_ = true;
  changed_.NotifyOne();
}

}  // namespace thalweg::runtime
