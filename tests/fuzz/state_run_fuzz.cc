// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as the run of a task's snapshot are either refused or restored into tables of every
// kind, which can then be snapshotted and restored again.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/checksum.h"
#include "base/coding.h"
#include "state/run_format.h"
#include "state/state_test_util.h"
#include "state/task_state.h"
#include "tests/testing/memory_store.h"

namespace thalweg::state {
namespace {

using columnar::DataType;

constexpr std::uint32_t kGroups = 2;

struct Task {
  ManualExecutor executor;
  ManualMailbox mailbox;
  thalweg::testing::MemoryStore store;
  std::unique_ptr<TaskState> state;

  Task() {
    TaskStateOptions options;
    options.range = {0, kGroups};
    options.key_group_count = kGroups;
    options.store = &store;
    options.run_prefix = "run";
    options.executor = &executor;
    options.mailbox = &mailbox;
    state = std::make_unique<TaskState>(std::move(options));
    TableSpec values =
        SpecOf("values", DataType::BigInt(), {{"n", DataType::Int()}, {"s", DataType::String()}});
    values.ttl = Milliseconds(5000);
    state->AddValueTable(values);
    state->AddSlicedTable(SpecOf("slices", DataType::String(), {{"s", DataType::Bytes()}}));
    state->AddOrderedTable(SpecOf("appended", DataType::BigInt(), {{"s", DataType::String()}}));
    TableSpec ordered = SpecOf("ordered", DataType::String(), {});
    ordered.sub_keys = {{"s", DataType::String()}};
    state->AddOrderedTable(ordered);
    state->AddTimerTable(SpecOf("timers", DataType::BigInt(), {}));
  }

  proto::TaskSnapshot Snapshot() {
    proto::TaskSnapshot taken;
    state->Freeze(CheckpointId(1), [&](StatusOr<proto::TaskSnapshot> snapshot) {
      CHECK_OK(snapshot.status());
      taken = *std::move(snapshot);
    });
    RunAll(executor, mailbox);
    return taken;
  }
};

void CheckRun(std::string run) {
  proto::TaskSnapshot snapshot = Task().Snapshot();
  for (proto::TableSchema& schema : *snapshot.mutable_tables()) {
    if (schema.sliced()) {
      schema.add_live_slices(0);
      schema.add_live_slices(7);
    }
  }
  proto::RunRef* const ref = snapshot.add_runs();
  ref->set_size(run.size());
  ref->set_checksum(Checksum(run));
  ref->set_last_key_group(kGroups - 1);
  ref->set_format(kRunFormat);
  ref->set_inline_run(std::move(run));
  Task restored;
  const proto::TaskSnapshot* const old[] = {&snapshot};
  const Status status = restored.state->Restore(old);
  if (!status.ok()) {
    CHECK(status.code() == StatusCode::kDataLoss || status.code() == StatusCode::kUnimplemented);
    return;
  }
  const proto::TaskSnapshot again = restored.Snapshot();
  Task twice;
  const proto::TaskSnapshot* const newer[] = {&again};
  CHECK_OK(twice.state->Restore(newer));
}

}  // namespace
}  // namespace thalweg::state

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  thalweg::state::CheckRun(bytes);
  // The same as rows of a run with a right head and checksum, which mutations would hardly hit.
  std::string run("TWIR\x01");
  run.append(bytes);
  thalweg::ByteWriter(run).PutFixed64(thalweg::Checksum(run));
  thalweg::state::CheckRun(run);
  return 0;
}
