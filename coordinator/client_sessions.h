// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_CLIENT_SESSIONS_H_
#define THALWEG_COORDINATOR_CLIENT_SESSIONS_H_

// The connections of clients: a command line that submits, lists and stops jobs. Translates
// requests to calls of the CoordinatorService and their results to answers; decides nothing else.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/status.h"
#include "coordinator/coordinator_service.h"
#include "coordinator/environment.h"
#include "proto/client.pb.h"
#include "transport/transport.h"

namespace thalweg::coordinator {

/// The version of the client protocol that this program speaks.
inline constexpr std::uint32_t kClientProtocolVersion = 1;

/// Most requests of one client that wait for their answer; more end its connection.
inline constexpr std::size_t kMaxClientRequests = 1'000;

/// What a coordinator makes of a program that is not compiled yet. Called on a thread of the
/// executor, several calls at once. kInvalidArgument: the text is wrong, and where.
using JobCompiler = std::function<StatusOr<proto::JobGraph>(const proto::SubmitJob& submission)>;

/// On the mailbox's thread.
class ClientSessions {
 public:
  /// All outlive it. `compiler` may be null: then only compiled plans are taken.
  ClientSessions(const Environment& environment,
                 transport::Address address,
                 std::string program_version,
                 std::string storage,
                 CoordinatorService& service,
                 JobCompiler compiler);
  ~ClientSessions();

  /// Starts to accept clients. Errors are the transport's.
  Status Listen();

  /// Refuses new connections and closes all others.
  void Close();

 private:
  class Session;

  std::shared_ptr<transport::ConnectionHandler> Accept(
      std::unique_ptr<transport::Connection> connection);
  void OnFrame(Session& session, const transport::Frame& frame);
  void OnRequest(std::uint64_t session, const proto::ClientRequest& request);
  void OnSubmit(std::uint64_t session, std::uint64_t id, const proto::SubmitJob& submit);
  void Launch(std::uint64_t session,
              std::uint64_t id,
              const proto::SubmitJob& submit,
              StatusOr<proto::JobGraph> graph);
  void OnDescribe(std::uint64_t session, std::uint64_t id, const std::string& job);
  /// Answers, if the client is still there.
  void Answer(std::uint64_t session, std::uint64_t id, proto::ClientResponse response);
  void AnswerStatus(std::uint64_t session, std::uint64_t id, const Status& status);
  void Remove(std::uint64_t session);

  const Environment& environment_;
  const transport::Address address_;
  const std::string program_version_;
  const std::string storage_;
  CoordinatorService& service_;
  const std::shared_ptr<const JobCompiler> compiler_;  // Shared with works of the executor.
  bool listening_ = false;
  std::uint64_t last_session_ = 0;
  std::map<std::uint64_t, std::shared_ptr<Session>> sessions_;  // By number, from 1.
  Lifeline lifeline_;
};

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_CLIENT_SESSIONS_H_
