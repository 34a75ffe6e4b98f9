// SPDX-License-Identifier: Apache-2.0
//
// Blocking works of one part of a task, one after another in the order of the calls.
//
// A part can go at any time, while a work is on its way: what the work touches it must own or know
// to outlive the part; its outcome then reaches nobody.
#ifndef THALWEG_CONNECTORS_COMMON_SERIAL_WORK_H_
#define THALWEG_CONNECTORS_COMMON_SERIAL_WORK_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <utility>

#include "base/executor.h"
#include "base/function.h"

namespace thalweg::connectors {

/// Used on one lane. `executor` and `mailbox` outlive it.
class SerialWork {
 public:
  SerialWork(BlockingExecutor& executor, Mailbox& mailbox);

  /// Runs `work` on the executor once all works before have ended, then `then` with its result on
  /// the lane. Neither runs once this object has gone.
  template <class Result>
  void Add(UniqueFunction<Result()> work, UniqueFunction<void(Result)> then) {
    Enqueue([work = std::move(work), then = std::move(then)]() mutable -> Reply {
      return [result = work(), then = std::move(then)]() mutable { then(std::move(result)); };
    });
  }

  /// Whether no work is waiting or under way.
  bool idle() const;

 private:
  using Reply = UniqueFunction<void()>;
  using Work = UniqueFunction<Reply()>;
  struct Core;

  void Enqueue(Work work);

  const std::shared_ptr<Core> core_;  // Works on their way know it weakly.
};

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_COMMON_SERIAL_WORK_H_
