// SPDX-License-Identifier: Apache-2.0

#include "client/remote/remote_cluster.h"

#include <chrono>
#include <cstdint>
#include <future>
#include <map>
#include <optional>
#include <utility>

#include "base/mail_thread.h"
#include "base/mutex.h"

namespace thalweg::client {
namespace {

constexpr std::uint32_t kClientProtocolVersion = 1;

}  // namespace

transport::Address ClientAddress(const transport::Address& coordinator) {
  return {coordinator.value + "/clients"};
}

transport::Address WorkerServiceOf(const transport::Address& coordinator) {
  return {coordinator.value + "/workers"};
}

/// Numbers requests and gives each caller its answer.
class RemoteCluster::Caller {
 public:
  Caller(transport::Transport& transport, const transport::Address& address)
      : handler_(std::make_shared<Handler>(*this)),
        connection_(transport.Dial(address, replies_, handler_)) {}

  ~Caller() {
    connection_.reset();
    replies_.Stop();
  }

  std::future<StatusOr<proto::ClientResponse>> Ask(proto::ClientRequest request) {
    std::promise<StatusOr<proto::ClientResponse>> promise;
    std::future<StatusOr<proto::ClientResponse>> answer = promise.get_future();
    MutexLock lock(mutex_);
    if (over_.has_value()) {
      promise.set_value(*over_);
      return answer;
    }
    request.set_id(++last_id_);
    waiting_.emplace(last_id_, std::move(promise));
    connection_->Send({.head = request.SerializeAsString(), .body = nullptr});
    return answer;
  }

 private:
  class Handler final : public transport::ConnectionHandler {
   public:
    explicit Handler(Caller& caller) : caller_(caller) {}
    void OnFrame(transport::Frame frame) override { caller_.OnFrame(frame); }
    void OnClosed(const Status& status) override { caller_.OnClosed(status); }

   private:
    Caller& caller_;
  };

  void OnFrame(const transport::Frame& frame) {
    proto::ClientResponse response;
    if (!response.ParseFromString(frame.head)) {
      return OnClosed(Unavailable("The coordinator sent a message that cannot be read."));
    }
    std::optional<std::promise<StatusOr<proto::ClientResponse>>> promise;
    {
      MutexLock lock(mutex_);
      auto node = waiting_.extract(response.id());
      if (node.empty()) {
        return;
      }
      promise = std::move(node.mapped());
    }
    if (response.error_code() != 0) {
      promise->set_value(
          MakeStatus(static_cast<StatusCode>(response.error_code()), response.error()));
    } else {
      promise->set_value(std::move(response));
    }
  }

  void OnClosed(const Status& status) {
    std::map<std::uint64_t, std::promise<StatusOr<proto::ClientResponse>>> waiting;
    {
      MutexLock lock(mutex_);
      over_ = status;
      waiting.swap(waiting_);
    }
    for (auto& [id, promise] : waiting) {
      promise.set_value(status);
    }
  }

  MailThread replies_{"replies"};
  Mutex mutex_;
  std::uint64_t last_id_ GUARDED_BY(mutex_) = 0;
  std::map<std::uint64_t, std::promise<StatusOr<proto::ClientResponse>>> waiting_
      GUARDED_BY(mutex_);
  std::optional<Status> over_ GUARDED_BY(mutex_);
  const std::shared_ptr<Handler> handler_;
  std::unique_ptr<transport::Connection> connection_;
};

StatusOr<std::unique_ptr<RemoteCluster>> RemoteCluster::Connect(
    transport::Transport& transport, const transport::Address& coordinator, Milliseconds patience) {
  auto caller = std::make_unique<Caller>(transport, ClientAddress(coordinator));
  proto::ClientRequest request;
  request.mutable_hello()->set_protocol_version(kClientProtocolVersion);
  std::future<StatusOr<proto::ClientResponse>> answer = caller->Ask(std::move(request));
  if (answer.wait_for(patience) != std::future_status::ready) {
    return DeadlineExceeded("The coordinator at '" + coordinator.value +
                            "' takes connections but does not answer; it may not lead yet.");
  }
  StatusOr<proto::ClientResponse> hello = answer.get();
  if (!hello.ok()) {
    return Annotate(hello.status(), "The coordinator at '" + coordinator.value + "'");
  }
  return std::unique_ptr<RemoteCluster>(
      new RemoteCluster(std::move(caller), std::move(*hello->mutable_hello())));
}

RemoteCluster::RemoteCluster(std::unique_ptr<Caller> caller, proto::ClientHelloAnswer hello)
    : caller_(std::move(caller)), hello_(std::move(hello)) {}
RemoteCluster::~RemoteCluster() = default;

StatusOr<JobId> RemoteCluster::Submit(const proto::SubmitJob& submission) {
  proto::ClientRequest request;
  *request.mutable_submit() = submission;
  ASSIGN_OR_RETURN(const proto::ClientResponse response, caller_->Ask(std::move(request)).get());
  return JobId(response.job_id());
}

StatusOr<std::vector<proto::JobInfo>> RemoteCluster::List() {
  proto::ClientRequest request;
  request.mutable_list();
  ASSIGN_OR_RETURN(const proto::ClientResponse response, caller_->Ask(std::move(request)).get());
  return std::vector<proto::JobInfo>(response.jobs().begin(), response.jobs().end());
}

StatusOr<proto::JobInfo> RemoteCluster::Describe(const std::string& job) {
  proto::ClientRequest request;
  request.mutable_describe()->set_job_id(job);
  ASSIGN_OR_RETURN(const proto::ClientResponse response, caller_->Ask(std::move(request)).get());
  return response.jobs(0);
}

Status RemoteCluster::Cancel(const JobId& job) {
  proto::ClientRequest request;
  request.mutable_cancel()->set_job_id(job.value());
  return caller_->Ask(std::move(request)).get().status();
}

Status RemoteCluster::Stop(const JobId& job, bool drain) {
  proto::ClientRequest request;
  request.mutable_stop()->set_job_id(job.value());
  request.mutable_stop()->set_drain(drain);
  return caller_->Ask(std::move(request)).get().status();
}

StatusOr<proto::JobInfo> RemoteCluster::Wait(const JobId& job) {
  proto::ClientRequest request;
  request.mutable_watch()->set_job_id(job.value());
  ASSIGN_OR_RETURN(const proto::ClientResponse response, caller_->Ask(std::move(request)).get());
  return response.jobs(0);
}

StatusOr<std::vector<proto::WorkerInfo>> RemoteCluster::ListWorkers() {
  proto::ClientRequest request;
  request.mutable_workers();
  ASSIGN_OR_RETURN(const proto::ClientResponse response, caller_->Ask(std::move(request)).get());
  return std::vector<proto::WorkerInfo>(response.workers().begin(), response.workers().end());
}

}  // namespace thalweg::client
