// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_CLIENT_HOSTS_COORDINATOR_HOST_H_
#define THALWEG_CLIENT_HOSTS_COORDINATOR_HOST_H_

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/executor.h"
#include "base/log.h"
#include "base/mail_thread.h"
#include "base/random.h"
#include "base/status.h"
#include "coordinator/client_sessions.h"
#include "coordinator/coordinator_service.h"
#include "coordinator/environment.h"
#include "storage/store.h"
#include "transport/transport.h"

namespace thalweg::client {

struct CoordinatorHostOptions {
  coordinator::CoordinatorOptions coordinator;
  std::uint32_t blocking_threads = 2;  // For the logs, 1 to 256.
  // Where clients dial; absent: nobody but the owner asks anything of it.
  std::optional<transport::Address> clients;
  coordinator::JobCompiler compiler;  // For clients' SQL; null: compiled plans only.
  std::string program_version;
  std::string storage;  // Where the store lies; clients are told.
  // Called once, on the coordinator's thread, when it does not lead any more or never will.
  std::function<void(const Status&)> on_over;
};

/// A coordinator with the threads that it needs. Any thread.
class CoordinatorHost final : private coordinator::CoordinatorListener {
 public:
  /// `transport` and `log` outlive it.
  CoordinatorHost(transport::Transport& transport,
                  std::unique_ptr<storage::Store> store,
                  LogSink& log,
                  CoordinatorHostOptions options);
  /// Leaves workers and jobs as a kill would; the next coordinator takes them up.
  ~CoordinatorHost() override;

  /// Blocks until it leads. kFailedPrecondition: another coordinator has taken over meanwhile;
  /// others are those of storage and address.
  Status Start();

  coordinator::CoordinatorService& service() { return *service_; }

  /// From here on nothing of it runs. May be repeated.
  void StopThread() { thread_.Stop(); }

 private:
  void OnLeading(Generation generation) override;
  void OnSteppedDown(const Status& status) override;
  void Resolve(const Status& status);

  CoordinatorHostOptions options_;
  const SystemClock& clock_ = SystemClock::Get();
  SystemRandom random_;
  const Log log_;
  const std::unique_ptr<storage::Store> store_;
  MailThread thread_{"coordinator"};
  SystemTimers timers_;
  std::unique_ptr<ThreadPoolExecutor> executor_;
  std::optional<coordinator::Environment> environment_;
  std::unique_ptr<coordinator::CoordinatorService> service_;
  std::unique_ptr<coordinator::ClientSessions> clients_;
  std::promise<Status> leading_;
  bool resolved_ = false;  // On the coordinator's thread.
};

}  // namespace thalweg::client

#endif  // THALWEG_CLIENT_HOSTS_COORDINATOR_HOST_H_
