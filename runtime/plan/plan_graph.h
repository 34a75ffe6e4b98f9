// SPDX-License-Identifier: Apache-2.0
//
// Operators and what they read, before they are chained into the vertices of a job graph: what the
// C++ API builds and what SQL is translated to.
#ifndef THALWEG_RUNTIME_PLAN_PLAN_GRAPH_H_
#define THALWEG_RUNTIME_PLAN_PLAN_GRAPH_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "columnar/type.h"
#include "proto/plan.pb.h"
#include "runtime/plan/changelog.h"

namespace thalweg::runtime {

inline constexpr std::size_t kNoNode = static_cast<std::size_t>(-1);

/// One operator.
struct PlanNode {
  proto::Step step;  // Without operator id and output schema.
  /// Nodes. Where there are more than the step has inputs, all the further ones feed its last: so a
  /// projection with several inputs is UNION ALL.
  std::vector<std::size_t> inputs;
  std::uint32_t parallelism = 1;
  /// Of a step without keys: columns of its input whose equal values one task must get, in order.
  /// A sink that tells rows apart by a key wants that.
  std::optional<std::vector<std::uint32_t>> hash_on;
  bool wants_update_before = true;  // Sinks only.
  /// Which output of its only input it reads: 0, or kDeadLetterOutput of a reader (plan.h).
  std::uint32_t side_output = 0;

  // Filled in by PlanGraph::Add().
  std::string id_text;               // What its operator id is made of.
  columnar::SchemaPtr schema;        // Of its rows.
  std::vector<std::string> origins;  // Each column's text over base columns.
  ChangeKinds kinds;                 // Of its rows.
};

/// The operators of a plan under construction, and how they become a job graph.
class PlanGraph {
 public:
  explicit PlanGraph(std::string name) { header_.set_name(std::move(name)); }

  /// Checks the operator and fills in what follows from its inputs. kNoNode after any mistake.
  std::size_t Add(PlanNode node);
  /// Remembers the first mistake.
  void Fail(const Status& status);
  bool failed() const { return !status_.ok(); }
  const Status& status() const { return status_; }

  const PlanNode& node(std::size_t i) const { return nodes_[i]; }
  std::size_t size() const { return nodes_.size(); }
  proto::JobGraph& header() { return header_; }
  std::uint32_t parallelism = 1;

  /// For each node, whether a reader needs -U of it.
  std::vector<bool> UpdateBeforeWanted() const;

  StatusOr<proto::JobGraph> Build() const;

 private:
  Status Complete(PlanNode* node) const;

  proto::JobGraph header_;  // Everything but vertices and edges.
  std::vector<PlanNode> nodes_;
  Status status_;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_PLAN_PLAN_GRAPH_H_
