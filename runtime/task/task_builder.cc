// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/task_builder.h"

#include <optional>
#include <string>
#include <utility>

#include "base/counters.h"
#include "base/hash.h"
#include "columnar/type_proto.h"
#include "runtime/channel/router.h"
#include "runtime/connector/registry.h"
#include "runtime/operators/map_steps.h"
#include "runtime/operators/operators.h"
#include "runtime/plan/plan.h"
#include "runtime/task/chain.h"
#include "state/task_state.h"
#include "storage/layout.h"

namespace thalweg::runtime {
namespace {

class Builder {
 public:
  Builder(TaskSpec spec, const TaskSurroundings& surroundings)
      : spec_(std::move(spec)),
        surroundings_(surroundings),
        graph_(*surroundings.graph),
        vertex_(graph_.vertices(static_cast<int>(VertexIndexOf(spec_.id)))),
        subtask_(SubtaskIndexOf(spec_.id)),
        key_group_count_(KeyGroupCountOf(graph_)),
        key_groups_(RangeOf(subtask_, vertex_.parallelism(), key_group_count_)) {}

  StatusOr<std::unique_ptr<Task>> Build() {
    parts_.id = spec_.id;
    parts_.inbox = spec_.inbox;
    parts_.executor =
        std::make_shared<TaskExecutor>(*surroundings_.executor, *spec_.lane, spec_.inbox);
    parts_.restores = std::move(spec_.restores);
    parts_.restored = spec_.restored;
    parts_.listener = spec_.listener;
    parts_.clock = surroundings_.clock;
    MakeMetrics();
    MakeState();
    if (!graph_.time_zone().empty()) {
      ASSIGN_OR_RETURN(zone_, TimeZone::Load(graph_.time_zone()));
    }
    RETURN_IF_ERROR(MakeInputSchemas());
    RETURN_IF_ERROR(MakeHead());
    for (const proto::Step& step : vertex_.steps()) {
      if (const Status made = MakeStep(step); !made.ok()) {
        return Annotate(made, "Step " + step.name());
      }
    }
    RETURN_IF_ERROR(MakeRouters());
    parts_.chain = std::make_unique<Chain>(std::move(chain_));
    return std::make_unique<Task>(std::move(parts_));
  }

 private:
  void MakeMetrics() {
    if (surroundings_.metrics == nullptr) {
      return;
    }
    metrics_ = &surroundings_.metrics->AddGroup("task_" + std::to_string(VertexIndexOf(spec_.id)) +
                                                "_" + std::to_string(subtask_));
    parts_.metrics = std::make_unique<TaskMetrics>(*metrics_);
  }

  void MakeState() {
    parts_.spill_read = std::make_shared<bool>(false);
    state::TaskStateOptions options;
    options.task = spec_.id;
    options.range = key_groups_;
    options.key_group_count = key_group_count_;
    options.store = surroundings_.store;
    options.run_prefix =
        storage::AttemptFilesPrefix(JobId(surroundings_.job_id), surroundings_.attempt) +
        std::to_string(VertexIndexOf(spec_.id)) + "-" + std::to_string(subtask_);
    options.executor = parts_.executor.get();
    options.mailbox = spec_.inbox.get();
    options.budget = surroundings_.budget;
    options.spill = surroundings_.spill;
    options.wake = WakeOf(parts_.spill_read);
    options.inline_run_max = surroundings_.inline_run_max.value_or(options.inline_run_max);
    parts_.state = std::make_unique<state::TaskState>(std::move(options));
  }

  Status MakeInputSchemas() {
    for (const proto::Schema& input : vertex_.inputs()) {
      ASSIGN_OR_RETURN(columnar::SchemaPtr schema, columnar::SchemaFromProto(input));
      inputs_.push_back(std::move(schema));
    }
    return OkStatus();
  }

