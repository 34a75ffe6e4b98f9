// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/output_schema.h"

#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "columnar/ordered_codec.h"
#include "columnar/type_proto.h"
#include "runtime/expr/aggregate.h"
#include "runtime/expr/predicate.h"
#include "runtime/expr/program.h"
#include "runtime/expr/type_rules.h"
#include "runtime/plan/plan.h"
#include "runtime/plan/validate.h"

namespace thalweg::runtime {
namespace {

using columnar::DataType;
using columnar::Field;
using columnar::Schema;
using columnar::SchemaPtr;

StatusOr<SchemaPtr> MakeSchema(std::vector<Field> fields) {
  if (fields.empty() || fields.size() > kMaxColumns) {
    return InvalidArgument("a schema has 1 to " + std::to_string(kMaxColumns) + " columns, not " +
                           std::to_string(fields.size()));
  }
  std::set<std::string> names;
  for (const Field& field : fields) {
    if (field.name.empty() || !names.insert(field.name).second) {
      return InvalidArgument("column names are not empty and not repeated, but '" + field.name +
                             "' is");
    }
  }
  return Schema::Make(std::move(fields));
}

Status CheckColumn(std::uint32_t column, const Schema& input) {
  if (column >= input.size()) {
    return InvalidArgument("column " + std::to_string(column) + " is not among the " +
                           std::to_string(input.size()) + " of " + input.ToString());
  }
  return OkStatus();
}

template <class Columns>
Status AppendKeys(const Columns& keys, const Schema& input, std::vector<Field>* fields) {
  std::set<std::uint32_t> seen;
  for (const std::uint32_t key : keys) {
    RETURN_IF_ERROR(CheckColumn(key, input));
    if (!seen.insert(key).second) {
      return InvalidArgument("key column '" + input.field(key).name + "' is given twice");
    }
    if (input.type(key).kind() == columnar::TypeKind::kMap) {
      return Unimplemented("keys of type MAP are not supported: '" + input.field(key).name + "'");
    }
    fields->push_back(input.field(key));
  }
  return OkStatus();
}

StatusOr<Field> FieldOf(const proto::AggregateCall& call, const Schema& input) {
  ASSIGN_OR_RETURN(const std::vector<DataType> arguments, ArgumentTypesOf(call, input));
  const bool of_partials = call.argument_types_size() > 0;
  if (call.filter() >= 0 && !of_partials) {
    const auto filter = static_cast<std::uint32_t>(call.filter());
    RETURN_IF_ERROR(CheckColumn(filter, input));
    if (input.type(filter).kind() != columnar::TypeKind::kBoolean) {
      return InvalidArgument("the filter of " + call.function() + " must be a BOOLEAN, but '" +
                             input.field(filter).name + "' is " + input.type(filter).ToString());
    }
  }
  if (call.distinct() && arguments.empty()) {
    return InvalidArgument(call.function() + "(DISTINCT) needs an argument");
  }
  ASSIGN_OR_RETURN(const DataType type, AggregateResult(call.function(), arguments));
  ASSIGN_OR_RETURN(const DataType declared, columnar::TypeFromProto(call.type()));
  if (!SameType(type, declared)) {
    return InvalidArgument(call.function() + " is " + type.ToString() +
                           ", but the plan takes it for " + declared.ToString());
  }
  return Field{call.name(), type};
}

StatusOr<SchemaPtr> OfProject(const proto::ProjectStep& step, const Schema& input) {
  if (step.names_size() != step.expressions_size()) {
    return InvalidArgument("there are " + std::to_string(step.expressions_size()) +
                           " expressions, but " + std::to_string(step.names_size()) + " names");
  }
  std::vector<const proto::Expression*> expressions;
  for (const proto::Expression& expression : step.expressions()) {
    expressions.push_back(&expression);
  }
  ASSIGN_OR_RETURN(const Program program, Program::Compile(expressions, input));
  std::vector<Field> fields;
  for (int i = 0; i < step.names_size(); ++i) {
    fields.push_back({step.names(i), program.types()[static_cast<std::size_t>(i)]});
  }
  return MakeSchema(std::move(fields));
}

StatusOr<SchemaPtr> OfWatermark(const proto::WatermarkStep& step, const SchemaPtr& input) {
  RETURN_IF_ERROR(CheckColumn(step.column(), *input));
  if (!input->type(step.column()).IsTimestamp()) {
    return InvalidArgument("event time must be a TIMESTAMP or TIMESTAMP_LTZ, but '" +
                           input->field(step.column()).name + "' is " +
                           input->type(step.column()).ToString());
  }
  if (step.delay_millis() < 0 || step.idle_timeout_millis() < 0 || step.interval_millis() < 0) {
    return InvalidArgument("delay, idle timeout and interval must not be negative");
  }
  return input;
}

template <class Step>
std::vector<const proto::AggregateCall*> CallsOf(const Step& step) {
  std::vector<const proto::AggregateCall*> calls;
  for (const proto::AggregateCall& call : step.calls()) {
    calls.push_back(&call);
  }
  return calls;
}

Status CheckTtl(std::int64_t millis) {
  return millis < 0 ? InvalidArgument("the time to live of state must not be negative")
                    : OkStatus();
}

/// The input of a step that merges partial states: the keys, then those.
Status CheckPartials(const proto::AggregateStep& step, const Schema& input) {
  std::vector<Field> wanted;
  for (int i = 0; i < step.keys_size(); ++i) {
    if (step.keys(i) != static_cast<std::uint32_t>(i) || step.keys(i) >= input.size()) {
      return InvalidArgument("a step that merges partial states has its keys in the first columns");
    }
    wanted.push_back(input.field(step.keys(i)));
  }
  for (const proto::AggregateCall& call : step.calls()) {
    if (call.argument_types_size() != call.arguments_size()) {
      return InvalidArgument("a step that merges partial states needs the types of the arguments");
    }
  }
  ASSIGN_OR_RETURN(std::vector<Field> partials,
                   PartialFieldsOf(CallsOf(step), input, step.input_retracts()));
  wanted.insert(wanted.end(), partials.begin(), partials.end());
  const Schema schema(std::move(wanted));
  return Fits(input, schema) ? OkStatus()
                             : InvalidArgument("it merges partial states " + schema.ToString() +
                                               ", but gets " + input.ToString());
}

StatusOr<SchemaPtr> OfAggregate(const proto::AggregateStep& step, const Schema& input) {
  std::vector<Field> fields;
  RETURN_IF_ERROR(AppendKeys(step.keys(), input, &fields));
  if (step.merges_partials()) {
    RETURN_IF_ERROR(CheckPartials(step, input));
  }
  for (const proto::AggregateCall& call : step.calls()) {
    ASSIGN_OR_RETURN(Field field, FieldOf(call, input));
    fields.push_back(std::move(field));
  }
  RETURN_IF_ERROR(CheckTtl(step.state_ttl_millis()));
  return MakeSchema(std::move(fields));
}

StatusOr<SchemaPtr> OfLocalAggregate(const proto::LocalAggregateStep& step, const Schema& input) {
  std::vector<Field> fields;
  RETURN_IF_ERROR(AppendKeys(step.keys(), input, &fields));
  for (const proto::AggregateCall& call : step.calls()) {
    RETURN_IF_ERROR(FieldOf(call, input).status());
  }
  ASSIGN_OR_RETURN(std::vector<Field> partials,
                   PartialFieldsOf(CallsOf(step), input, step.input_retracts()));
  fields.insert(fields.end(), partials.begin(), partials.end());
  return MakeSchema(std::move(fields));
}

Status CheckWindow(const proto::WindowSpec& window) {
  if (window.size_millis() <= 0) {
    return InvalidArgument("the size of windows must be at least 1 ms, not " +
                           std::to_string(window.size_millis()));
  }
  if (window.kind() == proto::WINDOW_TUMBLE) {
    return OkStatus();
  }
  const bool hops = window.kind() == proto::WINDOW_HOP;
  if (!hops && window.kind() != proto::WINDOW_CUMULATE) {
    return Unimplemented("this program does not know the kind of its windows");
  }
  const std::string slide = hops ? "the slide of windows" : "the step of windows";
  if (window.slide_millis() <= 0) {
    return InvalidArgument(slide + " must be at least 1 ms, not " +
                           std::to_string(window.slide_millis()));
  }
  if (!hops && window.size_millis() % window.slide_millis() != 0) {
    return InvalidArgument(
        "the size of cumulating windows, " + std::to_string(window.size_millis()) +
        " ms, must be a multiple of their step, " + std::to_string(window.slide_millis()) + " ms");
  }
  if (window.size_millis() / window.slide_millis() > kMaxWindowsPerRow) {
    return InvalidArgument("a row would be in " +
                           std::to_string(window.size_millis() / window.slide_millis()) +
                           " windows; at most " + std::to_string(kMaxWindowsPerRow) +
                           " are possible: choose a longer slide or step");
  }
  return OkStatus();
}

/// Adds window_start, window_end and window_time.
void AppendWindow(bool local, std::vector<Field>* fields) {
  fields->push_back({"window_start", DataType::Timestamp(3).NotNull()});
  fields->push_back({"window_end", DataType::Timestamp(3).NotNull()});
  fields->push_back(
      {"window_time", (local ? DataType::TimestampLtz(3) : DataType::Timestamp(3)).NotNull()});
}

StatusOr<bool> IsLocalTime(std::uint32_t column, const Schema& input) {
  RETURN_IF_ERROR(CheckColumn(column, input));
  const DataType& time = input.type(column);
  if (!time.IsTimestamp()) {
    return InvalidArgument("windows need event time, but '" + input.field(column).name + "' is " +
                           time.ToString());
  }
  return time.kind() == columnar::TypeKind::kTimestampLtz;
}

StatusOr<SchemaPtr> OfWindow(const proto::WindowAggregateStep& step, const Schema& input) {
  std::vector<Field> fields;
  RETURN_IF_ERROR(AppendKeys(step.keys(), input, &fields));
  for (const proto::AggregateCall& call : step.calls()) {
    ASSIGN_OR_RETURN(Field field, FieldOf(call, input));
    fields.push_back(std::move(field));
  }
  if (step.attached()) {
    for (const std::uint32_t column : {step.window_start_column(), step.window_end_column()}) {
      RETURN_IF_ERROR(CheckColumn(column, input));
      if (!SameType(input.type(column), DataType::Timestamp(3))) {
        return InvalidArgument("bounds of windows are TIMESTAMP(3), but '" +
                               input.field(column).name + "' is " + input.type(column).ToString());
      }
    }
    AppendWindow(step.processing_time(), &fields);
    return MakeSchema(std::move(fields));
  }
  RETURN_IF_ERROR(CheckWindow(WindowOf(step)));
  bool local = true;
  if (!step.processing_time()) {
    ASSIGN_OR_RETURN(local, IsLocalTime(step.time_column(), input));
  }
  AppendWindow(local, &fields);
  return MakeSchema(std::move(fields));
}

StatusOr<SchemaPtr> OfWindowTable(const proto::WindowTableStep& step, const Schema& input) {
  RETURN_IF_ERROR(CheckWindow(step.window()));
  ASSIGN_OR_RETURN(const bool local, IsLocalTime(step.time_column(), input));
  std::vector<Field> fields = input.fields();
  AppendWindow(local, &fields);
  return MakeSchema(std::move(fields));
}

Status CheckJoinKeys(const proto::JoinStep& step, const Schema& left, const Schema& right) {
  if (step.left_keys_size() == 0 || step.left_keys_size() != step.right_keys_size()) {
    return InvalidArgument("a join needs as many left as right key columns, at least one");
  }
  for (int i = 0; i < step.left_keys_size(); ++i) {
    RETURN_IF_ERROR(CheckColumn(step.left_keys(i), left));
    RETURN_IF_ERROR(CheckColumn(step.right_keys(i), right));
    const Field& a = left.field(step.left_keys(i));
    const Field& b = right.field(step.right_keys(i));
    const bool both_text = a.type.IsCharacter() && b.type.IsCharacter();
    if (!both_text && !SameType(a.type, b.type)) {
      return InvalidArgument("join keys must have one type, but '" + a.name + "' is " +
                             a.type.ToString() + " and '" + b.name + "' is " + b.type.ToString());
    }
  }
  return OkStatus();
}

StatusOr<SchemaPtr> OfJoin(const proto::JoinStep& step, const Schema& left, const Schema& right) {
  if (!proto::JoinKind_IsValid(step.kind()) || step.kind() == proto::JOIN_KIND_UNSPECIFIED) {
    return Unimplemented("this program does not know the kind of the join");
  }
  RETURN_IF_ERROR(CheckJoinKeys(step, left, right));
  if (step.null_safe_size() != 0 && step.null_safe_size() != step.left_keys_size()) {
    return InvalidArgument("a join says for all of its keys or for none whether NULL equals NULL");
  }
  RETURN_IF_ERROR(CheckTtl(step.left_ttl_millis()));
  RETURN_IF_ERROR(CheckTtl(step.right_ttl_millis()));
  if (step.has_residual()) {
    RETURN_IF_ERROR(Predicate::Compile(step.residual(), *JoinedSchema(left, right)).status());
  }
  return MakeSchema(JoinedSchema(left, right, step.kind())->fields());
}

template <class Columns>
Status CheckOrder(const Columns& order, const Schema& input) {
  for (const proto::OrderColumn& column : order) {
    RETURN_IF_ERROR(CheckColumn(column.column(), input));
    const DataType& type = input.type(column.column());
    const auto codec = columnar::OrderedCodec::Make({{type}});
    if (!codec.ok()) {
      return Annotate(codec.status(), "'" + input.field(column.column()).name + "'");
    }
  }
  return OkStatus();
}

StatusOr<SchemaPtr> OfRank(const proto::RankStep& step, const Schema& input) {
  std::vector<Field> fields;
  RETURN_IF_ERROR(AppendKeys(step.keys(), input, &fields));
  RETURN_IF_ERROR(CheckOrder(step.order(), input));
  RETURN_IF_ERROR(CheckTtl(step.state_ttl_millis()));
  if (step.limit() == 0 || step.limit() > kMaxRank || step.offset() > kMaxRank - step.limit()) {
    return InvalidArgument("ranks " + std::to_string(step.offset()) + " and the " +
                           std::to_string(step.limit()) +
                           " behind it are wanted; it must be at least one, and none above " +
                           std::to_string(kMaxRank));
  }
  fields = input.fields();
  if (step.emits_rank()) {
    fields.push_back({step.rank_name(), DataType::BigInt().NotNull()});
  }
  return MakeSchema(std::move(fields));
}

StatusOr<SchemaPtr> OfDeduplicate(const proto::DeduplicateStep& step, const SchemaPtr& input) {
  std::vector<Field> fields;
  RETURN_IF_ERROR(AppendKeys(step.keys(), *input, &fields));
  RETURN_IF_ERROR(CheckTtl(step.state_ttl_millis()));
  if (!step.processing_time()) {
    RETURN_IF_ERROR(CheckColumn(step.time_column(), *input));
    const Field& time = input->field(step.time_column());
    if (!time.type.IsTimestamp()) {
      return InvalidArgument("the time to order by must be a TIMESTAMP or TIMESTAMP_LTZ, but '" +
                             time.name + "' is " + time.type.ToString());
    }
  }
  return input;
}

StatusOr<SchemaPtr> OfSort(const proto::SortStep& step, const SchemaPtr& input) {
  if (step.order().empty()) {
    return InvalidArgument("it needs at least one column to sort by");
  }
  RETURN_IF_ERROR(CheckOrder(step.order(), *input));
  return input;
}

/// What the sink's schema says, but for the columns in which the step itself refuses NULL.
StatusOr<SchemaPtr> OfSink(const proto::SinkStep& step, const Schema& input) {
  ASSIGN_OR_RETURN(const SchemaPtr schema, columnar::SchemaFromProto(step.sink().schema()));
  std::vector<Field> checked = input.fields();
  for (const std::uint32_t column : step.enforced_not_null()) {
    RETURN_IF_ERROR(CheckColumn(column, input));
    checked[column].type = checked[column].type.NotNull();
  }
  for (const std::uint32_t column : step.primary_key()) {
    RETURN_IF_ERROR(CheckColumn(column, input));
  }
  if (!Fits(Schema(std::move(checked)), *schema)) {
    return InvalidArgument("the sink takes " + schema->ToString() + ", but gets " +
                           input.ToString());
  }
  return schema;
}

}  // namespace

bool Fits(const Schema& from, const Schema& to) {
  if (from.size() != to.size()) {
    return false;
  }
  for (std::size_t i = 0; i < from.size(); ++i) {
    const bool widens = to.type(i).nullable() || !from.type(i).nullable();
    if (from.field(i).name != to.field(i).name || !SameType(from.type(i), to.type(i)) || !widens) {
      return false;
    }
  }
  return true;
}

SchemaPtr JoinedSchema(const Schema& left, const Schema& right) {
  std::vector<Field> fields = left.fields();
  std::set<std::string> names;
  for (const Field& field : fields) {
    names.insert(field.name);
  }
  for (Field field : right.fields()) {
    while (!names.insert(field.name).second) {
      field.name += "_r";
    }
    fields.push_back(std::move(field));
  }
  return Schema::Make(std::move(fields));
}

SchemaPtr JoinedSchema(const Schema& left, const Schema& right, proto::JoinKind kind) {
  if (kind == proto::JOIN_SEMI || kind == proto::JOIN_ANTI) {
    return Schema::Make(left.fields());
  }
  std::vector<Field> fields = JoinedSchema(left, right)->fields();
  const bool left_missing = kind == proto::JOIN_RIGHT || kind == proto::JOIN_FULL;
  const bool right_missing = kind == proto::JOIN_LEFT || kind == proto::JOIN_FULL;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i < left.size() ? left_missing : right_missing) {
      fields[i].type = fields[i].type.Nullable();
    }
  }
  return Schema::Make(std::move(fields));
}

