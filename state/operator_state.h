// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_OPERATOR_STATE_H_
#define THALWEG_STATE_OPERATOR_STATE_H_

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "proto/checkpoint.pb.h"

namespace thalweg::state {

/// Named lists of versioned entries that belong to an operator rather than to keys: positions of
/// splits, cursors, files waiting to be published. Small: a snapshot carries all of them.
///
/// Who gets which entry after a restore is said by the entry's redistribution rule; several old
/// tasks may then contribute entries with the same key to one list. Used by the task's thread.
class OperatorState {
 public:
  using Entries = std::vector<proto::OperatorStateEntry>;

  /// Replaces the list. Fills in each entry's operator id and name. REQUIRES: each entry has a
  /// redistribution rule.
  void Set(const OperatorId& op, std::string_view name, Entries entries);
  /// The list as last set or restored; empty when there is none. Valid until the next call.
  std::span<const proto::OperatorStateEntry> Get(const OperatorId& op, std::string_view name) const;
  /// Every list of the operator behind each other, by name.
  Entries All(const OperatorId& op) const;

  /// Appends all entries, ordered by operator and list.
  void AppendTo(proto::TaskSnapshot& snapshot) const;
  /// Adds those entries of an old task that fall to the owner of `range` among
  /// `key_group_count`. kInvalidArgument: an entry without a rule that is known here.
  Status Restore(const proto::TaskSnapshot& old_task,
                 KeyGroupRange range,
                 std::uint32_t key_group_count);

 private:
  std::map<std::pair<std::string, std::string>, Entries> lists_;  // By operator id and name.
};

}  // namespace thalweg::state

#endif  // THALWEG_STATE_OPERATOR_STATE_H_
