// SPDX-License-Identifier: Apache-2.0
//
// How tables are read: each once for all who want something of it, just the columns (and fields of
// ROW columns) that somebody wants, computed columns and the watermark behind it.
//
//   read(id, person.city) -> project(id, person.city, upper(..)) -> watermark -> who wants what
#ifndef THALWEG_SQL_PHYSICAL_SOURCE_PLANNER_H_
#define THALWEG_SQL_PHYSICAL_SOURCE_PLANNER_H_

#include <map>
#include <set>
#include <string>

#include "base/status.h"
#include "runtime/connector/registry.h"
#include "sql/algebra/rel.h"
#include "sql/physical/job_settings.h"
#include "sql/physical/node_set.h"

namespace thalweg::sql {

class SourcePlanner {
 public:
  /// `folder`: where relative paths of files begin. All are borrowed.
  SourcePlanner(const runtime::ConnectorRegistry& connectors,
                const JobSettings& settings,
                const std::string& folder,
                NodeSet& nodes)
      : connectors_(connectors), settings_(settings), folder_(folder), nodes_(nodes) {}

  /// Every scan of the job first, so that a table is read once.
  void Announce(const Scan& scan);
  /// Somebody looks at event time: tables with a watermark make one.
  void WantWatermarks() { watermarks_ = true; }

  /// The node whose columns are the scan's paths.
  StatusOr<NodeIndex> Plan(const Scan& scan, const Rel& rel);

 private:
  struct Source {
    NodeIndex node = 0;
    std::map<ScanPath, std::uint32_t> place;
  };

  StatusOr<Source> Make(const Scan& scan);

  const runtime::ConnectorRegistry& connectors_;
  const JobSettings& settings_;
  const std::string& folder_;
  NodeSet& nodes_;
  bool watermarks_ = false;
  std::map<std::string, std::set<ScanPath>> wanted_;  // By SourceDigest().
  std::map<std::string, Source> made_;
};

/// What a connector is told of a table: its columns that are not computed, its options but those
/// that the planner heeds itself.
runtime::TableRequest RequestOf(const TableDefinition& table,
                                const Configuration& options,
                                const std::string& folder);
/// The option 'connector'. kInvalidArgument: there is none.
StatusOr<std::string> ConnectorOf(const TableDefinition& table, const Configuration& options);

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_PHYSICAL_SOURCE_PLANNER_H_
