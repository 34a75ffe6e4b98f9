// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/step_text.h"

#include <cstdint>

#include "runtime/expr/expression_text.h"

namespace thalweg::runtime {
namespace {

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

}  // namespace

std::string StepText(const proto::Step& step,
                     const std::vector<std::string>& left,
                     const std::vector<std::string>& right) {
  switch (step.kind_case()) {
    case proto::Step::kEnumerate:
      return "enumerate " + step.name();
    case proto::Step::kRead:
      return "source " + step.name();
    case proto::Step::kFilter:
      return "filter " + ToText(step.filter().predicate(), left);
    case proto::Step::kProject: {
      std::vector<std::string> parts;
      for (const proto::Expression& expression : step.project().expressions()) {
        parts.push_back(ToText(expression, left));
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
        text += " AND " + ToText(step.join().residual(), both);
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

std::vector<std::string> OriginsOf(const proto::Step& step,
                                   const columnar::Schema& output,
                                   const std::vector<std::string>& left,
                                   const std::vector<std::string>& right) {
  std::vector<std::string> origins;
  switch (step.kind_case()) {
    case proto::Step::kRead:
      for (const columnar::Field& field : output.fields()) {
        origins.push_back(step.name() + "." + field.name);
      }
      return origins;
    case proto::Step::kProject:
      for (const proto::Expression& expression : step.project().expressions()) {
        origins.push_back(ToText(expression, left));
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

}  // namespace thalweg::runtime
