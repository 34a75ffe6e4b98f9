// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_TABLE_SET_H_
#define THALWEG_STATE_TABLE_SET_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "proto/checkpoint.pb.h"
#include "state/ordered_table.h"
#include "state/sliced_table.h"
#include "state/table_spec.h"
#include "state/timer_table.h"
#include "state/value_table.h"

namespace thalweg::state {

/// A table as it was declared; one of the pointers is set.
struct DeclaredTable {
  TableSpec spec;
  std::uint32_t number = 0;  // In the task's runs.
  std::unique_ptr<ValueTable> values;
  std::unique_ptr<SlicedTable> sliced;
  std::unique_ptr<OrderedTable> ordered;
  std::unique_ptr<TimerTable> timers;

  proto::TableKind kind() const;
};

/// How the rows of an old task's table come into ours.
struct TableMatch {
  const proto::TableSchema* schema = nullptr;
  DeclaredTable* table = nullptr;     // Null: nobody declares the table any more.
  std::unique_ptr<RowLayout> layout;  // Of the old rows.
  bool has_ttl = false;               // The old rows have a time of last write.
  std::vector<std::pair<std::size_t, std::size_t>> fields;  // Old field, our field.
  bool identical = false;                                   // Old rows are as ours would be.
  bool all_slices = false;  // The schema's list of live slices is not to be asked.
};

/// The tables of a task, in the order of declaration.
class TableSet {
 public:
  /// CHECKs that (operator, name) is new.
  DeclaredTable& Add(const TableSpec& spec);

  std::vector<std::unique_ptr<DeclaredTable>>& tables() { return tables_; }
  const std::vector<std::unique_ptr<DeclaredTable>>& tables() const { return tables_; }

  /// Calls visit(KeyedRows&) for every set of rows.
  template <class Visit>
  void ForEachRows(Visit&& visit) {
    for (const std::unique_ptr<DeclaredTable>& table : tables_) {
      if (table->values != nullptr) {
        visit(static_cast<KeyedRows&>(*table->values));
      } else if (table->ordered != nullptr) {
        visit(static_cast<KeyedRows&>(*table->ordered));
      } else if (table->timers != nullptr) {
        visit(static_cast<KeyedRows&>(*table->timers));
      } else {
        table->sliced->ForEachTable(
            [&](ValueTable& rows) { visit(static_cast<KeyedRows&>(rows)); });
      }
    }
  }

  /// For all tables of slices: no run that counts holds rows of a dropped slice.
  void ForgetDroppedSlices();

  /// Gives a table its number and tells its rows.
  static void SetNumber(DeclaredTable& table, std::uint32_t number);
  /// The schemas as of now.
  void Describe(proto::TaskSnapshot* snapshot) const;

  /// Finds our table for an old one and checks that the rows can be taken over. kInvalidArgument
  /// names the table and the field in the way.
  StatusOr<TableMatch> Match(const proto::TableSchema& schema);

 private:
  std::vector<std::unique_ptr<DeclaredTable>> tables_;
};

}  // namespace thalweg::state

#endif  // THALWEG_STATE_TABLE_SET_H_
