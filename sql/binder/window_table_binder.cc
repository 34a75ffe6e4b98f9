// SPDX-License-Identifier: Apache-2.0
//
// FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(c), size)) and its relatives.
#include <map>
#include <utility>

#include "fmt/format.h"
#include "sql/binder/expression_binder.h"
#include "sql/binder/query_binder.h"

namespace thalweg::sql {

using columnar::TypeKind;

StatusOr<std::int64_t> IntervalMillis(const Environment& environment,
                                      const Expr& interval,
                                      SourceSpan span,
                                      bool may_be_zero) {
  if (interval.type.kind() != TypeKind::kIntervalDayTime || !interval.is_literal()) {
    return environment.Error(span,
                             "This must be a constant interval of days or less, such as INTERVAL "
                             "'10' MINUTES");
  }
  const std::int64_t millis = interval.value.integer();
  if (millis < 0 && may_be_zero) {
    return millis;  // An offset may lead either way.
  }
  if (millis < (may_be_zero ? 0 : 1)) {
    return environment.Error(span, "This interval must be positive");
  }
  return millis;
}

StatusOr<RelPtr> AddWindows(const Environment& environment,
                            RelPtr rel,
                            std::string_view function,
                            std::uint32_t time,
                            proto::WindowSpec spec,
                            SourceSpan span) {
  const RelColumn& column = rel->columns[time];
  if (column.time == TimeRole::kNone) {
    const std::string why =
        column.type.IsTimestamp()
            ? "is a plain " + column.type.ToString() +
                  ": declare WATERMARK FOR it in its table, or take it before joins and updates"
            : "is " + column.type.ToString();
    return environment.Error(
        span, fmt::format("{} needs a time attribute, and '{}' {}", function, column.name, why));
  }
  if (spec.kind() == proto::WINDOW_CUMULATE && spec.size_millis() % spec.slide_millis() != 0) {
    return environment.Error(span, "The size of CUMULATE must be a multiple of its step");
  }
  if (spec.kind() == proto::WINDOW_HOP && spec.size_millis() % spec.slide_millis() != 0) {
    return environment.Error(span, "The size of HOP must be a multiple of its slide");
  }
  auto info = std::make_shared<WindowInfo>();
  info->processing_time = column.time == TimeRole::kProctime;
  info->time_type = column.type;
  if (column.type.kind() == TypeKind::kTimestampLtz && environment.time_zone != "UTC") {
    spec.set_time_zone(environment.time_zone);
  }
  info->spec = std::move(spec);
  return MakeWindowTable(std::move(rel), {.window = std::move(info), .time_column = time});
}

namespace {

struct Parameters {
  std::vector<std::string> names;  // In order; those from `required` on may be left out.
  std::size_t required;
  proto::WindowKind kind;
};

const std::map<std::string, Parameters>& WindowFunctions() {
  static const std::map<std::string, Parameters> functions = {
      {"TUMBLE", {{"DATA", "TIMECOL", "SIZE", "OFFSET"}, 3, proto::WINDOW_TUMBLE}},
      {"HOP", {{"DATA", "TIMECOL", "SLIDE", "SIZE", "OFFSET"}, 4, proto::WINDOW_HOP}},
      {"CUMULATE", {{"DATA", "TIMECOL", "STEP", "SIZE", "OFFSET"}, 4, proto::WINDOW_CUMULATE}},
  };
  return functions;
}

}  // namespace

StatusOr<Scope> QueryBinder::BindTableFunction(const ast::TableFunction& function,
                                               SourceSpan span) {
  const auto* call = function.call->As<ast::Call>();
  if (call == nullptr) {
    return environment_.Error(span, "TABLE(...) takes a table function");
  }
  const std::string name = FunctionName(call->function);
  const auto known = WindowFunctions().find(name);
  if (known == WindowFunctions().end()) {
    return environment_.Unsupported(call->function.span, "The table function " + name);
  }
  const Parameters& parameters = known->second;
  std::map<std::string, const ast::Expression*> arguments;
  for (std::size_t i = 0; i < call->arguments.size(); ++i) {
    const ast::Argument& argument = call->arguments[i];
    if (argument.name.has_value()) {
      const std::string key = FunctionName({.parts = {*argument.name}, .span = {}});
      if (std::find(parameters.names.begin(), parameters.names.end(), key) ==
          parameters.names.end()) {
        return environment_.Error(argument.name->span,
                                  fmt::format("{} has no argument {}; there are {}",
                                              name,
                                              argument.name->name,
                                              fmt::join(parameters.names, ", ")));
      }
      arguments[key] = argument.value.get();
    } else if (i < parameters.names.size()) {
      arguments[parameters.names[i]] = argument.value.get();
    } else {
      return environment_.Error(
          argument.value->span,
          fmt::format("{} takes {}", name, fmt::join(parameters.names, ", ")));
    }
  }
  for (std::size_t i = 0; i < parameters.required; ++i) {
    if (!arguments.contains(parameters.names[i])) {
      return environment_.Error(span,
                                fmt::format("{} lacks its argument {}; it takes {}",
                                            name,
                                            parameters.names[i],
                                            fmt::join(parameters.names, ", ")));
    }
  }
  const auto* data = arguments["DATA"]->As<ast::TableArgument>();
  if (data == nullptr) {
    return environment_.Error(arguments["DATA"]->span,
                              "The first argument must be a table: TABLE t, or TABLE (query)");
  }
  if (!data->partition_by.empty() || !data->order_by.empty()) {
    return environment_.Unsupported(arguments["DATA"]->span,
                                    "PARTITION BY or ORDER BY of a table argument");
  }
  RelPtr rel;
  if (data->table.has_value()) {
    ASSIGN_OR_RETURN(Scope scope, BindNamedTable(*data->table, {}));
    rel = std::move(scope.rel);
  } else {
    ASSIGN_OR_RETURN(rel, Bind(*data->query));
  }
  const auto* descriptor = arguments["TIMECOL"]->As<ast::Descriptor>();
  if (descriptor == nullptr || descriptor->columns.size() != 1) {
    return environment_.Error(arguments["TIMECOL"]->span,
                              "The second argument must be DESCRIPTOR(time column)");
  }
  const Scope scope = Scope::Of(rel, "");
  ASSIGN_OR_RETURN(
      const ExprPtr time,
      ResolveColumn(environment_,
                    scope,
                    {.parts = {descriptor->columns[0]}, .span = descriptor->columns[0].span}));
  proto::WindowSpec spec;
  spec.set_kind(parameters.kind);
  const Scope none;
  for (const std::string& part : parameters.names) {
    if (part == "DATA" || part == "TIMECOL" || !arguments.contains(part)) {
      continue;
    }
    ExpressionBinder binder(environment_, none, "a window");
    ASSIGN_OR_RETURN(const ExprPtr interval, binder.Bind(*arguments[part]));
    ASSIGN_OR_RETURN(
        const std::int64_t millis,
        IntervalMillis(environment_, *interval, arguments[part]->span, part == "OFFSET"));
    if (part == "SIZE") {
      spec.set_size_millis(millis);
    } else if (part == "OFFSET") {
      spec.set_offset_millis(millis);
    } else {
      spec.set_slide_millis(millis);
    }
  }
  ASSIGN_OR_RETURN(
      rel, AddWindows(environment_, std::move(rel), name, time->column, std::move(spec), span));
  return Scope::Of(std::move(rel), "");
}

}  // namespace thalweg::sql
