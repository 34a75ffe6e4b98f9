// SPDX-License-Identifier: Apache-2.0
#include "worker/control_session.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/mutation.h"
#include "base/status.h"

namespace thalweg::worker {

/// One connection. Says nothing any more once it is detached.
class ControlSession::Stream final : public transport::ConnectionHandler {
 public:
  explicit Stream(ControlSession& session) : session_(&session) {}

  void Open(transport::Transport& transport,
            const transport::Address& address,
            Mailbox& mailbox,
            const std::shared_ptr<Stream>& self) {
    connection_ = transport.Dial(address, mailbox, self);
  }
  void Send(const proto::WorkerMessage& message) {
    connection_->Send({.head = message.SerializeAsString(), .body = nullptr});
  }
  void Detach() {
    session_ = nullptr;
    connection_->Close();
  }

  void OnFrame(transport::Frame frame) override {
    proto::CoordinatorMessage message;
    if (session_ == nullptr) {
      return;
    }
    if (!message.ParseFromString(frame.head)) {
      session_->environment_.log.Error("The coordinator sent a message that cannot be read");
      session_->Retry();
      return;
    }
    session_->OnMessage(message);
  }
  void OnClosed(const Status& /*status*/) override {
    if (session_ != nullptr) {
      session_->Retry();
    }
  }

 private:
  ControlSession* session_;
  std::unique_ptr<transport::Connection> connection_;
};

ControlSession::ControlSession(const WorkerOptions& options,
                               WorkerEnvironment& environment,
                               MakeRegistration registration,
                               OnCommand on_command)
    : options_(options),
      environment_(environment),
      registration_(std::move(registration)),
      on_command_(std::move(on_command)),
      dial_delay_(options.dial_delay_min) {}

ControlSession::~ControlSession() {
  Stop();
}

void ControlSession::Start() {
  Dial();
}

void ControlSession::Stop() {
  stopped_ = true;
  CloseStream();
}

void ControlSession::Send(const proto::WorkerMessage& message) {
  if (attached_) {
    stream_->Send(message);
  }
}

void ControlSession::Dial() {
  const transport::Address& address = options_.coordinators[next_coordinator_];
  next_coordinator_ = (next_coordinator_ + 1) % options_.coordinators.size();
  stream_ = std::make_shared<Stream>(*this);
  stream_->Open(environment_.transport, address, environment_.mailbox, stream_);
  proto::WorkerMessage message;
  *message.mutable_register_() = registration_();
  message.mutable_register_()->set_protocol_version(kControlVersion);
  stream_->Send(message);
  last_heard_ = environment_.clock.Now();
  Schedule(options_.coordinator_patience, &ControlSession::Beat);
}

void ControlSession::Retry() {
  if (stopped_) {
    return;
  }
  CloseStream();
  Schedule(dial_delay_, &ControlSession::Dial);
  dial_delay_ = std::min(dial_delay_ * 2, options_.dial_delay_max);
}

void ControlSession::OnMessage(const proto::CoordinatorMessage& message) {
  const Generation generation(message.generation());
  if (generation < generation_ && !Mutated(Mutation::kFencingOff)) {
    // A leader of the past that has not noticed yet. The one that replaced it is elsewhere.
    environment_.log.Warn("A coordinator of an older generation is refused",
                          {{"generation", generation}, {"newest", generation_}});
    Retry();
    return;
  }
  generation_ = std::max(generation_, generation);
  last_heard_ = environment_.clock.Now();
  switch (message.message_case()) {
    case proto::CoordinatorMessage::kAccepted:
      OnAccepted(message.accepted());
      return;
    case proto::CoordinatorMessage::kRefused:
      environment_.log.Warn("The coordinator refuses this worker",
                            {{"reason", message.refused().reason()}});
      Retry();
      return;
    case proto::CoordinatorMessage::kHeartbeat:
      return;
    default:
      on_command_(message);
  }
}

void ControlSession::OnAccepted(const proto::RegistrationAccepted& accepted) {
  attached_ = true;
  dial_delay_ = options_.dial_delay_min;
  // The address worked: after a break it is the first one tried again.
  next_coordinator_ =
      (next_coordinator_ + options_.coordinators.size() - 1) % options_.coordinators.size();
  if (accepted.heartbeat_interval_millis() > 0) {
    beat_interval_ = Milliseconds(accepted.heartbeat_interval_millis());
  }
  Beat();
}

void ControlSession::Beat() {
  const MonoTime now = environment_.clock.Now();
  if (now - last_heard_ >= options_.coordinator_patience) {
    environment_.log.Warn("The coordinator is silent; dialling again");
    Retry();
    return;
  }
  if (attached_) {
    proto::WorkerMessage message;
    message.mutable_heartbeat()->set_sequence(++beat_);
    stream_->Send(message);
  }
  Schedule(beat_interval_, &ControlSession::Beat);
}

void ControlSession::Schedule(Milliseconds delay, void (ControlSession::*call)()) {
  const std::uint64_t number = ++*timer_;
  environment_.timers.At(environment_.clock.Now() + delay,
                         environment_.mailbox,
                         [this, call, number, weak = std::weak_ptr(timer_)] {
                           const std::shared_ptr<std::uint64_t> current = weak.lock();
                           if (current != nullptr && *current == number) {
                             (this->*call)();
                           }
                         });
}

void ControlSession::CloseStream() {
  attached_ = false;
  ++*timer_;
  if (stream_ != nullptr) {
    std::exchange(stream_, nullptr)->Detach();
  }
}

}  // namespace thalweg::worker
