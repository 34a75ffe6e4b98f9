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

namespace {

ChangeKinds KindsOut(const proto::JoinStep& join, ChangeKinds inputs) {
  if (join.emit_at_end()) {
    return {};
  }
  const bool only_adds = join.kind() == proto::JOIN_INNER || join.kind() == proto::JOIN_SEMI;
  if (!only_adds || (join.kind() == proto::JOIN_SEMI && !inputs.insert_only())) {
    inputs.deletes = true;
  }
  return inputs;
}

ChangeKinds KindsOut(const proto::RankStep& rank, const ChangeKinds& input) {
  if (rank.emit_at_end() || (input.insert_only() && rank.order().empty())) {
    return {};
  }
  const bool replaces = rank.emits_rank() || (rank.offset() == 0 && rank.limit() == 1);
  return {.updates = replaces, .deletes = !replaces || !input.insert_only()};
}

/// The rows of partial states are inserts, whatever they say.
bool RetractsPartials(const proto::Step& step) {
  return step.aggregate().merges_partials() && step.aggregate().input_retracts();
}

}  // namespace

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
      if (step.aggregate().emit_at_end()) {
        return {};
      }
      // Without calls a group never changes; it is only told again to keep it alive.
      return {
          .updates = step.aggregate().calls_size() > 0 || step.aggregate().state_ttl_millis() > 0,
          .deletes = (retracts || RetractsPartials(step)) && step.aggregate().keys_size() > 0};
    case proto::Step::kJoin:
      return KindsOut(step.join(), all);
    case proto::Step::kRank:
      return KindsOut(step.rank(), all);
    case proto::Step::kDeduplicate: {
      const proto::DeduplicateStep& deduplicate = step.deduplicate();
      const bool first_stays = deduplicate.processing_time() && !deduplicate.keep_last();
      return {.updates = !first_stays && !deduplicate.emit_at_end()};
    }
    case proto::Step::kWindowAggregate:
    case proto::Step::kLocalAggregate:
    case proto::Step::kSort:
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
  if (step.has_deduplicate() && !only_added) {
    return InvalidArgument(
        "keeping the first or last row by time takes rows that are only added, but this stream "
        "updates rows");
  }
  return OkStatus();
}

bool NeedsUpdateBefore(const proto::Step& step, bool wanted) {
  return step.has_sink() || step.has_project() || step.has_window_table() ? wanted : true;
}

void SetChangelog(std::span<const ChangeKinds> inputs, bool wanted, proto::Step* step) {
  const auto retracts = [&](std::size_t input) { return !inputs[input].insert_only(); };
  const bool any_retracts = std::any_of(
      inputs.begin(), inputs.end(), [](const ChangeKinds& kinds) { return !kinds.insert_only(); });
  if (step->has_rank()) {
    step->mutable_rank()->set_input_retracts(any_retracts);
    step->mutable_rank()->set_needs_update_before(wanted);
  } else if (step->has_deduplicate()) {
    step->mutable_deduplicate()->set_needs_update_before(wanted);
  } else if (step->has_sort()) {
    step->mutable_sort()->set_input_retracts(any_retracts);
  } else if (step->has_aggregate()) {
    if (!step->aggregate().merges_partials()) {  // Else its maker has said so of both phases.
      step->mutable_aggregate()->set_input_retracts(any_retracts);
    }
    step->mutable_aggregate()->set_needs_update_before(wanted);
  } else if (step->has_join()) {
    step->mutable_join()->set_left_retracts(retracts(0));
    step->mutable_join()->set_right_retracts(retracts(1));
  }
}

}  // namespace thalweg::runtime
