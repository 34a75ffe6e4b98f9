// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_CLIENT_PLAN_GRAPH_H_
#define THALWEG_CLIENT_PLAN_GRAPH_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "columnar/type.h"
#include "proto/plan.pb.h"

namespace thalweg::client {

inline constexpr std::size_t kNoNode = static_cast<std::size_t>(-1);

/// One operator, before operators are chained into vertices.
struct PlanNode {
  proto::Step step;                 // Without operator id and output schema.
  std::vector<std::size_t> inputs;  // Nodes.
  std::uint32_t parallelism = 1;
  std::string id_text;               // What its operator id is made of.
  columnar::SchemaPtr schema;        // Of its rows.
  std::vector<std::string> origins;  // Each column's text over base columns.
  bool updating = false;             // Its rows may be -U, +U and -D.
  bool wants_update_before = true;   // Sinks only.
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

  const PlanNode& node(std::size_t i) const { return nodes_[i]; }
  proto::JobGraph& header() { return header_; }
  std::uint32_t parallelism = 1;

  StatusOr<proto::JobGraph> Build() const;

 private:
  Status Complete(PlanNode* node) const;

  proto::JobGraph header_;  // Everything but vertices and edges.
  std::vector<PlanNode> nodes_;
  Status status_;
};

}  // namespace thalweg::client

#endif  // THALWEG_CLIENT_PLAN_GRAPH_H_
