// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_FAKE_CLUSTER_H_
#define THALWEG_COORDINATOR_FAKE_CLUSTER_H_

// Real coordinators and fake workers on a simulated loop, network and disk.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "coordinator/coordinator_service.h"
#include "tests/coordinator/fake_worker.h"
#include "tests/coordinator/witness.h"
#include "tests/testing/faulty_store.h"
#include "tests/testing/memory_store.h"
#include "tests/testing/sim_executor.h"
#include "tests/testing/sim_loop.h"
#include "tests/testing/sim_node.h"
#include "tests/testing/sim_transport.h"

namespace thalweg::coordinator {

/// The log lines of a run, for failure messages.
class KeptLog {
 public:
  explicit KeptLog(const testing::SimLoop& loop) : clock_(loop), log_(sink_, clock_) {}
  const Log& log() const { return log_; }
  std::string Text() const;

 private:
  testing::SimClock clock_;
  CapturingLogSink sink_;
  Log log_;
};

/// A coordinator's process: made anew after each crash of its node.
class CoordinatorProcess final : public CoordinatorListener {
 public:
  CoordinatorProcess(testing::SimNetwork& network,
                     testing::SimNode& node,
                     storage::DirectoryStore& store,
                     const Log& log,
                     const CoordinatorOptions& options);

  void OnLeading(Generation generation) override { leading_ = generation; }
  void OnSteppedDown(const Status& status) override {
    leading_ = std::nullopt;
    over_ = status;
  }

  const std::optional<Generation>& leading() const { return leading_; }
  const std::optional<Status>& over() const { return over_; }
  CoordinatorService& service() { return *service_; }
  Mailbox& mailbox() { return mailbox_; }
  testing::SimExecutor& executor() { return executor_; }

 private:
  testing::SimClock clock_;
  SeededRandom random_;
  testing::SimMailbox mailbox_;
  testing::SimTimers timers_;
  testing::SimExecutor executor_;
  testing::SimTransport transport_;
  std::optional<Generation> leading_;
  std::optional<Status> over_;
  std::unique_ptr<CoordinatorService> service_;
};

class FakeCluster {
 public:
  struct Coordinator {
    std::unique_ptr<testing::SimNode> node;
    std::unique_ptr<testing::MemoryStore> memory;
    std::unique_ptr<testing::FaultyStore> store;
    std::unique_ptr<CoordinatorProcess> process;  // Null while it is down.
  };
  struct Worker {
    std::unique_ptr<testing::SimNode> node;
    std::shared_ptr<FakeWorker> process;  // Null while it is down.
  };

  FakeCluster(std::uint64_t seed, std::size_t coordinator_count, std::size_t worker_count);
  ~FakeCluster();

  static JobId Job() { return JobId("0123456789abcdef0123456789abcdef"); }
  static proto::JobGraph Graph(std::uint32_t parallelism = 2);

  testing::SimLoop& loop() { return loop_; }
  testing::SimNetwork& network() { return network_; }
  Witness& witness() { return witness_; }
  Coordinator& coordinator(std::size_t i) { return coordinators_[i]; }
  Worker& worker(std::size_t i) { return workers_[i]; }
  std::size_t coordinator_count() const { return coordinators_.size(); }
  std::size_t worker_count() const { return workers_.size(); }

  void StartCoordinator(std::size_t i);
  void CrashCoordinator(std::size_t i, testing::CrashKind kind = testing::CrashKind::kProcess);
  void StartWorker(std::size_t i);
  void CrashWorker(std::size_t i, testing::CrashKind kind = testing::CrashKind::kProcess);

  /// A coordinator that believes to lead and is awake; null when there is none.
  CoordinatorProcess* Leader();

  /// Submits Job() with Graph() and waits for the answer.
  StatusOr<JobId> Submit(CoordinatorProcess& leader, const proto::JobGraph& graph = Graph());

  /// Waits for an answer of the service: Ask<Status>([&](auto done) { service.Cancel(..., done);
  /// }).
  template <class T, class Call>
  std::optional<T> Ask(Call call, Microseconds patience = Microseconds(30'000'000)) {
    auto answer = std::make_shared<std::optional<T>>();
    call([answer](T value) { answer->emplace(std::move(value)); });
    loop_.RunUntil([&] { return answer->has_value(); }, patience);
    return *answer;
  }
  std::optional<StatusOr<JobDescription>> Describe(CoordinatorProcess& leader);

  bool RunUntil(const std::function<bool()>& done, std::int64_t seconds) {
    return loop_.RunUntil(done, Microseconds(seconds * 1'000'000));
  }
  /// Until the job is in this state, as the leader tells.
  bool RunUntilState(JobState state, std::int64_t seconds = 30);

  /// Workers made from now on have no more input, and those that run end it.
  void EndInput();

  std::string Log() const { return log_.Text(); }

 private:
  testing::SimLoop loop_;
  testing::SimNetwork network_;
  KeptLog log_;
  std::shared_ptr<testing::MemoryDisk> disk_;
  Witness witness_;
  bool input_ended_ = false;
  std::vector<Coordinator> coordinators_;
  std::vector<Worker> workers_;
};

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_FAKE_CLUSTER_H_