  // The first step when it brings its own input, else a gate.
  Status MakeHead() {
    if (vertex_.steps().empty()) {
      return InvalidArgument("Vertex " + vertex_.name() + " has no steps");
    }
    const proto::Step& first = vertex_.steps(0);
    const WakeFlag woken = std::make_shared<bool>(false);
    if (RoleOf(first) == StepRole::kEnumerate) {
      const proto::ConnectorSpec& source = first.enumerate().source();
      ASSIGN_OR_RETURN(const SourceConnector* connector,
                       surroundings_.connectors->Source(source.connector()));
      ASSIGN_OR_RETURN(std::unique_ptr<Enumerator> enumerator,
                       connector->OpenEnumerator(source.spec(), ContextOf(first, WakeOf(woken))));
      chain_.head = MakeEnumeratorHead(std::move(enumerator), woken);
      parts_.head_operator = OperatorId(first.operator_id());
      return OkStatus();
    }
    if (spec_.inputs.empty()) {
      return InvalidArgument("Vertex " + vertex_.name() + " has no inputs");
    }
    if (RoleOf(first) != StepRole::kRead) {
      chain_.head = MakeGateHead(Gate(std::move(spec_.inputs)));
      return OkStatus();
    }
    const proto::ConnectorSpec& source = first.read().source();
    ASSIGN_OR_RETURN(const SourceConnector* connector,
                     surroundings_.connectors->Source(source.connector()));
    ASSIGN_OR_RETURN(columnar::SchemaPtr schema, columnar::SchemaFromProto(source.schema()));
    ConnectorContext context = ContextOf(first, WakeOf(woken));
    if (first.read().dead_letters()) {
      side_ = std::make_unique<SideOutput>();
      context.dead_letters = side_.get();
    }
    ASSIGN_OR_RETURN(std::unique_ptr<Reader> reader,
                     connector->OpenReader(source.spec(), std::move(schema), std::move(context)));
    chain_.head =
        MakeReaderHead(Gate(std::move(spec_.inputs)), std::move(reader), woken, side_.get());
    parts_.head_operator = OperatorId(first.operator_id());
    return OkStatus();
  }

  Status MakeStep(const proto::Step& step) {
    switch (RoleOf(step)) {
      case StepRole::kEnumerate:
      case StepRole::kRead:
        if (&step != &vertex_.steps(0)) {
          return InvalidArgument("Only the first step of a vertex can be a source");
        }
        break;
      case StepRole::kMap: {
        ASSIGN_OR_RETURN(std::unique_ptr<MapStep> map, MakeMapStep(step, StepContextOf(step)));
        chain_.steps.emplace_back(std::move(map));
        break;
      }
      case StepRole::kEventTime: {
        ASSIGN_OR_RETURN(std::unique_ptr<EventTimeStep> event_time,
                         MakeEventTimeStep(step, StepContextOf(step)));
        chain_.steps.emplace_back(std::move(event_time));
        break;
      }
      case StepRole::kKeyed: {
        ASSIGN_OR_RETURN(KeyedPart keyed, MakeKeyed(step));
        chain_.steps.emplace_back(std::move(keyed));
        break;
      }
      case StepRole::kSink:
        return MakeSink(step);
      case StepRole::kUnknown:
        return Unimplemented("This kind of step is not supported");
    }
    CountRows(step);
    ASSIGN_OR_RETURN(columnar::SchemaPtr output, columnar::SchemaFromProto(step.output()));
    inputs_ = {std::move(output)};
    return OkStatus();
  }

  StatusOr<KeyedPart> MakeKeyed(const proto::Step& step) {
    KeyedPart part;
    for (std::uint32_t input = 0; input < InputCountOf(step); ++input) {
      if (input >= inputs_.size()) {
        return InvalidArgument("The step needs more inputs than there are");
      }
      std::vector<std::uint32_t> columns = KeyColumnsOf(step, input);
      std::vector<columnar::DataType> types;
      for (const std::uint32_t column : columns) {
        types.push_back(inputs_[input]->type(column));
      }
      part.key_columns.push_back(std::move(columns));
      part.encoders.emplace_back(std::move(types));
    }
    ASSIGN_OR_RETURN(part.step, MakeKeyedStep(step, StepContextOf(step)));
    RETURN_IF_ERROR(part.step->Declare(*parts_.state));
    return part;
  }

  Status MakeSink(const proto::Step& step) {
    if (&step != &vertex_.steps(vertex_.steps_size() - 1)) {
      return InvalidArgument("Only the last step of a vertex can be a sink");
    }
    if (chain_.rows.empty()) {
      chain_.rows.push_back(nullptr);  // What a gate hands on is counted where it was emitted.
    }
    if (!step.sink().enforced_not_null().empty()) {
      chain_.steps.emplace_back(MakeNotNull({.columns = {step.sink().enforced_not_null().begin(),
                                                         step.sink().enforced_not_null().end()},
                                             .drops = step.sink().drops_nulls(),
                                             .metrics = MetricsOf(step)},
                                            *inputs_[0]));
      chain_.rows.push_back(nullptr);
    }
    const proto::ConnectorSpec& spec = step.sink().sink();
    ASSIGN_OR_RETURN(const SinkConnector* connector,
                     surroundings_.connectors->Sink(spec.connector()));
    ASSIGN_OR_RETURN(columnar::SchemaPtr schema, columnar::SchemaFromProto(spec.schema()));
    ASSIGN_OR_RETURN(std::unique_ptr<Sink> sink,
                     connector->Open(spec.spec(),
                                     std::move(schema),
                                     ContextOf(step, [inbox = spec_.inbox] { inbox->Wake(); })));
    chain_.tail = MakeSinkTail(std::move(sink));
    parts_.sink_operator = OperatorId(step.operator_id());
    return OkStatus();
  }

