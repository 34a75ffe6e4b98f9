// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/plan_graph.h"

#include <algorithm>

#include "runtime/connector/dead_letters.h"
#include "runtime/plan/chaining.h"
#include "runtime/plan/output_schema.h"
#include "runtime/plan/plan.h"
#include "runtime/plan/step_text.h"
#include "runtime/plan/validate.h"

namespace thalweg::runtime {
namespace {

std::vector<std::string> NamesOf(const columnar::Schema& schema) {
  std::vector<std::string> names;
  for (const columnar::Field& field : schema.fields()) {
    names.push_back(field.name);
  }
  return names;
}

/// The rows of several streams that feed one input: nullable where one of them is.
StatusOr<columnar::SchemaPtr> Merged(const columnar::SchemaPtr& a, const columnar::SchemaPtr& b) {
  std::vector<columnar::Field> fields = a->fields();
  for (std::size_t i = 0; i < fields.size() && i < b->size(); ++i) {
    fields[i].type =
        fields[i].type.WithNullable(fields[i].type.nullable() || b->type(i).nullable());
  }
  columnar::SchemaPtr merged = columnar::Schema::Make(std::move(fields));
  if (!Fits(*b, *merged)) {
    return InvalidArgument("streams that are merged need one schema, but there are " +
                           a->ToString() + " and " + b->ToString());
  }
  return merged;
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
    std::string place = KindName(node.step);
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
  std::vector<ChangeKinds> kinds;
  std::vector<std::string> origins[2];
  std::vector<std::string> names[2];
  const std::uint32_t wanted = std::max(InputCountOf(node->step), 1U);
  for (std::size_t i = 0; i < node->inputs.size(); ++i) {
    const PlanNode& input = nodes_[node->inputs[i]];
    if (node->side_output == kDeadLetterOutput) {
      kinds.emplace_back();
      schemas.push_back(DeadLetterSchema());
      names[i] = NamesOf(*DeadLetterSchema());
      for (const std::string& name : names[i]) {
        origins[i].push_back("dead letters of " + input.id_text + "." + name);
      }
      continue;
    }
    kinds.push_back(input.kinds);
    if (i >= wanted) {
      ASSIGN_OR_RETURN(schemas.back(), Merged(schemas.back(), input.schema));
      continue;
    }
    schemas.push_back(input.schema);
    origins[i] = input.origins;
    names[i] = NamesOf(*input.schema);
  }
  node->kinds = KindsOut(node->step, kinds);
  ASSIGN_OR_RETURN(node->schema, OutputSchemaOf(node->step, schemas));
  RETURN_IF_ERROR(CheckChanges(node->step, kinds));
  node->id_text = StepText(node->step, origins[0], origins[1]);
  if (node->step.name().empty()) {
    node->step.set_name(StepText(node->step, names[0], names[1]));
  }
  node->origins = OriginsOf(node->step, *node->schema, origins[0], origins[1]);
  return OkStatus();
}

std::vector<bool> PlanGraph::UpdateBeforeWanted() const {
  return runtime::UpdateBeforeWanted(nodes_);
}

StatusOr<proto::JobGraph> PlanGraph::Build() const {
  RETURN_IF_ERROR(status_);
  proto::JobGraph graph = header_;
  graph.set_version(kPlanVersion);
  RETURN_IF_ERROR(Chain(nodes_, &graph));
  RETURN_IF_ERROR(Validate(graph));
  return graph;
}

}  // namespace thalweg::runtime
