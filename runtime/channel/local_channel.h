// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_CHANNEL_LOCAL_CHANNEL_H_
#define THALWEG_RUNTIME_CHANNEL_LOCAL_CHANNEL_H_

#include <cstddef>
#include <memory>

#include "runtime/channel/channel.h"
#include "runtime/channel/waker.h"

namespace thalweg::runtime {

struct LocalChannelOptions {
  std::shared_ptr<Waker> sender;    // Of the task that writes; never null.
  std::shared_ptr<Waker> receiver;  // Of the task that reads; never null.
  std::size_t credits = kChannelCredits;
};

/// Both ends of a channel. They share the queue and may be destroyed in any order; what is written
/// after the reader has gone is kept until the writer goes.
struct LocalChannel {
  std::unique_ptr<ChannelWriter> writer;
  std::unique_ptr<ChannelReader> reader;
};

/// A queue between two lanes of a process: one thread writes, one reads, neither ever takes a lock.
LocalChannel MakeLocalChannel(LocalChannelOptions options);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_CHANNEL_LOCAL_CHANNEL_H_
