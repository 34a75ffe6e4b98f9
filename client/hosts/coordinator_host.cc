// SPDX-License-Identifier: Apache-2.0

#include "client/hosts/coordinator_host.h"

#include <utility>

namespace thalweg::client {

CoordinatorHost::CoordinatorHost(transport::Transport& transport,
                                 std::unique_ptr<storage::Store> store,
                                 LogSink& log,
                                 CoordinatorHostOptions options)
    : options_(std::move(options)),
      log_(log, clock_),
      store_(std::move(store)),
      executor_(std::make_unique<ThreadPoolExecutor>(static_cast<int>(options_.blocking_threads))) {
  environment_.emplace(coordinator::Environment{.clock = clock_,
                                                .random = random_,
                                                .log = log_,
                                                .mailbox = thread_,
                                                .timers = timers_,
                                                .executor = *executor_,
                                                .transport = transport,
                                                .store = *store_});
  service_ = std::make_unique<coordinator::CoordinatorService>(
      *environment_, options_.coordinator, static_cast<coordinator::CoordinatorListener&>(*this));
  if (options_.clients.has_value()) {
    clients_ = std::make_unique<coordinator::ClientSessions>(*environment_,
                                                             *options_.clients,
                                                             options_.program_version,
                                                             options_.storage,
                                                             *service_,
                                                             options_.compiler);
  }
}

CoordinatorHost::~CoordinatorHost() {
  // The thread ends first: what it owns is then destroyed on this one.
  thread_.Stop();
  executor_.reset();
  clients_.reset();
  service_.reset();
}

Status CoordinatorHost::Start() {
  if (clients_ != nullptr) {
    std::promise<Status> listening;
    thread_.Post([&] { listening.set_value(clients_->Listen()); });
    RETURN_IF_ERROR(listening.get_future().get());
  }
  service_->Start();
  return leading_.get_future().get();
}

void CoordinatorHost::OnLeading(Generation generation) {
  log_.Info("Leading", {{"generation", generation}});
  Resolve(OkStatus());
}

void CoordinatorHost::OnSteppedDown(const Status& status) {
  log_.Error("The coordinator has ended", {{"reason", MessageOf(status)}});
  Resolve(status);
  if (options_.on_over != nullptr) {
    options_.on_over(status);
  }
}

void CoordinatorHost::Resolve(const Status& status) {
  if (!std::exchange(resolved_, true)) {
    leading_.set_value(status);
  }
}

}  // namespace thalweg::client
