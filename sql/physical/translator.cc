// SPDX-License-Identifier: Apache-2.0
#include "sql/physical/translator.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "columnar/batch.h"
#include "columnar/column_builder.h"
#include "columnar/row_codec.h"
#include "columnar/type_proto.h"
#include "fmt/format.h"
#include "proto/connectors.pb.h"
#include "runtime/expr/type_rules.h"
#include "runtime/plan/output_schema.h"
#include "sql/physical/constants.h"

namespace thalweg::sql {

using columnar::DataType;

namespace {

/// Calls over columns of the input.
template <class Step>
void FillCalls(const AggregateRel& aggregate, const Rel& rel, Step* step) {
  for (std::size_t i = 0; i < aggregate.calls.size(); ++i) {
    const AggregateCallRel& from = aggregate.calls[i];
    proto::AggregateCall& call = *step->add_calls();
    call.set_function(from.function);
    for (const std::uint32_t argument : from.arguments) {
      call.add_arguments(argument);
    }
    call.set_distinct(from.distinct);
    call.set_filter(from.filter.has_value() ? static_cast<std::int32_t>(*from.filter) : -1);
    columnar::ToProto(from.type, call.mutable_type());
    call.set_name(rel.columns[aggregate.keys.size() + i].name);
  }
}

template <class Step>
void FillKeys(const std::vector<std::uint32_t>& keys, Step* step) {
  for (const std::uint32_t key : keys) {
    step->add_keys(key);
  }
}

/// Names of keys and calls must differ.
template <class Step>
void MakeNamesDistinct(const columnar::Schema& input, bool window, Step* step) {
  std::vector<std::string> names;
  if (window) {
    names = {"window_start", "window_end", "window_time"};
  }
  for (const std::uint32_t key : step->keys()) {
    names.push_back(input.field(key).name);
  }
  const std::size_t first = names.size();
  for (const proto::AggregateCall& call : step->calls()) {
    names.push_back(call.name());
  }
  names = DistinctNames(std::move(names));
  for (int i = 0; i < step->calls_size(); ++i) {
    step->mutable_calls(i)->set_name(names[first + static_cast<std::size_t>(i)]);
  }
}

template <class Step>
void FillOrder(const std::vector<OrderKey>& order, Step* step) {
  for (const OrderKey& key : order) {
    proto::OrderColumn& column = *step->add_order();
    column.set_column(key.column);
    column.set_descending(key.descending);
    column.set_nulls_first(key.nulls_first);
  }
}

}  // namespace

void Translator::Announce(const Rel& rel) {
  if (const auto* scan = rel.As<Scan>()) {
    sources_.Announce(*scan);
  }
  if (const auto* aggregate = rel.As<AggregateRel>();
      aggregate != nullptr && aggregate->window != nullptr && !aggregate->window->processing_time) {
    sources_.WantWatermarks();
  }
  for (const RelPtr& input : rel.inputs) {
    Announce(*input);
  }
}

StatusOr<NodeIndex> Translator::Translate(const RelPtr& rel) {
  if (const auto found = made_.find(rel.get()); found != made_.end()) {
    return found->second;
  }
  ASSIGN_OR_RETURN(const NodeIndex node, Make(*rel));
  made_.emplace(rel.get(), node);
  kept_.push_back(rel);
  return node;
}

StatusOr<NodeIndex> Translator::Make(const Rel& rel) {
  if (const auto* scan = rel.As<Scan>()) {
    return sources_.Plan(*scan, rel);
  }
  if (const auto* values = rel.As<ValuesRel>()) {
    return Values(*values, rel);
  }
  if (const auto* project = rel.As<ProjectRel>()) {
    ASSIGN_OR_RETURN(const NodeIndex input, Translate(rel.input()));
    return nodes_.AddProject(input, project->expressions, NamesOf(rel));
  }
  if (const auto* filter = rel.As<FilterRel>()) {
    ASSIGN_OR_RETURN(const NodeIndex input, Translate(rel.input()));
    return nodes_.AddFilter(input, *filter->condition);
  }
  if (const auto* join = rel.As<JoinRel>()) {
    return Join(*join, rel);
  }
  if (const auto* aggregate = rel.As<AggregateRel>()) {
    return aggregate->window == nullptr ? Aggregate(*aggregate, rel)
                                        : WindowAggregate(*aggregate, rel);
  }
  if (const auto* window = rel.As<WindowTableRel>()) {
    return WindowTable(*window, rel);
  }
  if (const auto* rank = rel.As<RowNumberRel>()) {
    return Rank(*rank, rel);
  }
  if (const auto* sort = rel.As<SortRel>()) {
    return Sort(*sort, rel);
  }
  return Union(rel);
}

StatusOr<NodeIndex> Translator::Values(const ValuesRel& values, const Rel& rel) {
  const columnar::SchemaPtr schema = columnar::Schema::Make([&] {
    std::vector<columnar::Field> fields;
    const std::vector<std::string> names = DistinctNames(NamesOf(rel));
    for (std::size_t i = 0; i < names.size(); ++i) {
      fields.push_back({names[i], rel.columns[i].type});
    }
    return fields;
  }());
  ASSIGN_OR_RETURN(const proto::ValuesSpec spec, EncodeValues(values.rows, *schema, settings_));
  runtime::PlanNode node;
  node.step.set_name("values");
  proto::ConnectorSpec& source = *node.step.mutable_read()->mutable_source();
  source.set_connector("values");
  source.set_spec(spec.SerializeAsString());
  columnar::ToProto(*schema, source.mutable_schema());
  return nodes_.AddSource(std::move(node), /*bounded=*/true);
}

namespace {

bool IsKey(const Expr& condition, const Rel& left, const Rel& right) {
  if (!condition.is_call("=") && !condition.is_call("IS NOT DISTINCT FROM")) {
    return false;
  }
  const Expr& a = *condition.arguments[0];
  const Expr& b = *condition.arguments[1];
  if (!a.is_column() || !b.is_column()) {
    return false;
  }
  const std::size_t width = left.columns.size();
  const std::uint32_t low = std::min(a.column, b.column);
  const std::uint32_t high = std::max(a.column, b.column);
  if (low >= width || high < width) {
    return false;
  }
  const DataType& l = left.columns[low].type;
  const DataType& r = right.columns[high - width].type;
  return runtime::SameType(l, r) || (l.IsCharacter() && r.IsCharacter());
}

}  // namespace

StatusOr<NodeIndex> Translator::Join(const JoinRel& join, const Rel& rel) {
  runtime::PlanNode node;
  for (const RelPtr& input : rel.inputs) {
    ASSIGN_OR_RETURN(const NodeIndex index, Translate(input));
    node.inputs.push_back(index);
  }
  proto::JoinStep& step = *node.step.mutable_join();
  step.set_kind(join.kind);
  const auto width = static_cast<std::uint32_t>(rel.input(0)->columns.size());
  ExprList residual;
  bool null_safe = false;
  for (const ExprPtr& condition : ConjunctsOf(join.condition)) {
    if (!IsKey(*condition, *rel.input(0), *rel.input(1))) {
      residual.push_back(condition);
      continue;
    }
    const std::uint32_t a = condition->arguments[0]->column;
    const std::uint32_t b = condition->arguments[1]->column;
    const std::uint32_t left = std::min(a, b);
    const std::uint32_t right = std::max(a, b) - width;
    // A column that is compared twice is a key once.
    const auto has = [](const auto& keys, std::uint32_t key) {
      return std::find(keys.begin(), keys.end(), key) != keys.end();
    };
    if (has(step.left_keys(), left) || has(step.right_keys(), right)) {
      residual.push_back(condition);
      continue;
    }
    step.add_left_keys(left);
    step.add_right_keys(right);
    step.add_null_safe(condition->is_call("IS NOT DISTINCT FROM"));
    null_safe |= step.null_safe(step.null_safe_size() - 1);
  }
  if (!null_safe) {
    step.clear_null_safe();
  }
  if (const ExprPtr condition = AllOf(residual); condition != nullptr) {
    ASSIGN_OR_RETURN(*step.mutable_residual(), ToProto(*condition));
  }
  step.set_left_ttl_millis(TtlOf(join.left_ttl_millis));
  step.set_right_ttl_millis(TtlOf(join.right_ttl_millis));
  const bool only_adds = join.kind == proto::JOIN_INNER || join.kind == proto::JOIN_SEMI;
  step.set_emit_at_end(settings_.batch && !only_adds);
  node.parallelism = settings_.parallelism;
  return nodes_.Add(std::move(node));
}

bool Translator::WantsTwoPhases(const AggregateRel& aggregate, NodeIndex input) const {
  const bool retracts = !nodes_.insert_only(input);
  const bool divisible = std::all_of(
      aggregate.calls.begin(), aggregate.calls.end(), [&](const AggregateCallRel& call) {
        const bool extreme = call.function == "MIN" || call.function == "MAX";
        return extreme ? !retracts : !call.distinct;
      });
  if (!divisible || aggregate.calls.empty() || settings_.row_wise) {
    return false;
  }
  // The local phase has a column of this name beside the keys.
  for (const std::uint32_t key : aggregate.keys) {
    if (nodes_.schema(input).field(key).name == "rows") {
      return false;
    }
  }
  switch (settings_.phases) {
    case AggregatePhases::kOne:
      return false;
    case AggregatePhases::kTwo:
      return true;
    case AggregatePhases::kAuto:
      break;
  }
  // In one task there is nothing to save on the way to the others.
  return nodes_.node(input).parallelism > 1;
}

StatusOr<NodeIndex> Translator::Aggregate(const AggregateRel& aggregate, const Rel& rel) {
  ASSIGN_OR_RETURN(NodeIndex input, Translate(rel.input()));
  runtime::PlanNode node;
  proto::AggregateStep& step = *node.step.mutable_aggregate();
  FillKeys(aggregate.keys, &step);
  FillCalls(aggregate, rel, &step);
  MakeNamesDistinct(nodes_.schema(input), false, &step);
  step.set_state_ttl_millis(TtlOf(aggregate.ttl_millis));
  step.set_mini_batch_disabled(settings_.row_wise);
  step.set_emit_at_end(settings_.batch);
  if (WantsTwoPhases(aggregate, input)) {
    const bool retracts = !nodes_.insert_only(input);
    runtime::PlanNode local;
    proto::LocalAggregateStep& first = *local.step.mutable_local_aggregate();
    *first.mutable_keys() = step.keys();
    *first.mutable_calls() = step.calls();
    first.set_input_retracts(retracts);
    local.inputs = {input};
    local.parallelism = nodes_.node(input).parallelism;
    step.clear_keys();
    for (std::uint32_t i = 0; i < aggregate.keys.size(); ++i) {
      step.add_keys(i);
    }
    for (std::size_t i = 0; i < aggregate.calls.size(); ++i) {
      for (const std::uint32_t argument : aggregate.calls[i].arguments) {
        columnar::ToProto(nodes_.schema(input).type(argument),
                          step.mutable_calls(static_cast<int>(i))->add_argument_types());
      }
    }
    step.set_merges_partials(true);
    step.set_input_retracts(retracts);
    ASSIGN_OR_RETURN(input, nodes_.Add(std::move(local)));
  }
  node.inputs = {input};
  node.parallelism = aggregate.keys.empty() ? 1 : settings_.parallelism;
  return nodes_.Add(std::move(node));
}

StatusOr<NodeIndex> Translator::WindowAggregate(const AggregateRel& aggregate, const Rel& rel) {
  ASSIGN_OR_RETURN(NodeIndex input, Translate(rel.input()));
  ASSIGN_OR_RETURN(input, WithoutWindowNames(input, aggregate.keys));
  runtime::PlanNode node;
  proto::WindowAggregateStep& step = *node.step.mutable_window_aggregate();
  FillKeys(aggregate.keys, &step);
  FillCalls(aggregate, rel, &step);
  MakeNamesDistinct(nodes_.schema(input), true, &step);
  *step.mutable_window() = aggregate.window->spec;
  step.set_processing_time(aggregate.window->processing_time);
  if (aggregate.time_column.has_value()) {
    step.set_time_column(*aggregate.time_column);
  } else {
    step.set_attached(true);
    step.set_window_start_column(aggregate.window_start);
    step.set_window_end_column(aggregate.window_end);
  }
  node.inputs = {input};
  const bool one_key = aggregate.keys.empty() && !step.attached();
  node.parallelism = one_key ? 1 : settings_.parallelism;
  return nodes_.Add(std::move(node));
}

/// Window steps bring columns of their own; the given ones must not be called like these.
StatusOr<NodeIndex> Translator::WithoutWindowNames(NodeIndex input,
                                                   const std::vector<std::uint32_t>& columns) {
  std::vector<std::string> names;
  for (const columnar::Field& field : nodes_.schema(input).fields()) {
    names.push_back(field.name);
  }
  for (const std::uint32_t column : columns) {
    std::string& name = names[column];
    if (name == "window_start" || name == "window_end" || name == "window_time") {
      name = "earlier_" + name;
    }
  }
  return nodes_.WithNames(input, DistinctNames(std::move(names)));
}

StatusOr<NodeIndex> Translator::WindowTable(const WindowTableRel& window, const Rel& rel) {
  ASSIGN_OR_RETURN(NodeIndex input, Translate(rel.input()));
  std::vector<std::uint32_t> all(nodes_.schema(input).size());
  std::iota(all.begin(), all.end(), 0U);
  ASSIGN_OR_RETURN(input, WithoutWindowNames(input, all));
  runtime::PlanNode node;
  *node.step.mutable_window_table()->mutable_window() = window.window->spec;
  node.step.mutable_window_table()->set_time_column(window.time_column);
  node.inputs = {input};
  node.parallelism = nodes_.node(input).parallelism;
  return nodes_.Add(std::move(node));
}

StatusOr<NodeIndex> Translator::Rank(const RowNumberRel& rank, const Rel& rel) {
  if (!rank.limit.has_value()) {
    return UnsupportedAt(
        *rank.source,
        rank.span,
        "ROW_NUMBER() without a condition such as WHERE row_number <= 10 around it");
  }
  ASSIGN_OR_RETURN(const NodeIndex input, Translate(rel.input()));
  runtime::PlanNode node;
  node.inputs = {input};
  node.parallelism = rank.keys.empty() ? 1 : settings_.parallelism;
  const RelColumn* time =
      rank.order.size() == 1 ? &rel.input()->columns[rank.order[0].column] : nullptr;
  const bool by_time = time != nullptr && time->time != TimeRole::kNone;
  if (by_time && rank.offset == 0 && *rank.limit == 1 && !rank.emits_rank &&
      nodes_.insert_only(input)) {
    proto::DeduplicateStep& step = *node.step.mutable_deduplicate();
    FillKeys(rank.keys, &step);
    step.set_time_column(rank.order[0].column);
    step.set_processing_time(time->time == TimeRole::kProctime);
    step.set_keep_last(rank.order[0].descending);
    step.set_state_ttl_millis(settings_.state_ttl_millis);
    step.set_emit_at_end(settings_.batch);
    return nodes_.Add(std::move(node));
  }
  proto::RankStep& step = *node.step.mutable_rank();
  FillKeys(rank.keys, &step);
  FillOrder(rank.order, &step);
  step.set_offset(rank.offset);
  step.set_limit(*rank.limit);
  step.set_emits_rank(rank.emits_rank);
  if (rank.emits_rank) {
    std::vector<std::string> names;
    for (const columnar::Field& field : nodes_.schema(input).fields()) {
      names.push_back(field.name);
    }
    names.push_back(rel.columns.back().name);
    step.set_rank_name(DistinctNames(std::move(names)).back());
  }
  step.set_state_ttl_millis(settings_.state_ttl_millis);
  step.set_emit_at_end(settings_.batch);
  return nodes_.Add(std::move(node));
}

StatusOr<NodeIndex> Translator::Union(const Rel& rel) {
  const std::vector<std::string> names = DistinctNames(NamesOf(rel));
  runtime::PlanNode node;
  bool torn = false;
  for (const RelPtr& input : rel.inputs) {
    ASSIGN_OR_RETURN(const NodeIndex index, Translate(input));
    ASSIGN_OR_RETURN(const NodeIndex named, nodes_.WithNames(index, names));
    node.inputs.push_back(named);
    node.parallelism = std::max(node.parallelism, nodes_.node(named).parallelism);
  }
  for (const NodeIndex input : node.inputs) {
    torn =
        torn || (!nodes_.insert_only(input) && nodes_.node(input).parallelism != node.parallelism);
  }
  if (torn) {
    node.parallelism = 1;  // Updates are not dealt out: they would overtake each other.
  }
  for (std::uint32_t i = 0; i < names.size(); ++i) {
    proto::Expression& column = *node.step.mutable_project()->add_expressions();
    column.set_column(i);
    columnar::ToProto(rel.columns[i].type, column.mutable_type());
    node.step.mutable_project()->add_names(names[i]);
  }
  node.step.set_name("union all");
  return nodes_.Add(std::move(node));
}

StatusOr<NodeIndex> Translator::Sort(const SortRel& sort, const Rel& rel) {
  ASSIGN_OR_RETURN(const NodeIndex input, Translate(rel.input()));
  runtime::PlanNode node;
  node.inputs = {input};
  node.parallelism = 1;
  if (nodes_.bounded(input) && !sort.order.empty()) {
    proto::SortStep& step = *node.step.mutable_sort();
    FillOrder(sort.order, &step);
    step.set_offset(sort.offset);
    step.set_limit(sort.limit.value_or(0));
    return nodes_.Add(std::move(node));
  }
  if (!sort.limit.has_value()) {
    return sort.order.empty()
               ? UnsupportedAt(*sort.source, sort.span, "OFFSET without LIMIT")
               : UnsupportedAt(
                     *sort.source, sort.span, "ORDER BY without LIMIT of a result that never ends");
  }
  proto::RankStep& step = *node.step.mutable_rank();
  FillOrder(sort.order, &step);
  step.set_offset(sort.offset);
  step.set_limit(*sort.limit);
  step.set_state_ttl_millis(settings_.state_ttl_millis);
  step.set_emit_at_end(settings_.batch);
  return nodes_.Add(std::move(node));
}

}  // namespace thalweg::sql
