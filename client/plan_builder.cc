// SPDX-License-Identifier: Apache-2.0
#include "client/plan_builder.h"

#include <optional>

#include "columnar/type_proto.h"
#include "runtime/expr/aggregate.h"
#include "runtime/plan/output_schema.h"
#include "runtime/plan/plan_graph.h"

namespace thalweg::client {

using runtime::kNoNode;
using runtime::PlanGraph;
using runtime::PlanNode;

namespace {

StatusOr<std::uint32_t> ColumnIndex(const columnar::Schema& schema, const std::string& name) {
  const std::optional<std::size_t> index = schema.IndexOf(name);
  if (!index.has_value()) {
    return InvalidArgument("There is no column '" + name + "' in " + schema.ToString());
  }
  return static_cast<std::uint32_t>(*index);
}

StatusOr<proto::AggregateCall> ResolveCall(const Aggregation& aggregation,
                                           const columnar::Schema& schema) {
  proto::AggregateCall call;
  call.set_function(aggregation.function);
  call.set_distinct(aggregation.distinct);
  call.set_name(aggregation.name);
  call.set_filter(-1);
  std::vector<columnar::DataType> types;
  for (const std::string& argument : aggregation.arguments) {
    ASSIGN_OR_RETURN(const std::uint32_t column, ColumnIndex(schema, argument));
    call.add_arguments(column);
    types.push_back(schema.type(column));
  }
  if (!aggregation.filter.empty()) {
    ASSIGN_OR_RETURN(const std::uint32_t column, ColumnIndex(schema, aggregation.filter));
    call.set_filter(static_cast<std::int32_t>(column));
  }
  ASSIGN_OR_RETURN(const columnar::DataType type,
                   runtime::AggregateResult(aggregation.function, types));
  columnar::ToProto(type, call.mutable_type());
  return call;
}

/// Fills in keys and calls of either kind of aggregate step.
template <class Step>
Status ResolveGroups(const std::vector<std::string>& keys,
                     const std::vector<Aggregation>& aggregations,
                     const columnar::Schema& schema,
                     Step* step) {
  for (const std::string& key : keys) {
    ASSIGN_OR_RETURN(const std::uint32_t column, ColumnIndex(schema, key));
    step->add_keys(column);
  }
  for (const Aggregation& aggregation : aggregations) {
    ASSIGN_OR_RETURN(*step->add_calls(), ResolveCall(aggregation, schema));
  }
  return OkStatus();
}

proto::WindowSpec WindowOf(proto::WindowKind kind,
                           Milliseconds slide,
                           Milliseconds size,
                           Milliseconds offset) {
  proto::WindowSpec window;
  window.set_kind(kind);
  window.set_slide_millis(slide.count());
  window.set_size_millis(size.count());
  window.set_offset_millis(offset.count());
  return window;
}

Aggregation Over(std::string function, std::string column, std::string name) {
  Aggregation aggregation;
  aggregation.function = std::move(function);
  aggregation.arguments = {std::move(column)};
  aggregation.name = std::move(name);
  return aggregation;
}

}  // namespace

Aggregation CountAll(std::string name) {
  Aggregation aggregation;
  aggregation.function = "COUNT";
  aggregation.name = std::move(name);
  return aggregation;
}
Aggregation Count(std::string column, std::string name) {
  return Over("COUNT", std::move(column), std::move(name));
}
Aggregation Sum(std::string column, std::string name) {
  return Over("SUM", std::move(column), std::move(name));
}
Aggregation Avg(std::string column, std::string name) {
  return Over("AVG", std::move(column), std::move(name));
}
Aggregation Min(std::string column, std::string name) {
  return Over("MIN", std::move(column), std::move(name));
}
Aggregation Max(std::string column, std::string name) {
  return Over("MAX", std::move(column), std::move(name));
}
Aggregation Distinct(Aggregation aggregation) {
  aggregation.distinct = true;
  return aggregation;
}
Aggregation Where(Aggregation aggregation, std::string filter_column) {
  aggregation.filter = std::move(filter_column);
  return aggregation;
}

columnar::SchemaPtr Stream::schema() const {
  return node_ == kNoNode ? nullptr : graph_->node(node_).schema;
}

bool Stream::updating() const {
  return node_ != kNoNode && !graph_->node(node_).kinds.insert_only();
}

Stream Stream::Then(const Status& resolved, proto::Step step) const {
  graph_->Fail(resolved);
  if (graph_->failed()) {
    return Stream(graph_, kNoNode, parallelism_);
  }
  PlanNode node;
  node.step = std::move(step);
  node.inputs = {node_};
  node.parallelism = parallelism_;
  return Stream(graph_, graph_->Add(std::move(node)), parallelism_);
}

Stream Stream::Filter(Expr predicate) const {
  proto::Step step;
  const auto resolve = [&]() -> Status {
    ASSIGN_OR_RETURN(*step.mutable_filter()->mutable_predicate(), Resolve(predicate, *schema()));
    return OkStatus();
  };
  // Before the call: it fills the step, which is an argument too.
  const Status resolved = node_ == kNoNode ? OkStatus() : resolve();
  return Then(resolved, std::move(step));
}

Stream Stream::Project(std::vector<std::pair<std::string, Expr>> columns) const {
  proto::Step step;
  const auto resolve = [&]() -> Status {
    for (const auto& [name, expression] : columns) {
      step.mutable_project()->add_names(name);
      ASSIGN_OR_RETURN(*step.mutable_project()->add_expressions(), Resolve(expression, *schema()));
    }
    return OkStatus();
  };
  // Before the call: it fills the step, which is an argument too.
  const Status resolved = node_ == kNoNode ? OkStatus() : resolve();
  return Then(resolved, std::move(step));
}

Stream Stream::Watermark(std::string column, Milliseconds delay, Milliseconds idle_timeout) const {
  proto::Step step;
  const auto resolve = [&]() -> Status {
    ASSIGN_OR_RETURN(const std::uint32_t index, ColumnIndex(*schema(), column));
    step.mutable_watermark()->set_column(index);
    step.mutable_watermark()->set_delay_millis(delay.count());
    step.mutable_watermark()->set_idle_timeout_millis(idle_timeout.count());
    return OkStatus();
  };
  // Before the call: it fills the step, which is an argument too.
  const Status resolved = node_ == kNoNode ? OkStatus() : resolve();
  return Then(resolved, std::move(step));
}

Grouped Stream::GroupBy(std::vector<std::string> keys) const {
  return Grouped(*this, std::move(keys));
}

Windowed Stream::TumbleWindow(std::string time_column,
                              Milliseconds size,
                              Milliseconds offset) const {
  return Windowed(
      *this, std::move(time_column), WindowOf(proto::WINDOW_TUMBLE, Milliseconds(0), size, offset));
}

Windowed Stream::HopWindow(std::string time_column, Milliseconds slide, Milliseconds size) const {
  return Windowed(
      *this, std::move(time_column), WindowOf(proto::WINDOW_HOP, slide, size, Milliseconds(0)));
}

Windowed Stream::CumulateWindow(std::string time_column,
                                Milliseconds step,
                                Milliseconds size) const {
  return Windowed(
      *this, std::move(time_column), WindowOf(proto::WINDOW_CUMULATE, step, size, Milliseconds(0)));
}

Stream Stream::TopN(std::vector<std::string> keys,
                    std::vector<OrderBy> order,
                    std::uint64_t limit,
                    std::string rank_name) const {
  proto::Step step;
  const auto resolve = [&]() -> Status {
    proto::RankStep& rank = *step.mutable_rank();
    for (const std::string& key : keys) {
      ASSIGN_OR_RETURN(const std::uint32_t column, ColumnIndex(*schema(), key));
      rank.add_keys(column);
    }
    for (const OrderBy& by : order) {
      ASSIGN_OR_RETURN(const std::uint32_t column, ColumnIndex(*schema(), by.column));
      proto::OrderColumn& out = *rank.add_order();
      out.set_column(column);
      out.set_descending(by.descending);
      out.set_nulls_first(by.nulls_first);
    }
    rank.set_limit(limit);
    rank.set_emits_rank(!rank_name.empty());
    rank.set_rank_name(rank_name);
    return OkStatus();
  };
  // Before the call: it fills the step, which is an argument too.
  const Status resolved = node_ == kNoNode ? OkStatus() : resolve();
  return Then(resolved, std::move(step));
}

Stream Stream::Join(const Stream& right,
                    std::vector<std::pair<std::string, std::string>> on) const {
  return JoinOn(right, on, proto::JOIN_INNER, nullptr);
}

Stream Stream::Join(const Stream& right,
                    std::vector<std::pair<std::string, std::string>> on,
                    Expr residual) const {
  return JoinOn(right, on, proto::JOIN_INNER, &residual);
}

Stream Stream::Join(const Stream& right,
                    std::vector<std::pair<std::string, std::string>> on,
                    proto::JoinKind kind) const {
  return JoinOn(right, on, kind, nullptr);
}

Stream Stream::Join(const Stream& right,
                    std::vector<std::pair<std::string, std::string>> on,
                    proto::JoinKind kind,
                    Expr residual) const {
  return JoinOn(right, on, kind, &residual);
}

Stream Stream::JoinOn(const Stream& right,
                      const std::vector<std::pair<std::string, std::string>>& on,
                      proto::JoinKind kind,
                      const Expr* residual) const {
  if (graph_ != right.graph_) {
    graph_->Fail(InvalidArgument("A join needs two streams of one plan"));
  }
  if (graph_->failed()) {
    return Stream(graph_, kNoNode, parallelism_);
  }
  PlanNode node;
  const auto resolve = [&]() -> Status {
    proto::JoinStep& join = *node.step.mutable_join();
    join.set_kind(kind);
    for (const auto& [left_name, right_name] : on) {
      ASSIGN_OR_RETURN(const std::uint32_t left_key, ColumnIndex(*schema(), left_name));
      ASSIGN_OR_RETURN(const std::uint32_t right_key, ColumnIndex(*right.schema(), right_name));
      join.add_left_keys(left_key);
      join.add_right_keys(right_key);
    }
    if (residual != nullptr) {
      const columnar::SchemaPtr joined = runtime::JoinedSchema(*schema(), *right.schema());
      ASSIGN_OR_RETURN(*join.mutable_residual(), Resolve(*residual, *joined));
    }
    return OkStatus();
  };
  graph_->Fail(resolve());
  node.inputs = {node_, right.node_};
  node.parallelism = parallelism_;
  return Stream(graph_, graph_->Add(std::move(node)), parallelism_);
}

void Stream::Sink(SinkOptions options) const {
  if (graph_->failed()) {
    return;
  }
  PlanNode node;
  node.step.set_name(options.name.empty() ? options.connector : options.name);
  proto::ConnectorSpec& sink = *node.step.mutable_sink()->mutable_sink();
  sink.set_connector(std::move(options.connector));
  sink.set_spec(std::move(options.spec));
  columnar::ToProto(*schema(), sink.mutable_schema());
  node.inputs = {node_};
  node.parallelism = options.parallelism == 0 ? parallelism_ : options.parallelism;
  node.wants_update_before = options.wants_update_before;
  graph_->Add(std::move(node));
}

Stream Stream::WithParallelism(std::uint32_t parallelism) const {
  return Stream(graph_, node_, parallelism);
}

Stream Grouped::Aggregate(std::vector<Aggregation> aggregations, GroupOptions options) const {
  proto::Step step;
  proto::AggregateStep& aggregate = *step.mutable_aggregate();
  aggregate.set_state_ttl_millis(options.state_ttl.count());
  aggregate.set_mini_batch_disabled(options.mini_batch_disabled);
  const columnar::SchemaPtr schema = input_.schema();
  const Status status =
      schema == nullptr ? OkStatus() : ResolveGroups(keys_, aggregations, *schema, &aggregate);
  return input_.Then(status, std::move(step));
}

Windowed Windowed::GroupBy(std::vector<std::string> keys) const {
  Windowed windowed = *this;
  windowed.keys_ = std::move(keys);
  return windowed;
}

Stream Windowed::Aggregate(std::vector<Aggregation> aggregations) const {
  proto::Step step;
  proto::WindowAggregateStep& window = *step.mutable_window_aggregate();
  *window.mutable_window() = window_;
  const columnar::SchemaPtr schema = input_.schema();
  const auto resolve = [&]() -> Status {
    ASSIGN_OR_RETURN(const std::uint32_t time, ColumnIndex(*schema, time_column_));
    window.set_time_column(time);
    return ResolveGroups(keys_, aggregations, *schema, &window);
  };
  const Status resolved = schema == nullptr ? OkStatus() : resolve();
  return input_.Then(resolved, std::move(step));
}

PlanBuilder::PlanBuilder(std::string name) : graph_(std::make_unique<PlanGraph>(std::move(name))) {}
PlanBuilder::~PlanBuilder() = default;

PlanBuilder& PlanBuilder::Parallelism(std::uint32_t parallelism) {
  graph_->parallelism = parallelism;
  return *this;
}

PlanBuilder& PlanBuilder::KeyGroups(std::uint32_t count) {
  graph_->header().set_key_group_count(count);
  return *this;
}

PlanBuilder& PlanBuilder::Checkpoints(const proto::CheckpointOptions& options) {
  *graph_->header().mutable_checkpoints() = options;
  return *this;
}

PlanBuilder& PlanBuilder::Restart(const proto::RestartOptions& options) {
  *graph_->header().mutable_restart() = options;
  return *this;
}

Stream PlanBuilder::Source(SourceOptions options) {
  PlanNode node;
  node.step.set_name(options.name.empty() ? options.connector : options.name);
  proto::ConnectorSpec& source = *node.step.mutable_read()->mutable_source();
  source.set_connector(std::move(options.connector));
  source.set_spec(std::move(options.spec));
  node.parallelism = options.parallelism == 0 ? graph_->parallelism : options.parallelism;
  if (options.schema == nullptr) {
    graph_->Fail(InvalidArgument("Source '" + node.step.name() + "' has no schema"));
  } else {
    columnar::ToProto(*options.schema, source.mutable_schema());
  }
  const std::uint32_t parallelism = node.parallelism;
  return Stream(graph_.get(), graph_->Add(std::move(node)), parallelism);
}

StatusOr<proto::JobGraph> PlanBuilder::Build() const {
  return graph_->Build();
}

}  // namespace thalweg::client
