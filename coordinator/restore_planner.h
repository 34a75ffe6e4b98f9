// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_RESTORE_PLANNER_H_
#define THALWEG_COORDINATOR_RESTORE_PLANNER_H_

// What each task of a job gets back from a checkpoint, at the same or at another parallelism, and
// after the graph was changed.
//
// State is found again by operator id, wherever that operator stands now. Keyed state goes to whom
// its key groups belong: a task gets every run that overlaps its range, and skips the rows that are
// not its own. Operator state entries go by their redistribution rule.
//
//   old, parallelism 2:  [0 ......... 512)[512 ........ 1024)
//   new, parallelism 3:  [0 ... 342)[342 ..... 683)[683 .. 1024)
//                         first       both           second

#include <map>

#include "base/ids.h"
#include "base/status.h"
#include "proto/checkpoint.pb.h"
#include "proto/control.pb.h"
#include "proto/plan.pb.h"

namespace thalweg::coordinator {

/// One entry per task of `graph`.
///
/// kFailedPrecondition: the checkpoint cannot be restored into this graph; the message says whether
/// the number of key groups, the hash algorithm or the loss of an operator with state stands in the
/// way. kDataLoss: the manifest contradicts itself.
StatusOr<std::map<TaskId, proto::TaskRestore>> PlanRestore(const proto::Manifest& manifest,
                                                           const proto::JobGraph& graph);

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_RESTORE_PLANNER_H_