StatusOr<std::vector<DataType>> ArgumentTypesOf(const proto::AggregateCall& call,
                                                const Schema& input) {
  std::vector<DataType> types;
  for (const proto::DataType& declared : call.argument_types()) {
    ASSIGN_OR_RETURN(DataType type, columnar::TypeFromProto(declared));
    types.push_back(std::move(type));
  }
  if (!types.empty()) {
    return types;
  }
  for (const std::uint32_t argument : call.arguments()) {
    RETURN_IF_ERROR(CheckColumn(argument, input));
    types.push_back(input.type(argument));
  }
  return types;
}

bool CountsAllRows(const proto::AggregateCall& call, std::span<const DataType> arguments) {
  return call.function() == "COUNT" && !call.distinct() && call.filter() < 0 &&
         (arguments.empty() || !arguments[0].nullable());
}

StatusOr<std::vector<Field>> PartialFieldsOf(std::span<const proto::AggregateCall* const> calls,
                                             const Schema& input,
                                             bool input_retracts) {
  std::vector<Field> fields = {{"rows", DataType::BigInt().NotNull()}};
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const proto::AggregateCall& call = *calls[i];
    ASSIGN_OR_RETURN(std::vector<DataType> arguments, ArgumentTypesOf(call, input));
    if (CountsAllRows(call, arguments)) {
      continue;
    }
    const AggregateFunction* function = FindAggregate(call.function());
    if (function == nullptr) {
      return InvalidArgument("no aggregate function is named '" + call.function() + "'");
    }
    ASSIGN_OR_RETURN(DataType result, columnar::TypeFromProto(call.type()));
    const bool is_extreme = call.function() == "MIN" || call.function() == "MAX";
    const std::unique_ptr<Aggregate> bound = function->bind({.arguments = std::move(arguments),
                                                             .result = std::move(result),
                                                             .retracts = input_retracts});
    if (bound == nullptr || (call.distinct() && !is_extreme)) {
      return InvalidArgument(call.function() + (call.distinct() ? "(DISTINCT)" : "") +
                             " of such an input cannot be computed in parts");
    }
    for (const Field& field : bound->fields()) {
      fields.push_back({std::to_string(i) + "." + field.name, field.type});
    }
  }
  return fields;
}

