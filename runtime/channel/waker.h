// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_CHANNEL_WAKER_H_
#define THALWEG_RUNTIME_CHANNEL_WAKER_H_

namespace thalweg::runtime {

/// Tells a task that something may have changed for it: it will run soon. Too many calls do no
/// harm. Whoever may call it later holds a shared_ptr, so that it outlives the task.
class Waker {
 public:
  virtual ~Waker() = default;

  /// Any thread.
  virtual void Wake() = 0;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_CHANNEL_WAKER_H_
