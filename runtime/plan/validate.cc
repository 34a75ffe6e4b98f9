// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/validate.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "columnar/type_proto.h"
#include "runtime/connector/dead_letters.h"
#include "runtime/expr/time_zone.h"
#include "runtime/plan/output_schema.h"
#include "runtime/plan/plan.h"

namespace thalweg::runtime {
namespace {

using columnar::SchemaPtr;

class Validator {
 public:
  explicit Validator(const proto::JobGraph& graph) : graph_(graph) {}

  Status Run() {
    RETURN_IF_ERROR(CheckGraph());
    for (int i = 0; i < graph_.vertices_size(); ++i) {
      RETURN_IF_ERROR(CheckVertex(static_cast<std::uint32_t>(i)));
    }
    std::set<std::pair<std::uint32_t, std::uint32_t>> fed;
    for (const proto::Edge& edge : graph_.edges()) {
      RETURN_IF_ERROR(CheckEdge(edge));
      // Several edges may feed one input, each fitting its schema: the gate merges their channels.
      fed.emplace(edge.to(), edge.input());
    }
    return CheckEndsMeet(fed);
  }

 private:
  const proto::Vertex& vertex(std::uint32_t i) const {
    return graph_.vertices(static_cast<int>(i));
  }

  std::string Place(std::uint32_t i) const {
    return "Vertex " + std::to_string(i) + " '" + vertex(i).name() + "'";
  }
  Status Wrong(std::uint32_t i, const std::string& what) const {
    return InvalidArgument(Place(i) + ": " + what);
  }
  Status Wrong(std::uint32_t i, const proto::Step& step, const std::string& what) const {
    return InvalidArgument(StepPlace(i, step) + ": " + what);
  }
  std::string StepPlace(std::uint32_t i, const proto::Step& step) const {
    return Place(i) + ", " + PlaceOf(step);
  }

  Status CheckGraph() const {
    if (!graph_.time_zone().empty()) {
      RETURN_IF_ERROR(TimeZone::Load(graph_.time_zone()).status());
    }
    if (graph_.version() > kPlanVersion) {
      return Unimplemented("The plan has version " + std::to_string(graph_.version()) +
                           "; this program knows up to " + std::to_string(kPlanVersion));
    }
    if (graph_.version() == 0) {
      return InvalidArgument("The plan has no version");
    }
    if (KeyGroupCountOf(graph_) > kMaxKeyGroupCount) {
      return InvalidArgument("The plan has " + std::to_string(KeyGroupCountOf(graph_)) +
                             " key groups; at most " + std::to_string(kMaxKeyGroupCount) +
                             " are possible");
    }
    const auto vertices = static_cast<std::size_t>(graph_.vertices_size());
    const auto edges = static_cast<std::size_t>(graph_.edges_size());
    if (vertices == 0 || vertices > kMaxVertices || edges > kMaxEdges) {
      return InvalidArgument("The plan has " + std::to_string(vertices) + " vertices and " +
                             std::to_string(edges) + " edges; it needs 1 to " +
                             std::to_string(kMaxVertices) + " and at most " +
                             std::to_string(kMaxEdges));
    }
    return OkStatus();
  }

  Status CheckVertex(std::uint32_t i) {
    const proto::Vertex& v = vertex(i);
    const std::uint32_t limit = std::min(kMaxParallelism, KeyGroupCountOf(graph_));
    if (v.parallelism() == 0 || v.parallelism() > limit) {
      return Wrong(i,
                   "parallelism must be 1 to " + std::to_string(limit) + ", not " +
                       std::to_string(v.parallelism()));
    }
    const auto steps = static_cast<std::size_t>(v.steps_size());
    if (steps == 0 || steps > kMaxStepsPerVertex) {
      return Wrong(i,
                   "it must have 1 to " + std::to_string(kMaxStepsPerVertex) + " steps, not " +
                       std::to_string(steps));
    }
    const std::uint32_t wanted = InputCountOf(v.steps(0));
    if (static_cast<std::uint32_t>(v.inputs_size()) != wanted) {
      return Wrong(i,
                   v.steps(0),
                   "it has " + std::to_string(v.inputs_size()) + " inputs and needs " +
                       std::to_string(wanted));
    }
    std::vector<SchemaPtr> flowing;
    for (const proto::Schema& input : v.inputs()) {
      StatusOr<SchemaPtr> schema = columnar::SchemaFromProto(input);
      if (!schema.ok()) {
        return Annotate(schema.status(), Place(i) + ", its input");
      }
      flowing.push_back(*std::move(schema));
    }
    for (int k = 0; k < v.steps_size(); ++k) {
      RETURN_IF_ERROR(CheckPlace(i, k));
      StatusOr<SchemaPtr> output = CheckStep(i, v.steps(k), flowing);
      if (!output.ok()) {
        return output.status();
      }
      flowing = {*std::move(output)};
    }
    outputs_.push_back(flowing[0]);
    return OkStatus();
  }

