// SPDX-License-Identifier: Apache-2.0
#include "connectors/common/serial_work.h"

namespace thalweg::connectors {

struct SerialWork::Core {
  Core(BlockingExecutor& executor, Mailbox& mailbox) : executor(executor), mailbox(mailbox) {}

  static void StartNext(const std::shared_ptr<Core>& core) {
    core->busy = !core->waiting.empty();
    if (!core->busy) {
      return;
    }
    Work work = std::move(core->waiting.front());
    core->waiting.pop_front();
    std::weak_ptr<Core> weak = core;
    core->executor.Submit(
        [work = std::move(work), weak = std::move(weak)]() mutable -> Reply {
          return [reply = work(), weak = std::move(weak)]() mutable {
            if (const std::shared_ptr<Core> core = weak.lock()) {
              reply();
              StartNext(core);
            }
          };
        },
        core->mailbox);
  }

  BlockingExecutor& executor;
  Mailbox& mailbox;
  std::deque<Work> waiting;
  bool busy = false;
};

SerialWork::SerialWork(BlockingExecutor& executor, Mailbox& mailbox)
    : core_(std::make_shared<Core>(executor, mailbox)) {}

bool SerialWork::idle() const {
  return !core_->busy && core_->waiting.empty();
}

void SerialWork::Enqueue(Work work) {
  core_->waiting.push_back(std::move(work));
  if (!core_->busy) {
    Core::StartNext(core_);
  }
}

}  // namespace thalweg::connectors
