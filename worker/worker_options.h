// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_WORKER_WORKER_OPTIONS_H_
#define THALWEG_WORKER_WORKER_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "transport/transport.h"

namespace thalweg {
class BlockingExecutor;
class Clock;
class Log;
class Mailbox;
class MetricGroup;
class Timers;
}  // namespace thalweg

namespace thalweg::runtime {
class ConnectorRegistry;
class Lane;
}  // namespace thalweg::runtime

namespace thalweg::state {
class MemoryBudget;
class SpillFactory;
}  // namespace thalweg::state

namespace thalweg::storage {
class DirectoryStore;
}  // namespace thalweg::storage

namespace thalweg::worker {

struct WorkerOptions {
  WorkerId id;                                   // New at each process start.
  std::vector<transport::Address> coordinators;  // Tried in turn; one of them leads.
  transport::Address exchange;                   // Where other workers dial this one.
  std::uint32_t slots = 1;                       // Instances of pipelines that may run here.
  // Snapshot runs up to this many bytes travel inside the ack, larger ones become files. Absent: as
  // state::TaskStateOptions says.
  std::optional<std::size_t> inline_run_max;
  Milliseconds dial_delay_min{20};  // Before dialling again; doubles up to the next line.
  Milliseconds dial_delay_max{1'000};
  Milliseconds coordinator_patience{
      3'000};  // Without any message from it the stream counts as broken.
};

/// Everything that a worker has from outside. All of it outlives the worker.
struct WorkerEnvironment {
  transport::Transport& transport;
  Mailbox& mailbox;  // Of the worker's own thread.
  Timers& timers;
  const Clock& clock;
  BlockingExecutor& executor;
  storage::DirectoryStore& checkpoints;  // Shared with coordinator and other workers.
  storage::DirectoryStore& files;        // Of connectors that read and write files.
  const runtime::ConnectorRegistry& connectors;
  std::vector<runtime::Lane*> lanes;  // At least one.
  state::MemoryBudget* budget;        // Null: without limit.
  state::SpillFactory* spill;         // Null: state stays in memory.
  const Log& log;
  MetricGroup* metrics = nullptr;  // Each job gets a group of its id; null: nobody looks.
};

}  // namespace thalweg::worker

#endif  // THALWEG_WORKER_WORKER_OPTIONS_H_
