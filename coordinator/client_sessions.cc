// SPDX-License-Identifier: Apache-2.0

#include "coordinator/client_sessions.h"

#include <utility>
#include <vector>

#include "fmt/format.h"

namespace thalweg::coordinator {
namespace {

proto::ClientResponse ResponseOf(const Status& status) {
  proto::ClientResponse response;
  response.set_error_code(static_cast<int>(status.code()));
  response.set_error(std::string(MessageOf(status)));
  return response;
}

void ToProto(const JobDescription& job, proto::JobInfo* info) {
  info->set_job_id(job.job.value());
  info->set_name(job.name);
  info->set_state(std::string(NameOf(job.state)));
  info->set_reason(job.reason);
  info->set_generation(job.attempt.generation.value());
  info->set_attempt(job.attempt.n);
  info->set_newest_checkpoint(job.newest_checkpoint ? job.newest_checkpoint->value() : 0);
  info->set_slots_needed(job.slots_needed);
  info->set_missing_slots(job.missing_slots);
  info->set_restarts(job.restarts);
  info->set_checkpoints_completed(job.checkpoints.completed);
  info->set_checkpoints_aborted(job.checkpoints.aborted);
  for (const CheckpointSummary& checkpoint : job.checkpoints.history) {
    proto::CheckpointInfo* each = info->add_checkpoints();
    each->set_id(checkpoint.id.value());
    each->set_completed(checkpoint.completed);
    each->set_failure(checkpoint.failure);
    each->set_duration_micros(checkpoint.duration.count());
    each->set_bytes(checkpoint.bytes);
  }
}

proto::ClientResponse ResponseOf(const JobDescription& job) {
  proto::ClientResponse response;
  ToProto(job, response.add_jobs());
  return response;
}
proto::ClientResponse ResponseOf(const std::vector<JobDescription>& jobs) {
  proto::ClientResponse response;
  for (const JobDescription& job : jobs) {
    ToProto(job, response.add_jobs());
  }
  return response;
}
proto::ClientResponse ResponseOf(const std::vector<WorkerDescription>& workers) {
  proto::ClientResponse response;
  for (const WorkerDescription& worker : workers) {
    proto::WorkerInfo* info = response.add_workers();
    info->set_worker_id(worker.worker.value());
    info->set_exchange_address(worker.exchange_address);
    info->set_slots(worker.slots);
    info->set_free_slots(worker.free_slots);
    info->set_last_heard_millis(worker.since_heard.count());
  }
  return response;
}
proto::ClientResponse ResponseOf(const JobOutcome& outcome) {
  proto::ClientResponse response;
  proto::JobInfo* info = response.add_jobs();
  info->set_state(std::string(NameOf(outcome.state)));
  info->set_reason(outcome.reason);
  return response;
}
proto::ClientResponse ResponseOf(const JobId& job) {
  proto::ClientResponse response;
  response.set_job_id(job.value());
  return response;
}
template <class T>
proto::ClientResponse ResponseOf(const StatusOr<T>& result) {
  return result.ok() ? ResponseOf(*result) : ResponseOf(result.status());
}

}  // namespace

/// One connection.
class ClientSessions::Session final : public transport::ConnectionHandler {
 public:
  Session(ClientSessions& owner,
          std::uint64_t number,
          std::unique_ptr<transport::Connection> connection)
      : number(number), owner_(owner), connection_(std::move(connection)) {}

  void OnFrame(transport::Frame frame) override { owner_.OnFrame(*this, frame); }
  void OnClosed(const Status& /*status*/) override { owner_.Remove(number); }

  void Send(const proto::ClientResponse& response) {
    connection_->Send({.head = response.SerializeAsString(), .body = nullptr});
  }
  void Close() { connection_->Close(); }

  const std::uint64_t number;
  bool greeted = false;     // Its version is ours.
  std::size_t waiting = 0;  // Requests without an answer yet.

