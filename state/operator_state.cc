// SPDX-License-Identifier: Apache-2.0
#include "state/operator_state.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/mutation.h"
#include "columnar/hash.h"

namespace thalweg::state {
namespace {

StatusOr<bool> FallsTo(const proto::OperatorStateEntry& entry,
                       KeyGroupRange range,
                       std::uint32_t key_group_count) {
  switch (entry.redistribution()) {
    case proto::REDISTRIBUTE_BY_OWNER:
      return Mutated(Mutation::kEntriesNotRedistributed) ||
             range.Contains(columnar::KeyGroupOf(Hash64(entry.key()), key_group_count));
    case proto::REDISTRIBUTE_TO_ONE:
      return range.begin == 0;
    case proto::REDISTRIBUTE_TO_ALL:
      return true;
    default:
      return InvalidArgument(
          fmt::format("An entry of list {} of operator {} has redistribution rule {}, which this "
                      "program does not know.",
                      entry.name(),
                      entry.operator_id(),
                      static_cast<int>(entry.redistribution())));
  }
}

}  // namespace

void OperatorState::Set(const OperatorId& op, std::string_view name, Entries entries) {
  for (proto::OperatorStateEntry& entry : entries) {
    CHECK_NE(static_cast<int>(entry.redistribution()),
             static_cast<int>(proto::REDISTRIBUTION_UNSPECIFIED));
    entry.set_operator_id(op.value());
    entry.set_name(std::string(name));
  }
  lists_[{op.value(), std::string(name)}] = std::move(entries);
}

std::span<const proto::OperatorStateEntry> OperatorState::Get(const OperatorId& op,
                                                              std::string_view name) const {
  const auto list = lists_.find({op.value(), std::string(name)});
  return list == lists_.end() ? std::span<const proto::OperatorStateEntry>() : list->second;
}

OperatorState::Entries OperatorState::All(const OperatorId& op) const {
  Entries all;
  for (auto list = lists_.lower_bound({op.value(), ""});
       list != lists_.end() && list->first.first == op.value();
       ++list) {
    all.insert(all.end(), list->second.begin(), list->second.end());
  }
  return all;
}

void OperatorState::AppendTo(proto::TaskSnapshot& snapshot) const {
  for (const auto& [name, entries] : lists_) {
    for (const proto::OperatorStateEntry& entry : entries) {
      *snapshot.add_entries() = entry;
    }
  }
}

Status OperatorState::Restore(const proto::TaskSnapshot& old_task,
                              KeyGroupRange range,
                              std::uint32_t key_group_count) {
  for (const proto::OperatorStateEntry& entry : old_task.entries()) {
    ASSIGN_OR_RETURN(const bool falls_here, FallsTo(entry, range, key_group_count));
    if (falls_here) {
      lists_[{entry.operator_id(), entry.name()}].push_back(entry);
    }
  }
  return OkStatus();
}

}  // namespace thalweg::state
