// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/changelog.h"

#include <algorithm>

namespace thalweg::runtime {

std::string ToString(const ChangeKinds& kinds, bool update_before) {
  std::string text = "[I";
  if (kinds.updates) {
    text += update_before ? ",UB,UA" : ",UA";
  }
  if (kinds.deletes) {
    text += ",D";
  }
  return text + "]";
}

ChangeKinds KindsOut(const proto::Step& step, std::span<const ChangeKinds> inputs) {
  ChangeKinds all;
  for (const ChangeKinds& input : inputs) {
    all.updates |= input.updates;
    all.deletes |= input.deletes;
  }
  const bool retracts = !all.insert_only();
  switch (step.kind_case()) {
    case proto::Step::kFilter:
      // An update whose row no longer passes is a deletion for the reader.
      return {.updates = all.updates, .deletes = retracts};
    case proto::Step::kAggregate:
      // A group disappears only when its last row is taken back; the one group of an aggregate
      // without keys stays.
      return {.updates = true, .deletes = retracts && step.aggregate().keys_size() > 0};
    case proto::Step::kWindowAggregate:
      return {};
    default:
      return all;
  }
}

Status CheckChanges(const proto::Step& step, std::span<const ChangeKinds> inputs) {
  const bool only_added = std::all_of(
      inputs.begin(), inputs.end(), [](const ChangeKinds& kinds) { return kinds.insert_only(); });
  if (step.has_window_aggregate() && !only_added) {
    return InvalidArgument("windows take rows that are only added, but this stream updates rows");
  }
  return OkStatus();
}

bool NeedsUpdateBefore(const proto::Step& step, bool wanted) {
  return step.has_sink() || step.has_project() ? wanted : true;
}

void SetChangelog(std::span<const ChangeKinds> inputs, bool wanted, proto::Step* step) {
  const auto retracts = [&](std::size_t input) { return !inputs[input].insert_only(); };
  if (step->has_aggregate()) {
    step->mutable_aggregate()->set_input_retracts(
        std::any_of(inputs.begin(), inputs.end(), [](const ChangeKinds& kinds) {
          return !kinds.insert_only();
        }));
    step->mutable_aggregate()->set_needs_update_before(wanted);
  } else if (step->has_join()) {
    step->mutable_join()->set_left_retracts(retracts(0));
    step->mutable_join()->set_right_retracts(retracts(1));
  }
}

}  // namespace thalweg::runtime