  /// Which steps may stand where.
  Status CheckPlace(std::uint32_t i, int k) const {
    const proto::Vertex& v = vertex(i);
    const proto::Step& step = v.steps(k);
    switch (RoleOf(step)) {
      case StepRole::kEnumerate:
        if (v.steps_size() != 1 || v.parallelism() != 1) {
          return Wrong(i, step, "an enumerator is alone in a vertex of parallelism 1");
        }
        break;
      case StepRole::kRead:
        if (k != 0) {
          return Wrong(i, step, "a reader must be the first step of its vertex");
        }
        break;
      case StepRole::kKeyed:
        if (k != 0) {
          return Wrong(
              i, step, "it must be the first step of its vertex: its rows come hashed by key");
        }
        if (step.has_sort() && v.parallelism() != 1) {
          return Wrong(i,
                       step,
                       "its vertex must have parallelism 1, not " +
                           std::to_string(v.parallelism()) +
                           ": only one task can put all rows in order");
        }
        break;
      case StepRole::kSink:
        if (k + 1 != v.steps_size()) {
          return Wrong(i, step, "a sink must be the last step of its vertex");
        }
        break;
      default:
        break;
    }
    return OkStatus();
  }

  StatusOr<SchemaPtr> CheckStep(std::uint32_t i,
                                const proto::Step& step,
                                const std::vector<SchemaPtr>& inputs) {
    if (step.operator_id().empty() || !operator_ids_.insert(step.operator_id()).second) {
      return Wrong(
          i,
          step,
          "its operator id is " +
              (step.operator_id().empty() ? "missing" : "used twice: " + step.operator_id()));
    }
    RETURN_IF_ERROR(CheckConnector(i, step));
    const StatusOr<SchemaPtr> computed = OutputSchemaOf(step, inputs);
    if (!computed.ok()) {
      return Annotate(computed.status(), StepPlace(i, step));
    }
    const StatusOr<SchemaPtr> declared = columnar::SchemaFromProto(step.output());
    if (!declared.ok()) {
      return Annotate(declared.status(), StepPlace(i, step));
    }
    if (!Fits(**computed, **declared)) {
      return Wrong(i,
                   step,
                   "its rows are " + (*computed)->ToString() + ", but the plan takes them for " +
                       (*declared)->ToString());
    }
    return declared;
  }

  Status CheckConnector(std::uint32_t i, const proto::Step& step) const {
    const proto::ConnectorSpec* spec = nullptr;
    if (step.has_enumerate()) {
      spec = &step.enumerate().source();
    } else if (step.has_read()) {
      spec = &step.read().source();
    } else if (step.has_sink()) {
      spec = &step.sink().sink();
    }
    return spec != nullptr && spec->connector().empty() ? Wrong(i, step, "it names no connector")
                                                        : OkStatus();
  }

  Status CheckEdge(const proto::Edge& edge) const {
    const auto count = static_cast<std::uint32_t>(graph_.vertices_size());
    if (edge.from() >= count || edge.to() >= count || edge.from() >= edge.to()) {
      return InvalidArgument("An edge leads from vertex " + std::to_string(edge.from()) + " to " +
                             std::to_string(edge.to()) +
                             "; both must exist, and edges lead forward");
    }
    const proto::Vertex& to = vertex(edge.to());
    if (edge.input() >= static_cast<std::uint32_t>(to.inputs_size())) {
      return Wrong(edge.to(),
                   "an edge leads to input " + std::to_string(edge.input()) + ", but there are " +
                       std::to_string(to.inputs_size()));
    }
    RETURN_IF_ERROR(CheckSideOutput(edge));
    const auto input = columnar::SchemaFromProto(to.inputs(static_cast<int>(edge.input())));
    if (!Fits(*RowsOf(edge), **input)) {
      return Wrong(edge.to(),
                   "input " + std::to_string(edge.input()) + " takes " + (*input)->ToString() +
                       ", but vertex '" + vertex(edge.from()).name() + "' gives " +
                       RowsOf(edge)->ToString());
    }
    return CheckPartitioning(edge);
  }

