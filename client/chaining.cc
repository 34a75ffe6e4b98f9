// SPDX-License-Identifier: Apache-2.0
#include "client/chaining.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "columnar/type_proto.h"
#include "runtime/plan/operator_id.h"
#include "runtime/plan/plan.h"

namespace thalweg::client {
namespace {

using runtime::StepRole;

class Chainer {
 public:
  Chainer(std::span<const PlanNode> nodes, proto::JobGraph* graph)
      : nodes_(nodes),
        graph_(*graph),
        readers_(nodes.size(), 0),
        wants_before_(nodes.size(), false),
        vertex_of_(nodes.size(), 0) {}

  Status Run() {
    LookBack();
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (!IsLive(i)) {
        continue;
      }
      if (nodes_[i].step.has_read()) {
        AddSource(i);
      } else if (MayChain(i)) {
        vertex_of_[i] = vertex_of_[nodes_[i].inputs[0]];
        AddStep(i, graph_.mutable_vertices(static_cast<int>(vertex_of_[i])));
      } else {
        RETURN_IF_ERROR(AddVertex(i));
      }
    }
    return graph_.vertices().empty() ? InvalidArgument("The plan has no sink") : OkStatus();
  }

 private:
  bool IsLive(std::size_t i) const { return readers_[i] > 0 || nodes_[i].step.has_sink(); }

  /// From the sinks backwards: who is read at all, and by whom that needs -U.
  void LookBack() {
    for (std::size_t i = nodes_.size(); i-- > 0;) {
      if (!IsLive(i)) {
        continue;
      }
      const PlanNode& node = nodes_[i];
      bool wants = true;
      if (node.step.has_sink()) {
        wants = node.wants_update_before;
      } else if (node.step.has_project()) {
        wants = wants_before_[i];
      }
      for (const std::size_t input : node.inputs) {
        ++readers_[input];
        wants_before_[input] = wants_before_[input] || wants;
      }
    }
  }

  bool MayChain(std::size_t i) const {
    const PlanNode& node = nodes_[i];
    return runtime::RoleOf(node.step) != StepRole::kKeyed && readers_[node.inputs[0]] == 1 &&
           nodes_[node.inputs[0]].parallelism == node.parallelism;
  }

  void AddStep(std::size_t i, proto::Vertex* vertex) {
    const PlanNode& node = nodes_[i];
    proto::Step& step = *vertex->add_steps();
    step = node.step;
    if (step.has_aggregate()) {
      step.mutable_aggregate()->set_input_retracts(nodes_[node.inputs[0]].updating);
      step.mutable_aggregate()->set_needs_update_before(wants_before_[i]);
    } else if (step.has_join()) {
      step.mutable_join()->set_left_retracts(nodes_[node.inputs[0]].updating);
      step.mutable_join()->set_right_retracts(nodes_[node.inputs[1]].updating);
    }
    step.set_operator_id(ids_.Next(node.id_text).value());
    columnar::ToProto(*node.schema, step.mutable_output());
    vertex->set_name(vertex->name() + (vertex->name().empty() ? "" : " -> ") + step.name());
  }

  proto::Vertex* NewVertex(std::uint32_t parallelism) {
    proto::Vertex* vertex = graph_.add_vertices();
    vertex->set_parallelism(parallelism);
    return vertex;
  }

  std::uint32_t LastVertex() const {
    return static_cast<std::uint32_t>(graph_.vertices_size() - 1);
  }

  void AddSource(std::size_t i) {
    const PlanNode& node = nodes_[i];
    proto::Vertex* lister = NewVertex(1);
    proto::Step& enumerate = *lister->add_steps();
    enumerate.set_name("splits of " + node.step.name());
    *enumerate.mutable_enumerate()->mutable_source() = node.step.read().source();
    enumerate.set_operator_id(ids_.Next("enumerate " + node.step.name()).value());
    columnar::ToProto(*runtime::SplitSchema(), enumerate.mutable_output());
    lister->set_name(enumerate.name());

    proto::Vertex* reader = NewVertex(node.parallelism);
    columnar::ToProto(*runtime::SplitSchema(), reader->add_inputs());
    AddStep(i, reader);
    vertex_of_[i] = LastVertex();
    proto::Edge& edge = *graph_.add_edges();
    edge.set_from(LastVertex() - 1);
    edge.set_to(LastVertex());
    edge.set_partitioning(proto::PARTITION_HASH);
    edge.add_keys(runtime::kSplitIdColumn);
  }

  Status AddVertex(std::size_t i) {
    const PlanNode& node = nodes_[i];
    proto::Vertex* vertex = NewVertex(node.parallelism);
    vertex_of_[i] = LastVertex();
    for (std::uint32_t input = 0; input < node.inputs.size(); ++input) {
      columnar::ToProto(*nodes_[node.inputs[input]].schema, vertex->add_inputs());
      RETURN_IF_ERROR(AddEdge(i, input));
    }
    AddStep(i, vertex);
    return OkStatus();
  }

  Status AddEdge(std::size_t i, std::uint32_t input) {
    const PlanNode& node = nodes_[i];
    const PlanNode& from = nodes_[node.inputs[input]];
    proto::Edge& edge = *graph_.add_edges();
    edge.set_from(vertex_of_[node.inputs[input]]);
    edge.set_to(vertex_of_[i]);
    edge.set_input(input);
    if (runtime::RoleOf(node.step) == StepRole::kKeyed) {
      edge.set_partitioning(proto::PARTITION_HASH);
      for (const std::uint32_t key : runtime::KeyColumnsOf(node.step, input)) {
        edge.add_keys(key);
      }
      return OkStatus();
    }
    if (from.parallelism == node.parallelism) {
      edge.set_partitioning(proto::PARTITION_FORWARD);
      return OkStatus();
    }
    if (from.updating) {
      return InvalidArgument("'" + node.step.name() + "' runs at parallelism " +
                             std::to_string(node.parallelism) + " and its input at " +
                             std::to_string(from.parallelism) +
                             "; a stream of updates cannot be dealt out again, as changes of one "
                             "row would overtake each other");
    }
    edge.set_partitioning(proto::PARTITION_REBALANCE);
    return OkStatus();
  }

  std::span<const PlanNode> nodes_;
  proto::JobGraph& graph_;
  std::vector<std::uint32_t> readers_;
  std::vector<bool> wants_before_;
  std::vector<std::uint32_t> vertex_of_;
  runtime::OperatorIds ids_;
};

}  // namespace

Status Chain(std::span<const PlanNode> nodes, proto::JobGraph* graph) {
  return Chainer(nodes, graph).Run();
}

}  // namespace thalweg::client
