// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_WORKER_CONTROL_SESSION_H_
#define THALWEG_WORKER_CONTROL_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/executor.h"
#include "base/function.h"
#include "base/ids.h"
#include "base/time.h"
#include "proto/control.pb.h"
#include "transport/transport.h"
#include "worker/worker_options.h"

namespace thalweg::worker {

/// The version of the control protocol that this program speaks.
inline constexpr std::uint32_t kControlVersion = 1;

/// What a worker says first.
using MakeRegistration = UniqueFunction<proto::RegisterWorker()>;
/// What the leader commands. Only of generations not below the highest seen.
using OnCommand = UniqueFunction<void(const proto::CoordinatorMessage&)>;

/// The worker's stream to the coordinator that leads: dials, registers, sends heartbeats, and dials
/// again for as long as it lives. While there is no stream, what is said is dropped: a coordinator
/// that has lost a worker restarts its jobs.
///
///   waiting ──timer──> dialling ──accepted──> attached ──broken, silent or refused──> waiting
///
/// All calls on the worker's own thread.
class ControlSession {
 public:
  ControlSession(const WorkerOptions& options,
                 WorkerEnvironment& environment,
                 MakeRegistration registration,
                 OnCommand on_command);
  ~ControlSession();

  void Start();
  /// Ends the stream in order; no call comes any more.
  void Stop();

  void Send(const proto::WorkerMessage& message);

  bool attached() const { return attached_; }
  Generation generation() const { return generation_; }

 private:
  class Stream;

  void Dial();
  void Retry();
  void OnMessage(const proto::CoordinatorMessage& message);
  void OnAccepted(const proto::RegistrationAccepted& accepted);
  void Beat();
  void CloseStream();
  void Schedule(Milliseconds delay, void (ControlSession::*call)());

  const WorkerOptions& options_;
  WorkerEnvironment& environment_;
  MakeRegistration registration_;
  OnCommand on_command_;
  std::shared_ptr<Stream> stream_;
  // Number of the next dial or beat; one with another number has been replaced. Shared with the
  // timers' mails, which may come when this has gone.
  std::shared_ptr<std::uint64_t> timer_ = std::make_shared<std::uint64_t>(0);
  std::size_t next_coordinator_ = 0;
  Milliseconds dial_delay_;
  Milliseconds beat_interval_{500};
  MonoTime last_heard_;
  Generation generation_;  // Highest seen.
  std::uint64_t beat_ = 0;
  bool attached_ = false;
  bool stopped_ = false;
};

}  // namespace thalweg::worker

#endif  // THALWEG_WORKER_CONTROL_SESSION_H_
