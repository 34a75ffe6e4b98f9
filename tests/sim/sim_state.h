// SPDX-License-Identifier: Apache-2.0
//
// What a checkpoint remembers, in a form that does not depend on how it came about: on parallelism,
// workers, runs, aborted checkpoints, restores before it.
#ifndef THALWEG_TESTS_SIM_SIM_STATE_H_
#define THALWEG_TESTS_SIM_SIM_STATE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "proto/checkpoint.pb.h"
#include "storage/store.h"
#include "tests/sim/sim_jobs.h"

namespace thalweg::testing {

/// For each reading operator and each of its splits, the row number at which it goes on.
using SourcePositions = std::map<std::string, std::map<std::uint64_t, std::uint64_t>>;

SourcePositions PositionsOf(const proto::Manifest& manifest, const proto::JobGraph& graph);

/// The keyed state of all tasks.
class StateContent {
 public:
  /// Reads the runs that the manifest names. What operators behind a window remember is left out:
  /// it depends on whether the window has fired already.
  static StatusOr<StateContent> Of(const proto::Manifest& manifest,
                                   const proto::JobGraph& graph,
                                   storage::Store& store);

  /// Where two contents differ, in words; empty: nowhere. A window that one of them has fired for a
  /// key is left out: when that happens is a matter of time, and its rows are judged by the output.
  static std::string Difference(const StateContent& expected, const StateContent& actual);

 private:
  struct Row {
    std::string text;  // Operator, table, key, sub-key and value.
    std::string operator_id;
    std::uint32_t key_group = 0;
    std::optional<std::int64_t> slice;
  };
  Status Add(const proto::TaskSnapshot& task, storage::Store& store);
  Status AddFired(const proto::OperatorStateEntry& entry);
  bool HasFired(const Row& row) const;
  FoldedRows RowsOpenInBoth(const StateContent& other) const;

  std::set<std::string> left_out_;  // Operators.
  std::vector<Row> rows_;
  // By operator and key group: event time up to which windows have fired.
  std::map<std::string, std::map<std::uint32_t, std::int64_t>> fired_;
};

/// Whether ContentAt() says what any run of the job must remember. Not so for a Top-N, whose rows
/// carry arrival numbers, which hang on the channel that was read first; nor for hopping windows,
/// whose slices stay until the last window that shares them has fired. Their output is judged.
bool HasComparableState(SimJob job);

/// The content of an undisturbed run of the job with its barrier behind exactly these rows. The
/// run is a cluster of its own with one task per vertex, whose sources hold there.
StateContent ContentAt(SimJob job, const SourcePositions& positions);

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_SIM_SIM_STATE_H_
