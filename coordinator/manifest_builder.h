// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_COORDINATOR_MANIFEST_BUILDER_H_
#define THALWEG_COORDINATOR_MANIFEST_BUILDER_H_

// Puts the snapshots of all tasks together to the record that makes a checkpoint durable.

#include <map>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/status.h"
#include "proto/checkpoint.pb.h"
#include "proto/plan.pb.h"

namespace thalweg::coordinator {

/// How keys are turned into key groups; a manifest with another one cannot be restored. The number
/// is the one of columnar/hash.h.
inline constexpr std::string_view kHashAlgorithm = "xxh3-64/1";

/// What a manifest says of the checkpoint as a whole.
struct ManifestHead {
  CheckpointId id;
  Attempt attempt;
  proto::CheckpointKind kind = proto::CHECKPOINT_PERIODIC;
  std::string lineage;
};

/// Builds the manifest. Every task of `graph` must have a snapshot, and the key groups of each
/// vertex must be covered exactly once; otherwise kFailedPrecondition names the vertex or the task:
/// a worker and this coordinator disagree on who owns what, and such a checkpoint must never become
/// durable.
StatusOr<proto::Manifest> BuildManifest(const ManifestHead& head,
                                        const proto::JobGraph& graph,
                                        std::map<TaskId, proto::TaskSnapshot> snapshots);

}  // namespace thalweg::coordinator

#endif  // THALWEG_COORDINATOR_MANIFEST_BUILDER_H_
