// SPDX-License-Identifier: Apache-2.0
//
// Which changes flow along each edge of a plan, inferred in two passes. Forwards: what a step may
// emit, given what it gets. Backwards: whether anybody needs the row before an update (-U), given
// who reads the step. Aggregates and joins choose their state and their output by the answers.
#ifndef THALWEG_RUNTIME_PLAN_CHANGELOG_H_
#define THALWEG_RUNTIME_PLAN_CHANGELOG_H_

#include <span>
#include <string>

#include "base/status.h"
#include "proto/plan.pb.h"

namespace thalweg::runtime {

/// What a stream may carry beside +I.
struct ChangeKinds {
  bool updates = false;  // +U, after -U where a reader needs that.
  bool deletes = false;  // -D.

  bool insert_only() const { return !updates && !deletes; }
  friend bool operator==(const ChangeKinds&, const ChangeKinds&) = default;
};

/// "[I]", "[I,UB,UA,D]", ...: as EXPLAIN shows it.
std::string ToString(const ChangeKinds& kinds, bool update_before);

/// Forwards. `inputs` has an entry per stream that leads into the step.
ChangeKinds KindsOut(const proto::Step& step, std::span<const ChangeKinds> inputs);

/// kInvalidArgument: the step takes rows that are only added, and gets others.
Status CheckChanges(const proto::Step& step, std::span<const ChangeKinds> inputs);

/// Backwards: whether the step needs -U of its inputs. `wanted`: whether its own readers do; for a
/// sink, whether the sink does.
bool NeedsUpdateBefore(const proto::Step& step, bool wanted);

/// Writes into the step what it must know of both passes.
void SetChangelog(std::span<const ChangeKinds> inputs, bool wanted, proto::Step* step);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_PLAN_CHANGELOG_H_