 private:
  ClientSessions& owner_;
  const std::unique_ptr<transport::Connection> connection_;
};

ClientSessions::ClientSessions(const Environment& environment,
                               transport::Address address,
                               std::string program_version,
                               std::string storage,
                               CoordinatorService& service,
                               JobCompiler compiler)
    : environment_(environment),
      address_(std::move(address)),
      program_version_(std::move(program_version)),
      storage_(std::move(storage)),
      service_(service),
      compiler_(std::make_shared<const JobCompiler>(std::move(compiler))) {}

ClientSessions::~ClientSessions() {
  Close();
}

Status ClientSessions::Listen() {
  // A transport may free the acceptor late, so it must not count on this object.
  auto guarded = lifeline_.Guard([this](std::unique_ptr<transport::Connection> connection,
                                        std::shared_ptr<transport::ConnectionHandler>* handler) {
    *handler = Accept(std::move(connection));
  });
  RETURN_IF_ERROR(environment_.transport.Listen(
      address_,
      environment_.mailbox,
      [guarded = std::move(guarded)](std::unique_ptr<transport::Connection> connection) mutable {
        std::shared_ptr<transport::ConnectionHandler> handler;
        guarded(std::move(connection), &handler);
        return handler;
      }));
  listening_ = true;
  return OkStatus();
}

void ClientSessions::Close() {
  if (std::exchange(listening_, false)) {
    environment_.transport.StopListening(address_);
  }
  std::exchange(sessions_, {}).clear();
}

std::shared_ptr<transport::ConnectionHandler> ClientSessions::Accept(
    std::unique_ptr<transport::Connection> connection) {
  if (!listening_) {
    return nullptr;
  }
  auto session = std::make_shared<Session>(*this, ++last_session_, std::move(connection));
  sessions_.emplace(session->number, session);
  return session;
}

void ClientSessions::Remove(std::uint64_t session) {
  // Alive until the end of this call: it may come from a handler of the session.
  const auto node = sessions_.extract(session);
}

void ClientSessions::OnFrame(Session& session, const transport::Frame& frame) {
  proto::ClientRequest request;
  if (!request.ParseFromString(frame.head) || ++session.waiting > kMaxClientRequests) {
    session.Close();
    return Remove(session.number);
  }
  if (request.has_hello()) {
    session.greeted = request.hello().protocol_version() == kClientProtocolVersion;
  }
  if (!session.greeted) {
    return AnswerStatus(
        session.number,
        request.id(),
        FailedPrecondition(fmt::format("This coordinator (thalweg {}) speaks version {} of the "
                                       "client protocol, the client another one; use a client of "
                                       "the same release.",
                                       program_version_,
                                       kClientProtocolVersion)));
  }
  OnRequest(session.number, request);
}

void ClientSessions::OnRequest(std::uint64_t session, const proto::ClientRequest& request) {
  const std::uint64_t id = request.id();
  // Answers whatever a call of the service gives; the client may be gone by then.
  const auto reply = [this, session, id] {
    return lifeline_.Guard(
        [this, session, id](auto result) { Answer(session, id, ResponseOf(result)); });
  };
  Mailbox& mailbox = environment_.mailbox;
  switch (request.request_case()) {
    case proto::ClientRequest::kHello: {
      proto::ClientResponse response;
      response.mutable_hello()->set_program_version(program_version_);
      response.mutable_hello()->set_storage(storage_);
      return Answer(session, id, std::move(response));
    }
    case proto::ClientRequest::kSubmit:
      return OnSubmit(session, id, request.submit());
    case proto::ClientRequest::kList:
      return service_.List(mailbox, reply());
    case proto::ClientRequest::kDescribe:
      return OnDescribe(session, id, request.describe().job_id());
    case proto::ClientRequest::kCancel:
      return service_.Cancel(JobId(request.cancel().job_id()), mailbox, reply());
    case proto::ClientRequest::kStop:
      return service_.Stop(
          JobId(request.stop().job_id()), request.stop().drain(), mailbox, reply());
    case proto::ClientRequest::kWatch:
      return service_.Watch(JobId(request.watch().job_id()), mailbox, reply());
    case proto::ClientRequest::kWorkers:
      return service_.ListWorkers(mailbox, reply());
    case proto::ClientRequest::REQUEST_NOT_SET:
      break;
  }
  AnswerStatus(session, id, Unimplemented("This coordinator does not know the request"));
}

void ClientSessions::OnSubmit(std::uint64_t session,
                              std::uint64_t id,
                              const proto::SubmitJob& submit) {
  if (submit.has_graph()) {
    return Launch(session, id, submit, submit.graph());
  }
  if (*compiler_ == nullptr) {
    return AnswerStatus(
        session, id, Unimplemented("This coordinator takes compiled plans only, not SQL"));
  }
  environment_.executor.Submit(
      [compiler = compiler_,
       submit,
       launch = lifeline_.Guard([this, session, id](const proto::SubmitJob& submission,
                                                    StatusOr<proto::JobGraph> graph) {
         Launch(session, id, submission, std::move(graph));
       })]() mutable -> UniqueFunction<void()> {
        StatusOr<proto::JobGraph> graph = (*compiler)(submit);
        return [launch = std::move(launch),
                submit = std::move(submit),
                graph = std::move(graph)]() mutable { launch(submit, std::move(graph)); };
      },
      environment_.mailbox);
}

void ClientSessions::Launch(std::uint64_t session,
                            std::uint64_t id,
                            const proto::SubmitJob& submit,
                            StatusOr<proto::JobGraph> graph) {
  if (!graph.ok()) {
    return AnswerStatus(session, id, graph.status());
  }
  SubmitRequest request{.job = {}, .graph = *std::move(graph), .unique_name = true};
  if (!submit.job_id().empty()) {
    request.job = JobId(submit.job_id());
  }
  if (!submit.name().empty()) {
    request.graph.set_name(submit.name());
  }
  service_.Submit(std::move(request),
                  environment_.mailbox,
                  lifeline_.Guard([this, session, id](const StatusOr<JobId>& job) {
                    Answer(session, id, ResponseOf(job));
                  }));
}

void ClientSessions::OnDescribe(std::uint64_t session, std::uint64_t id, const std::string& job) {
  service_.List(
      environment_.mailbox,
      lifeline_.Guard([this, session, id, job](const StatusOr<std::vector<JobDescription>>& jobs) {
        if (!jobs.ok()) {
          return AnswerStatus(session, id, jobs.status());
        }
        const JobDescription* found = nullptr;
        for (const JobDescription& each : *jobs) {
          const bool same_name = each.name == job && (found == nullptr || !IsEnd(each.state));
          if (each.job.value() == job || same_name) {
            found = &each;
          }
        }
        if (found == nullptr) {
          return AnswerStatus(
              session, id, NotFound(fmt::format("There is no job with the id or name '{}'", job)));
        }
        Answer(session, id, ResponseOf(*found));
      }));
}

void ClientSessions::Answer(std::uint64_t session,
                            std::uint64_t id,
                            proto::ClientResponse response) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) {
    return;
  }
  --found->second->waiting;
  response.set_id(id);
  found->second->Send(response);
}

void ClientSessions::AnswerStatus(std::uint64_t session, std::uint64_t id, const Status& status) {
  Answer(session, id, ResponseOf(status));
}

}  // namespace thalweg::coordinator