  Status MakeRouters() {
    const std::vector<const proto::Edge*> edges = EdgesFrom(graph_, VertexIndexOf(spec_.id));
    if (edges.size() != spec_.outputs.size()) {
      return InvalidArgument("Vertex " + vertex_.name() + " has " + std::to_string(edges.size()) +
                             " edges and got channels for " + std::to_string(spec_.outputs.size()));
    }
    std::vector<std::unique_ptr<Router>> routers;
    for (std::size_t i = 0; i < edges.size(); ++i) {
      const bool is_side = edges[i]->side_output() == kDeadLetterOutput;
      if (is_side ? side_ == nullptr : chain_.tail != nullptr) {
        return InvalidArgument("Vertex " + vertex_.name() + " has an edge out of " +
                               (is_side ? "dead letters that it does not have" : "a sink"));
      }
      std::unique_ptr<Router> router =
          MakeRouter({.partitioning = edges[i]->partitioning(),
                      .keys = {edges[i]->keys().begin(), edges[i]->keys().end()},
                      .key_group_count = key_group_count_,
                      .subtask = subtask_},
                     std::move(spec_.outputs[i]));
      if (is_side) {
        side_->AddRouter(std::move(router));
      } else {
        routers.push_back(std::move(router));
      }
    }
    if (chain_.tail == nullptr) {
      chain_.tail = MakeRouterTail(std::move(routers));
    }
    if (side_ != nullptr) {
      chain_.tail = MakeTailWithSide(std::move(chain_.tail), std::move(side_));
    }
    return OkStatus();
  }

  // The slot behind the step counts; the one behind a gate stands first and does not.
  void CountRows(const proto::Step& step) {
    const bool is_source = &step == &vertex_.steps(0) && !parts_.head_operator.value().empty();
    if (chain_.rows.empty() && !is_source) {
      chain_.rows.push_back(nullptr);
    }
    MetricGroup* const group = MetricsOf(step);
    chain_.rows.push_back(group == nullptr ? nullptr : &group->AddCounter("rows_out"));
  }

  MetricGroup* MetricsOf(const proto::Step& step) {
    return metrics_ == nullptr ? nullptr : &metrics_->AddGroup(step.name());
  }

  StepContext StepContextOf(const proto::Step& step) {
    return {.inputs = inputs_,
            .subtask = subtask_,
            .parallelism = vertex_.parallelism(),
            .key_group_count = key_group_count_,
            .key_groups = key_groups_,
            .metrics = MetricsOf(step),
            .zone = zone_,
            .random_seed = Hash64(surroundings_.job_id + "/" + step.operator_id() + "/" +
                                  std::to_string(subtask_) + "/" +
                                  std::to_string(surroundings_.attempt.generation.value()) + "/" +
                                  std::to_string(surroundings_.attempt.n))};
  }

  ConnectorContext ContextOf(const proto::Step& step, UniqueFunction<void()> wake) {
    return {.job_id = surroundings_.job_id,
            .lineage = surroundings_.lineage,
            .operator_id = step.operator_id(),
            .subtask = subtask_,
            .parallelism = vertex_.parallelism(),
            .generation = surroundings_.attempt.generation.value(),
            .attempt = surroundings_.attempt.n,
            .executor = parts_.executor.get(),
            .mailbox = spec_.inbox.get(),
            .wake = std::move(wake),
            .files = surroundings_.files,
            .metrics = MetricsOf(step),
            .clock = surroundings_.clock};
  }

  // May be called when the part, and even the task, has gone.
  UniqueFunction<void()> WakeOf(WakeFlag flag) {
    return [inbox = spec_.inbox, flag = std::move(flag)] {
      *flag = true;
      inbox->Wake();
    };
  }

  TaskSpec spec_;
  const TaskSurroundings& surroundings_;
  const proto::JobGraph& graph_;
  const proto::Vertex& vertex_;
  const std::uint32_t subtask_;
  TimeZone zone_;
  const std::uint32_t key_group_count_;
  const KeyGroupRange key_groups_;

  MetricGroup* metrics_ = nullptr;
  TaskParts parts_;
  ChainParts chain_;
  std::unique_ptr<SideOutput> side_;         // Until the tail has it; null: there is none.
  std::vector<columnar::SchemaPtr> inputs_;  // Of the step that is made next.
};

}  // namespace

StatusOr<std::unique_ptr<Task>> BuildTask(TaskSpec spec, const TaskSurroundings& surroundings) {
  return Builder(std::move(spec), surroundings).Build();
}

}  // namespace thalweg::runtime
