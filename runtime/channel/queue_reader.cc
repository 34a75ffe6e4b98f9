// SPDX-License-Identifier: Apache-2.0
#include "runtime/channel/queue_reader.h"

#include <utility>
#include <variant>

#include "base/mutation.h"

namespace thalweg::runtime {

QueueReader::QueueReader(UniqueFunction<void(std::uint32_t)> on_credit, std::size_t credits)
    : on_credit_(std::move(on_credit)), credits_(credits) {}

Status QueueReader::Push(Item item) {
  if (std::holds_alternative<columnar::Batch>(item)) {
    if (batch_count_ == credits_) {
      return DataLoss("A channel's sender has sent a batch without a credit");
    }
    ++batch_count_;
  } else if (std::holds_alternative<Barrier>(item)) {
    if (barrier_count_ == kChannelBarriers) {
      return OkStatus();
    }
    ++barrier_count_;
  } else if (!items_.empty() && items_.back().index() == item.index()) {
    items_.back() = std::move(item);  // A later watermark stands for the one before it.
    return OkStatus();
  }
  items_.push_back(std::move(item));
  return OkStatus();
}

std::optional<Item> QueueReader::Read() {
  if (items_.empty()) {
    return std::nullopt;
  }
  Item item = std::move(items_.front());
  items_.pop_front();
  if (std::holds_alternative<columnar::Batch>(item)) {
    --batch_count_;
    if (!Mutated(Mutation::kCreditLeaked)) {
      on_credit_(1);
    }
  } else if (std::holds_alternative<Barrier>(item)) {
    --barrier_count_;
  }
  return item;
}

}  // namespace thalweg::runtime
