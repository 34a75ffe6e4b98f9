// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/sim_node.h"

#include <utility>

#include "base/check.h"

namespace thalweg::testing {

SimNode::SimNode(SimLoop& loop, std::string name, SimNodeOptions options)
    : loop_(loop), name_(std::move(name)), options_(options) {}

void SimNode::Crash() {
  CHECK(alive_);
  loop_.Note(name_);
  // The parts of the node decide about their works in flight while the process's objects still
  // exist.
  std::vector<UniqueFunction<void()>> at_crash = std::exchange(at_crash_, {});
  alive_ = false;
  paused_ = false;
  ++incarnation_;
  for (UniqueFunction<void()>& callback : at_crash) {
    callback();
  }
  const std::deque<UniqueFunction<void()>> dropped = std::exchange(waiting_, {});
}

void SimNode::Restart() {
  CHECK(!alive_);
  loop_.Note(name_);
  alive_ = true;
}

void SimNode::Pause() {
  CHECK(alive_);
  paused_ = true;
}

void SimNode::Resume() {
  CHECK(alive_);
  paused_ = false;
  while (!waiting_.empty() && alive_ && !paused_) {
    UniqueFunction<void()> event = std::move(waiting_.front());
    waiting_.pop_front();
    event();
  }
}

void SimNode::AtCrash(UniqueFunction<void()> at_crash) {
  at_crash_.push_back(std::move(at_crash));
}

void SimNode::WhenRunning(UniqueFunction<void()> event) {
  if (paused_) {
    waiting_.push_back(std::move(event));
  } else if (alive_) {
    event();
  }
}

struct SimMailbox::State : std::enable_shared_from_this<State> {
  explicit State(SimNode& owner) : node(owner), incarnation(owner.incarnation()) {}

  /// Drops what waits; the mails are destroyed after the queue is empty, since that may post.
  void Close() {
    is_open = false;
    const std::deque<UniqueFunction<void()>> dropped = std::exchange(mails, {});
  }

  void ScheduleOne() {
    const SimNodeOptions& options = node.options();
    node.loop().After(node.loop().RandomDelay(options.mail_delay_min, options.mail_delay_max),
                      [self = shared_from_this()] { self->RunOne(); });
  }

  void RunOne() {
    if (!is_open || mails.empty()) {
      return;
    }
    if (node.paused()) {
      node.WhenRunning([self = shared_from_this()] { self->ScheduleOne(); });
      return;
    }
    UniqueFunction<void()> mail = std::move(mails.front());
    mails.pop_front();
    mail();
  }

  SimNode& node;
  const std::uint32_t incarnation;
  bool is_open = true;
  std::deque<UniqueFunction<void()>> mails;
};

SimMailbox::SimMailbox(SimNode& node) : state_(std::make_shared<State>(node)) {
  CHECK(node.alive());
  node.AtCrash([state = std::weak_ptr(state_)] {
    if (const std::shared_ptr<State> living = state.lock(); living != nullptr) {
      living->Close();
    }
  });
}

SimMailbox::~SimMailbox() {
  Close();
}

void SimMailbox::Post(UniqueFunction<void()> mail) {
  if (!state_->is_open || !state_->node.Lives(state_->incarnation)) {
    return;
  }
  state_->mails.push_back(std::move(mail));
  state_->ScheduleOne();
}

void SimMailbox::Close() {
  state_->Close();
}

struct SimTimers::State : std::enable_shared_from_this<State> {
  struct Timer {
    Mailbox* mailbox;
    UniqueFunction<void()> mail;
  };

  explicit State(SimNode& owner) : node(owner), incarnation(owner.incarnation()) {}

  /// Posts what is due, in the order of due and call.
  void Fire() {
    while (!waiting.empty() && waiting.begin()->first.first <= node.loop().now()) {
      const auto first = waiting.begin();
      Timer timer = std::move(first->second);
      due.erase(first->first.second);
      waiting.erase(first);
      timer.mailbox->Post(std::move(timer.mail));
    }
  }

  void Clear() {
    const auto dropped = std::exchange(waiting, {});
    due.clear();
  }

  SimNode& node;
  const std::uint32_t incarnation;
  std::uint64_t last_handle = 0;
  std::map<std::pair<MonoTime, TimerHandle>, Timer> waiting;
  std::map<TimerHandle, MonoTime> due;
};

SimTimers::SimTimers(SimNode& node) : state_(std::make_shared<State>(node)) {
  CHECK(node.alive());
  node.AtCrash([state = std::weak_ptr(state_)] {
    if (const std::shared_ptr<State> living = state.lock(); living != nullptr) {
      living->Clear();
    }
  });
}

SimTimers::~SimTimers() {
  state_->Clear();
}

TimerHandle SimTimers::At(MonoTime due, Mailbox& mailbox, UniqueFunction<void()> mail) {
  const TimerHandle handle(++state_->last_handle);
  SimNode& node = state_->node;
  if (!node.Lives(state_->incarnation)) {
    return handle;
  }
  state_->waiting.emplace(std::pair(due, handle), State::Timer{&mailbox, std::move(mail)});
  state_->due.emplace(handle, due);
  node.loop().At(due, [state = std::weak_ptr(state_)] {
    if (const std::shared_ptr<State> living = state.lock(); living != nullptr) {
      living->node.WhenRunning([living] { living->Fire(); });
    }
  });
  return handle;
}

bool SimTimers::Cancel(TimerHandle timer) {
  const auto found = state_->due.find(timer);
  if (found == state_->due.end()) {
    return false;
  }
  const auto waiting = state_->waiting.find({found->second, timer});
  const State::Timer dropped = std::move(waiting->second);
  state_->waiting.erase(waiting);
  state_->due.erase(found);
  return true;
}

}  // namespace thalweg::testing
