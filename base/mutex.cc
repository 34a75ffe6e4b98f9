// SPDX-License-Identifier: Apache-2.0
#include "base/mutex.h"

namespace thalweg {

void CondVar::Wait(Mutex& mutex) {
  std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
  condition_.wait(lock);
  lock.release();  // The caller holds it again.
}

bool CondVar::WaitFor(Mutex& mutex, Microseconds patience) {
  std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
  const std::cv_status outcome = condition_.wait_for(lock, patience);
  lock.release();
  return outcome == std::cv_status::no_timeout;
}

}  // namespace thalweg
