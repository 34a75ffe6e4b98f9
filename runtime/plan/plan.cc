// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/plan.h"

#include "columnar/type_proto.h"
#include "runtime/connector/dead_letters.h"

namespace thalweg::runtime {

StepRole RoleOf(const proto::Step& step) {
  switch (step.kind_case()) {
    case proto::Step::kEnumerate:
      return StepRole::kEnumerate;
    case proto::Step::kRead:
      return StepRole::kRead;
    case proto::Step::kFilter:
    case proto::Step::kProject:
    case proto::Step::kLocalAggregate:
    case proto::Step::kWindowTable:
      return StepRole::kMap;
    case proto::Step::kWatermark:
      return StepRole::kEventTime;
    case proto::Step::kAggregate:
    case proto::Step::kWindowAggregate:
    case proto::Step::kJoin:
    case proto::Step::kRank:
    case proto::Step::kDeduplicate:
    case proto::Step::kSort:
      return StepRole::kKeyed;
    case proto::Step::kSink:
      return StepRole::kSink;
    case proto::Step::KIND_NOT_SET:
      break;
  }
  return StepRole::kUnknown;
}

std::vector<std::uint32_t> KeyColumnsOf(const proto::Step& step, std::uint32_t input) {
  const auto copy = [](const auto& keys) {
    return std::vector<std::uint32_t>(keys.begin(), keys.end());
  };
  switch (step.kind_case()) {
    case proto::Step::kAggregate:
      return copy(step.aggregate().keys());
    case proto::Step::kWindowAggregate: {
      std::vector<std::uint32_t> keys = copy(step.window_aggregate().keys());
      if (step.window_aggregate().attached()) {
        keys.push_back(step.window_aggregate().window_start_column());
      }
      return keys;
    }
    case proto::Step::kRank:
      return copy(step.rank().keys());
    case proto::Step::kDeduplicate:
      return copy(step.deduplicate().keys());
    case proto::Step::kJoin:
      return copy(input == 0 ? step.join().left_keys() : step.join().right_keys());
    default:
      return {};
  }
}

std::uint32_t InputCountOf(const proto::Step& step) {
  switch (step.kind_case()) {
    case proto::Step::kEnumerate:
      return 0;
    case proto::Step::kJoin:
      return 2;
    default:
      return 1;
  }
}

std::uint32_t KeyGroupCountOf(const proto::JobGraph& graph) {
  return graph.key_group_count() == 0 ? kDefaultKeyGroupCount : graph.key_group_count();
}

const columnar::SchemaPtr& SplitSchema() {
  static const columnar::SchemaPtr* const schema = new columnar::SchemaPtr(
      columnar::Schema::Make({{"split", columnar::DataType::Bytes().NotNull()},
                              {"id", columnar::DataType::String().NotNull()}}));
  return *schema;
}

const proto::Schema& EdgeSchemaOf(const proto::JobGraph& graph, const proto::Edge& edge) {
  static const proto::Schema* const dead_letters = [] {
    auto* const schema = new proto::Schema();
    columnar::ToProto(*DeadLetterSchema(), schema);
    return schema;
  }();
  if (edge.side_output() == kDeadLetterOutput) {
    return *dead_letters;
  }
  const proto::Vertex& from = graph.vertices(static_cast<int>(edge.from()));
  return from.steps(from.steps_size() - 1).output();
}

std::vector<const proto::Edge*> EdgesInto(const proto::JobGraph& graph, std::uint32_t vertex) {
  std::vector<const proto::Edge*> edges;
  for (const proto::Edge& edge : graph.edges()) {
    if (edge.to() == vertex) {
      edges.push_back(&edge);
    }
  }
  return edges;
}

std::vector<const proto::Edge*> EdgesFrom(const proto::JobGraph& graph, std::uint32_t vertex) {
  std::vector<const proto::Edge*> edges;
  for (const proto::Edge& edge : graph.edges()) {
    if (edge.from() == vertex) {
      edges.push_back(&edge);
    }
  }
  return edges;
}

std::string KindName(const proto::Step& step) {
  switch (step.kind_case()) {
    case proto::Step::kEnumerate:
      return "enumerate";
    case proto::Step::kRead:
      return "read";
    case proto::Step::kFilter:
      return "filter";
    case proto::Step::kProject:
      return "project";
    case proto::Step::kWatermark:
      return "watermark";
    case proto::Step::kAggregate:
      return "aggregate";
    case proto::Step::kWindowAggregate:
      return "window aggregate";
    case proto::Step::kJoin:
      return "join";
    case proto::Step::kSink:
      return "sink";
    case proto::Step::kLocalAggregate:
      return "local aggregate";
    case proto::Step::kWindowTable:
      return "window table";
    case proto::Step::kRank:
      return "rank";
    case proto::Step::kDeduplicate:
      return "deduplicate";
    case proto::Step::kSort:
      return "sort";
    case proto::Step::KIND_NOT_SET:
      break;
  }
  return "unknown";
}

std::string PlaceOf(const proto::Step& step) {
  const std::string kind = KindName(step);
  const std::string quoted = "'" + step.name() + "'";
  return step.name().starts_with(kind) ? quoted : kind + " " + quoted;
}

}  // namespace thalweg::runtime
