// SPDX-License-Identifier: Apache-2.0
#include "client/plan_graph.h"

#include <span>
#include <utility>

#include "client/chaining.h"
#include "columnar/type_proto.h"
#include "runtime/expr/expression_text.h"
#include "runtime/plan/output_schema.h"
#include "runtime/plan/plan.h"
#include "runtime/plan/validate.h"

namespace thalweg::client {
namespace {

using runtime::StepRole;

std::string Join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    text += (text.empty() ? "" : ", ") + part;
  }
  return text;
}

template <class Columns>
std::vector<std::string> Pick(const Columns& columns, const std::vector<std::string>& names) {
  std::vector<std::string> picked;
  for (const std::uint32_t column : columns) {
    picked.push_back(names[column]);
  }
  return picked;
}

std::string CallText(const proto::AggregateCall& call, const std::vector<std::string>& names) {
  std::string text = call.function() + "(" + (call.distinct() ? "DISTINCT " : "");
  text += call.arguments().empty() ? "*" : Join(Pick(call.arguments(), names));
  text += ")";
  if (call.filter() >= 0) {
    text += " FILTER (" + names[static_cast<std::size_t>(call.filter())] + ")";
  }
  return text;
}

/// Keys, then aggregates: what both kinds of aggregate put first.
template <class Step>
std::vector<std::string> AggregateOrigins(const Step& step, const std::vector<std::string>& names) {
  std::vector<std::string> origins = Pick(step.keys(), names);
  for (const proto::AggregateCall& call : step.calls()) {
    origins.push_back(CallText(call, names));
  }
  return origins;
}

/// Keys, aggregates, join, over the given column names: for the operator id over base columns, for
/// the step's name over those of its input.
std::string Describe(const proto::Step& step,
                     const std::vector<std::string>& left,
                     const std::vector<std::string>& right) {
  switch (step.kind_case()) {
    case proto::Step::kEnumerate:
      return "enumerate " + step.name();
    case proto::Step::kRead:
      return "source " + step.name();
    case proto::Step::kFilter:
      return "filter " + runtime::ToText(step.filter().predicate(), left);
    case proto::Step::kProject: {
      std::vector<std::string> parts;
      for (const proto::Expression& expression : step.project().expressions()) {
        parts.push_back(runtime::ToText(expression, left));
      }
      return "project " + Join(parts);
    }
    case proto::Step::kWatermark:
      return "watermark " + left[step.watermark().column()] + " - " +
             std::to_string(step.watermark().delay_millis()) + " ms";
    case proto::Step::kAggregate:
      return "aggregate " + Join(AggregateOrigins(step.aggregate(), left));
    case proto::Step::kWindowAggregate: {
      const proto::WindowAggregateStep& window = step.window_aggregate();
      return "tumble " + left[window.time_column()] + " " + std::to_string(window.size_millis()) +
             " ms + " + std::to_string(window.offset_millis()) + " " +
             Join(AggregateOrigins(window, left));
    }
    case proto::Step::kJoin: {
      std::string text = "join";
      for (int i = 0; i < step.join().left_keys_size(); ++i) {
        text += " " + left[step.join().left_keys(i)] + " = " + right[step.join().right_keys(i)];
      }
      if (step.join().has_residual()) {
        std::vector<std::string> both = left;
        both.insert(both.end(), right.begin(), right.end());
        text += " AND " + runtime::ToText(step.join().residual(), both);
      }
      return text;
    }
    case proto::Step::kSink:
      return "sink " + step.name();
    case proto::Step::KIND_NOT_SET:
      break;
  }
  return "";
}

std::vector<std::string> NamesOf(const columnar::Schema& schema) {
  std::vector<std::string> names;
  for (const columnar::Field& field : schema.fields()) {
    names.push_back(field.name);
  }
  return names;
}

std::vector<std::string> OriginsOf(const PlanNode& node,
                                   const std::vector<std::string>& left,
                                   const std::vector<std::string>& right) {
  const proto::Step& step = node.step;
  std::vector<std::string> origins;
  switch (step.kind_case()) {
    case proto::Step::kRead:
      for (const columnar::Field& field : node.schema->fields()) {
        origins.push_back(step.name() + "." + field.name);
      }
      return origins;
    case proto::Step::kProject:
      for (const proto::Expression& expression : step.project().expressions()) {
        origins.push_back(runtime::ToText(expression, left));
      }
      return origins;
    case proto::Step::kAggregate:
      return AggregateOrigins(step.aggregate(), left);
    case proto::Step::kWindowAggregate:
      origins = AggregateOrigins(step.window_aggregate(), left);
      for (const char* name : {"window_start", "window_end", "window_time"}) {
        origins.push_back(name);
      }
      return origins;
    case proto::Step::kJoin:
      origins = left;
      origins.insert(origins.end(), right.begin(), right.end());
      return origins;
    default:
      return left;
  }
}

}  // namespace

void PlanGraph::Fail(const Status& status) {
  if (status_.ok()) {
    status_ = status;
  }
}

std::size_t PlanGraph::Add(PlanNode node) {
  if (failed()) {
    return kNoNode;
  }
  const Status status = Complete(&node);
  if (!status.ok()) {
    std::string place = runtime::KindName(node.step);
    if (!node.step.name().empty()) {
      place += " '" + node.step.name() + "'";
    }
    Fail(Annotate(status, place));
    return kNoNode;
  }
  nodes_.push_back(std::move(node));
  return nodes_.size() - 1;
}

Status PlanGraph::Complete(PlanNode* node) const {
  std::vector<columnar::SchemaPtr> schemas;
  std::vector<std::string> origins[2];
  std::vector<std::string> names[2];
  for (std::size_t i = 0; i < node->inputs.size(); ++i) {
    const PlanNode& input = nodes_[node->inputs[i]];
    schemas.push_back(input.schema);
    origins[i] = input.origins;
    names[i] = NamesOf(*input.schema);
    node->updating |= input.updating;
  }
  if (node->updating && node->step.has_window_aggregate()) {
    return InvalidArgument("windows take rows that are only added, but this stream updates rows");
  }
  node->updating |= node->step.has_aggregate();
  ASSIGN_OR_RETURN(node->schema, runtime::OutputSchemaOf(node->step, schemas));
  node->id_text = Describe(node->step, origins[0], origins[1]);
  if (node->step.name().empty()) {
    node->step.set_name(Describe(node->step, names[0], names[1]));
  }
  node->origins = OriginsOf(*node, origins[0], origins[1]);
  return OkStatus();
}

StatusOr<proto::JobGraph> PlanGraph::Build() const {
  RETURN_IF_ERROR(status_);
  proto::JobGraph graph = header_;
  graph.set_version(runtime::kPlanVersion);
  RETURN_IF_ERROR(Chain(nodes_, &graph));
  RETURN_IF_ERROR(runtime::Validate(graph));
  return graph;
}

}  // namespace thalweg::client