proto::WindowSpec WindowOf(const proto::WindowAggregateStep& step) {
  if (step.has_window()) {
    return step.window();
  }
  proto::WindowSpec window;
  window.set_kind(proto::WINDOW_TUMBLE);
  window.set_size_millis(step.size_millis());
  window.set_offset_millis(step.offset_millis());
  return window;
}

StatusOr<SchemaPtr> OutputSchemaOf(const proto::Step& step, std::span<const SchemaPtr> inputs) {
  switch (step.kind_case()) {
    case proto::Step::kEnumerate:
      return SplitSchema();
    case proto::Step::kRead: {
      ASSIGN_OR_RETURN(const SchemaPtr schema,
                       columnar::SchemaFromProto(step.read().source().schema()));
      return MakeSchema(schema->fields());
    }
    case proto::Step::kFilter:
      RETURN_IF_ERROR(Predicate::Compile(step.filter().predicate(), *inputs[0]).status());
      return inputs[0];
    case proto::Step::kProject:
      return OfProject(step.project(), *inputs[0]);
    case proto::Step::kWatermark:
      return OfWatermark(step.watermark(), inputs[0]);
    case proto::Step::kAggregate:
      return OfAggregate(step.aggregate(), *inputs[0]);
    case proto::Step::kWindowAggregate:
      return OfWindow(step.window_aggregate(), *inputs[0]);
    case proto::Step::kJoin:
      return OfJoin(step.join(), *inputs[0], *inputs[1]);
    case proto::Step::kLocalAggregate:
      return OfLocalAggregate(step.local_aggregate(), *inputs[0]);
    case proto::Step::kWindowTable:
      return OfWindowTable(step.window_table(), *inputs[0]);
    case proto::Step::kRank:
      return OfRank(step.rank(), *inputs[0]);
    case proto::Step::kDeduplicate:
      return OfDeduplicate(step.deduplicate(), inputs[0]);
    case proto::Step::kSort:
      return OfSort(step.sort(), inputs[0]);
    case proto::Step::kSink:
      return OfSink(step.sink(), *inputs[0]);
    case proto::Step::KIND_NOT_SET:
      break;
  }
  return Unimplemented("this program does not know the step; a newer one has written the plan");
}

}  // namespace thalweg::runtime
