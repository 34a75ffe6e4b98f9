// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/chaining.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "columnar/type_proto.h"
#include "runtime/connector/dead_letters.h"
#include "runtime/plan/operator_id.h"
#include "runtime/plan/plan.h"

namespace thalweg::runtime {
namespace {

/// From the sinks backwards: who is read at all, and by whom that needs -U.
struct Demand {
  std::vector<std::uint32_t> readers;  // Of its rows.
  std::vector<bool> is_live;
  std::vector<bool> update_before;

  explicit Demand(std::span<const PlanNode> nodes)
      : readers(nodes.size(), 0), is_live(nodes.size(), false), update_before(nodes.size(), false) {
    for (std::size_t i = nodes.size(); i-- > 0;) {
      const PlanNode& node = nodes[i];
      is_live[i] = is_live[i] || node.step.has_sink();
      if (!is_live[i]) {
        continue;
      }
      const bool wanted = node.step.has_sink() ? node.wants_update_before : update_before[i];
      for (const std::size_t input : node.inputs) {
        is_live[input] = true;
        if (node.side_output != 0) {
          continue;  // What it reads are no changes of rows.
        }
        ++readers[input];
        update_before[input] = update_before[input] || NeedsUpdateBefore(node.step, wanted);
      }
    }
  }
};

class Chainer {
 public:
  Chainer(std::span<const PlanNode> nodes, proto::JobGraph* graph)
      : nodes_(nodes), graph_(*graph), demand_(nodes), vertex_of_(nodes.size(), 0) {}

  Status Run() {
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
  bool IsLive(std::size_t i) const { return demand_.is_live[i]; }

  bool MayChain(std::size_t i) const {
    const PlanNode& node = nodes_[i];
    return RoleOf(node.step) != StepRole::kKeyed && node.inputs.size() == 1 &&
           node.side_output == 0 && demand_.readers[node.inputs[0]] == 1 &&
           nodes_[node.inputs[0]].parallelism == node.parallelism &&
           (!node.hash_on.has_value() || node.parallelism == 1);
  }

  void AddStep(std::size_t i, proto::Vertex* vertex) {
    const PlanNode& node = nodes_[i];
    proto::Step& step = *vertex->add_steps();
    step = node.step;
    std::vector<ChangeKinds> inputs;
    for (const std::size_t input : node.inputs) {
      inputs.push_back(node.side_output == 0 ? nodes_[input].kinds : ChangeKinds());
    }
    SetChangelog(inputs, demand_.update_before[i], &step);
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
    columnar::ToProto(*SplitSchema(), enumerate.mutable_output());
    lister->set_name(enumerate.name());

    proto::Vertex* reader = NewVertex(node.parallelism);
    columnar::ToProto(*SplitSchema(), reader->add_inputs());
    AddStep(i, reader);
    vertex_of_[i] = LastVertex();
    proto::Edge& edge = *graph_.add_edges();
    edge.set_from(LastVertex() - 1);
    edge.set_to(LastVertex());
    edge.set_partitioning(proto::PARTITION_HASH);
    edge.add_keys(kSplitIdColumn);
  }

  Status AddVertex(std::size_t i) {
    const PlanNode& node = nodes_[i];
    proto::Vertex* vertex = NewVertex(node.parallelism);
    vertex_of_[i] = LastVertex();
    const auto input_count = static_cast<std::size_t>(InputCountOf(node.step));
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      const columnar::Schema& schema =
          node.side_output == 0 ? *nodes_[node.inputs[k]].schema : *DeadLetterSchema();
      if (k < input_count) {
        columnar::ToProto(schema, vertex->add_inputs());
      } else {
        WidenLastInput(schema, vertex);
      }
      RETURN_IF_ERROR(AddEdge(i, k, std::min(k, input_count - 1)));
    }
    AddStep(i, vertex);
    return OkStatus();
  }

  /// One more stream feeds the last input: nullable where any of them is.
  static void WidenLastInput(const columnar::Schema& schema, proto::Vertex* vertex) {
    proto::Schema& input = *vertex->mutable_inputs(vertex->inputs_size() - 1);
    for (int column = 0; column < input.fields_size(); ++column) {
      if (schema.type(static_cast<std::size_t>(column)).nullable()) {
        input.mutable_fields(column)->mutable_type()->set_nullable(true);
      }
    }
  }

  Status AddEdge(std::size_t i, std::size_t from_index, std::size_t input) {
    const PlanNode& node = nodes_[i];
    const PlanNode& from = nodes_[node.inputs[from_index]];
    proto::Edge& edge = *graph_.add_edges();
    edge.set_from(vertex_of_[node.inputs[from_index]]);
    edge.set_to(vertex_of_[i]);
    edge.set_input(static_cast<std::uint32_t>(input));
    edge.set_side_output(node.side_output);
    if (RoleOf(node.step) == StepRole::kKeyed) {
      edge.set_partitioning(proto::PARTITION_HASH);
      for (const std::uint32_t key : KeyColumnsOf(node.step, edge.input())) {
        edge.add_keys(key);
      }
      return OkStatus();
    }
    if (node.hash_on.has_value()) {
      edge.set_partitioning(proto::PARTITION_HASH);
      edge.mutable_keys()->Add(node.hash_on->begin(), node.hash_on->end());
      return OkStatus();
    }
    if (from.parallelism == node.parallelism) {
      edge.set_partitioning(proto::PARTITION_FORWARD);
      return OkStatus();
    }
    if (node.side_output == 0 && !from.kinds.insert_only() && node.parallelism != 1) {
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
  Demand demand_;
  std::vector<std::uint32_t> vertex_of_;
  OperatorIds ids_;
};

}  // namespace

std::vector<bool> UpdateBeforeWanted(std::span<const PlanNode> nodes) {
  return Demand(nodes).update_before;
}

Status Chain(std::span<const PlanNode> nodes, proto::JobGraph* graph) {
  return Chainer(nodes, graph).Run();
}

}  // namespace thalweg::runtime
