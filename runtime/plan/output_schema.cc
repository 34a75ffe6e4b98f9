// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/output_schema.h"

#include <set>
#include <utility>
#include <vector>

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
  std::vector<DataType> arguments;
  for (const std::uint32_t argument : call.arguments()) {
    RETURN_IF_ERROR(CheckColumn(argument, input));
    arguments.push_back(input.type(argument));
  }
  if (call.filter() >= 0) {
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

StatusOr<SchemaPtr> OfAggregate(const proto::AggregateStep& step, const Schema& input) {
  std::vector<Field> fields;
  RETURN_IF_ERROR(AppendKeys(step.keys(), input, &fields));
  for (const proto::AggregateCall& call : step.calls()) {
    ASSIGN_OR_RETURN(Field field, FieldOf(call, input));
    fields.push_back(std::move(field));
  }
  if (step.state_ttl_millis() < 0) {
    return InvalidArgument("the time to live of state must not be negative");
  }
  return MakeSchema(std::move(fields));
}

StatusOr<SchemaPtr> OfWindow(const proto::WindowAggregateStep& step, const Schema& input) {
  std::vector<Field> fields;
  RETURN_IF_ERROR(AppendKeys(step.keys(), input, &fields));
  for (const proto::AggregateCall& call : step.calls()) {
    ASSIGN_OR_RETURN(Field field, FieldOf(call, input));
    fields.push_back(std::move(field));
  }
  RETURN_IF_ERROR(CheckColumn(step.time_column(), input));
  const DataType& time = input.type(step.time_column());
  if (!time.IsTimestamp()) {
    return InvalidArgument("windows need event time, but '" + input.field(step.time_column()).name +
                           "' is " + time.ToString());
  }
  if (step.size_millis() <= 0) {
    return InvalidArgument("the size of windows must be at least 1 ms, not " +
                           std::to_string(step.size_millis()));
  }
  const bool local = time.kind() == columnar::TypeKind::kTimestampLtz;
  fields.push_back({"window_start", DataType::Timestamp(3).NotNull()});
  fields.push_back({"window_end", DataType::Timestamp(3).NotNull()});
  fields.push_back(
      {"window_time", (local ? DataType::TimestampLtz(3) : DataType::Timestamp(3)).NotNull()});
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
  if (step.kind() != proto::JOIN_INNER) {
    return Unimplemented("only inner joins are supported");
  }
  RETURN_IF_ERROR(CheckJoinKeys(step, left, right));
  if (step.left_ttl_millis() < 0 || step.right_ttl_millis() < 0) {
    return InvalidArgument("the time to live of state must not be negative");
  }
  return JoinedSchema(left, right);
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
    case proto::Step::kJoin: {
      ASSIGN_OR_RETURN(SchemaPtr joined, OfJoin(step.join(), *inputs[0], *inputs[1]));
      if (step.join().has_residual()) {
        RETURN_IF_ERROR(Predicate::Compile(step.join().residual(), *joined).status());
      }
      return MakeSchema(joined->fields());
    }
    case proto::Step::kSink: {
      ASSIGN_OR_RETURN(const SchemaPtr schema,
                       columnar::SchemaFromProto(step.sink().sink().schema()));
      if (!Fits(*inputs[0], *schema)) {
        return InvalidArgument("the sink takes " + schema->ToString() + ", but gets " +
                               inputs[0]->ToString());
      }
      return schema;
    }
    case proto::Step::KIND_NOT_SET:
      break;
  }
  return Unimplemented("this program does not know the step; a newer one has written the plan");
}

}  // namespace thalweg::runtime
