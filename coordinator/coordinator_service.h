// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_COORDINATOR_SERVICE_H_
#define THALWEG_COORDINATOR_COORDINATOR_SERVICE_H_

// The coordinator of a cluster: becomes leader, takes up the jobs that lie in storage, serves
// workers and users, and carries out what the job machines decide.
//
//   CoordinatorService coordinator(environment, {.address = {"coordinator"}}, listener);
//   coordinator.Start();
//   coordinator.Submit({.graph = graph}, mailbox, [&](StatusOr<JobId> job) { ... });
//
// Leading begins when this process's generation is durable in the cluster's log; until then workers
// are not listened to and users' calls wait. It ends when any log shows a higher generation: the
// service then says nothing more to workers, closes their connections so that they look for the new
// leader, answers users with kUnavailable and tells its listener. It is of no further use.

#include <memory>
#include <string>
#include <vector>

#include "base/function.h"
#include "base/ids.h"
#include "base/status.h"
#include "coordinator/environment.h"
#include "coordinator/job_description.h"
#include "coordinator/job_machine.h"
#include "proto/plan.pb.h"
#include "transport/transport.h"

namespace thalweg::coordinator {

struct CoordinatorOptions {
  transport::Address address;               // Where workers dial.
  std::string name = "coordinator";         // For people; stands in the log beside the generation.
  Milliseconds heartbeat_interval{1'000};   // Of the workers.
  Milliseconds heartbeat_patience{10'000};  // A worker not heard of for longer is lost.
  Milliseconds leadership_check{5'000};     // Between two looks whether another leads by now.
  JobMachineOptions jobs;
};

/// What the owner of a service hears, as mails of its mailbox. The owner may destroy the service,
/// but not inside these calls.
class CoordinatorListener {
 public:
  virtual ~CoordinatorListener() = default;

  virtual void OnLeading(Generation generation) = 0;

  /// The service has ended. kFailedPrecondition: another coordinator leads. kDataLoss: the
  /// cluster's log is damaged; the message names the key. Others: storage or the address cannot be
  /// used.
  virtual void OnSteppedDown(const Status& status) = 0;
};

class CoordinatorCore;

class CoordinatorService {
 public:
  /// Called once, as a mail of the mailbox given with it.
  template <class T>
  using Callback = UniqueFunction<void(T)>;

  /// `environment` and `listener` outlive the service.
  CoordinatorService(const Environment& environment,
                     CoordinatorOptions options,
                     CoordinatorListener& listener);

  /// On the mailbox's thread, or when that does not run any more. Workers keep what they run;
  /// callbacks that wait are dropped.
  ~CoordinatorService();

  CoordinatorService(const CoordinatorService&) = delete;
  CoordinatorService& operator=(const CoordinatorService&) = delete;

  /// Starts to become leader. Once. This and all calls below may come from any thread.
  void Start();

  /// Accepts a job. It is durable before the answer. May be repeated with the same id and graph:
  /// the job is taken up where it is, an ended one included.
  /// kInvalidArgument: the graph is wrong. kAlreadyExists: the id names a job with another graph,
  /// or the name is taken and was to be unique.
  void Submit(SubmitRequest request, Mailbox& mailbox, Callback<StatusOr<JobId>> done);

  /// Ends the job without its output since the last checkpoint. Answered when the wish is durable;
  /// Watch() tells the end. kNotFound. kFailedPrecondition: it has ended otherwise.
  void Cancel(JobId job, Mailbox& mailbox, Callback<Status> done);

  /// Ends the job with a last checkpoint, all of whose output becomes visible; with `drain` after a
  /// last watermark, so that open windows fire. Otherwise as Cancel().
  void Stop(JobId job, bool drain, Mailbox& mailbox, Callback<Status> done);

  /// Goes on with another graph (another parallelism, say) from the newest checkpoint; takes up a
  /// job that was stopped or has failed. Answered when the change is durable.
  /// kFailedPrecondition: state would be lost, or the job is in a state that forbids it.
  void Change(JobId job, proto::JobGraph graph, Mailbox& mailbox, Callback<Status> done);

  void Describe(JobId job, Mailbox& mailbox, Callback<StatusOr<JobDescription>> done);

  /// All jobs, in the order of submission.
  void List(Mailbox& mailbox, Callback<StatusOr<std::vector<JobDescription>>> done);

  /// The workers that are attached, by id.
  void ListWorkers(Mailbox& mailbox, Callback<StatusOr<std::vector<WorkerDescription>>> done);

  /// Answered when the job has ended; at once when it had. kNotFound: no such job. kUnavailable:
  /// this service has stepped down; ask the next leader.
  void Watch(JobId job, Mailbox& mailbox, Callback<StatusOr<JobOutcome>> done);

 private:
  /// Runs `call` on the core as a mail of its mailbox.
  void Post(UniqueFunction<void(CoordinatorCore&)> call);

  Mailbox& mailbox_;
  std::shared_ptr<CoordinatorCore> core_;
};

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_COORDINATOR_SERVICE_H_
