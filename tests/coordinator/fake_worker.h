// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_FAKE_WORKER_H_
#define THALWEG_COORDINATOR_FAKE_WORKER_H_

// Workers for tests of the coordinator: they speak the control protocol and run no task.
//
// Each answers after seeded delays, now and then declines a checkpoint or repeats an old message,
// fences as a worker must, and tells a Witness what it was commanded.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "proto/control.pb.h"
#include "tests/coordinator/witness.h"
#include "tests/testing/sim_loop.h"
#include "tests/testing/sim_node.h"
#include "tests/testing/sim_transport.h"
#include "transport/transport.h"

namespace thalweg::coordinator {

struct FakeWorkerOptions {
  std::vector<transport::Address> coordinators;  // Dialled in turn.
  std::uint32_t slots = 2;
  Microseconds delay_max{30'000};    // Of an answer.
  Microseconds replay_max{600'000};  // Until a sink has settled after a restore.
};

/// One process: make a new one after each crash of its node.
class FakeWorker final : public transport::ConnectionHandler,
                         public std::enable_shared_from_this<FakeWorker> {
 public:
  FakeWorker(testing::SimNetwork& network,
             testing::SimNode& node,
             FakeWorkerOptions options,
             Witness& witness);

  /// Dials. Once.
  void Start();

  /// All tasks report the end of their input from now on.
  void EndInput();

  void OnFrame(transport::Frame frame) override;
  void OnClosed(const Status& status) override;

 private:
  struct Job {
    Attempt newest;  // Whatever is lower is refused.
    std::optional<proto::DeployJob> deployed;
  };

  void Dial();
  void Beat();
  void OnDeploy(const proto::DeployJob& deploy);
  void OnTrigger(const proto::TriggerCheckpoint& trigger);
  void OnComplete(const proto::CompleteCheckpoint& complete);
  void OnCancel(const proto::CancelJob& cancel);
  void ReportEnd(const proto::DeployJob& deploy);

  /// The deployment of this attempt, if it is the one that runs.
  const proto::DeployJob* Running(const std::string& job, const proto::AttemptId& attempt);
  static bool IsSink(const proto::DeployJob& deploy, TaskId task);
  void SendStatus(const proto::DeployJob& deploy, std::uint64_t task, proto::TaskState state);
  void Send(const proto::WorkerMessage& message);
  /// Runs `call` after a seeded delay if the attempt still runs then.
  void Later(const proto::DeployJob& deploy,
             Microseconds delay_max,
             UniqueFunction<void(const proto::DeployJob&)> call);

  testing::SimLoop& loop_;
  testing::SimMailbox mailbox_;
  testing::SimTimers timers_;
  testing::SimTransport transport_;
  const FakeWorkerOptions options_;
  const std::string id_;
  Witness& witness_;

  std::unique_ptr<transport::Connection> connection_;
  std::size_t dials_ = 0;
  std::uint64_t beats_ = 0;
  MonoTime last_heard_{};  // Of the coordinator.
  Generation newest_generation_;
  std::map<std::string, Job> jobs_;
  std::vector<proto::WorkerMessage> said_;  // For repeats.
  bool input_ended_ = false;
};

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_FAKE_WORKER_H_