  const SchemaPtr& RowsOf(const proto::Edge& edge) const {
    return edge.side_output() == kDeadLetterOutput ? DeadLetterSchema() : outputs_[edge.from()];
  }

  bool HasDeadLetters(std::uint32_t i) const { return vertex(i).steps(0).read().dead_letters(); }

  Status CheckSideOutput(const proto::Edge& edge) const {
    if (edge.side_output() > kDeadLetterOutput) {
      return Wrong(edge.from(),
                   "an edge leads out of its side output " + std::to_string(edge.side_output()) +
                       ", which this program does not know");
    }
    if (edge.side_output() == kDeadLetterOutput && !HasDeadLetters(edge.from())) {
      return Wrong(edge.from(), "an edge leads out of its dead letters, but its reader has none");
    }
    return OkStatus();
  }

  Status CheckPartitioning(const proto::Edge& edge) const {
    const std::string name = "the edge from '" + vertex(edge.from()).name() + "' ";
    switch (edge.partitioning()) {
      case proto::PARTITION_FORWARD:
        if (vertex(edge.from()).parallelism() != vertex(edge.to()).parallelism()) {
          return Wrong(edge.to(),
                       name + "is FORWARD, but parallelism changes from " +
                           std::to_string(vertex(edge.from()).parallelism()) + " to " +
                           std::to_string(vertex(edge.to()).parallelism()));
        }
        break;
      case proto::PARTITION_HASH:
      case proto::PARTITION_REBALANCE:
      case proto::PARTITION_BROADCAST:
        break;
      default:
        return Wrong(edge.to(), name + "has no partitioning that is known here");
    }
    if (edge.partitioning() != proto::PARTITION_HASH && !edge.keys().empty()) {
      return Wrong(edge.to(), name + "has keys, but is not HASH");
    }
    for (const std::uint32_t key : edge.keys()) {
      if (key >= RowsOf(edge)->size()) {
        return Wrong(edge.to(),
                     name + "hashes on column " + std::to_string(key) + ", which there is not");
      }
    }
    return CheckKeys(edge, name);
  }

  /// What owns key groups must get its rows hashed on just its keys.
  Status CheckKeys(const proto::Edge& edge, const std::string& name) const {
    const proto::Step& first = vertex(edge.to()).steps(0);
    const std::vector<std::uint32_t> have(edge.keys().begin(), edge.keys().end());
    std::vector<std::uint32_t> wanted;
    if (RoleOf(first) == StepRole::kKeyed) {
      wanted = KeyColumnsOf(first, edge.input());
    } else if (RoleOf(first) == StepRole::kRead) {
      wanted = {kSplitIdColumn};
      if (!vertex(edge.from()).steps(0).has_enumerate()) {
        return Wrong(edge.to(), first, "a reader gets its rows from an enumerator");
      }
    } else {
      return OkStatus();
    }
    if (edge.partitioning() != proto::PARTITION_HASH || have != wanted) {
      return Wrong(edge.to(), first, name + "must be HASH on the step's own key columns");
    }
    return OkStatus();
  }

  /// Every input is fed, everything produced is read.
  Status CheckEndsMeet(const std::set<std::pair<std::uint32_t, std::uint32_t>>& fed) const {
    for (std::uint32_t i = 0; i < outputs_.size(); ++i) {
      for (std::uint32_t input = 0; input < static_cast<std::uint32_t>(vertex(i).inputs_size());
           ++input) {
        if (!fed.contains({i, input})) {
          return Wrong(i, "nothing leads to its input " + std::to_string(input));
        }
      }
      const bool has_sink = vertex(i).steps(vertex(i).steps_size() - 1).has_sink();
      const std::vector<const proto::Edge*> edges = EdgesFrom(graph_, i);
      const auto dead_letters = std::ranges::count_if(
          edges, [](const auto* edge) { return edge->side_output() == kDeadLetterOutput; });
      if (has_sink == (dead_letters < std::ssize(edges))) {
        return Wrong(i, has_sink ? "edges lead out of a sink" : "nothing reads its rows");
      }
      if (HasDeadLetters(i) && dead_letters == 0) {
        return Wrong(i, "nothing reads the dead letters of its reader");
      }
    }
    return OkStatus();
  }

  const proto::JobGraph& graph_;
  std::vector<SchemaPtr> outputs_;  // Of each vertex.
  std::set<std::string> operator_ids_;
};

}  // namespace

Status Validate(const proto::JobGraph& graph) {
  return Validator(graph).Run();
}

}  // namespace thalweg::runtime
