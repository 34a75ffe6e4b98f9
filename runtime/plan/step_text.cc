// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/step_text.h"

#include <cstdint>
#include <cstdlib>

#include "runtime/expr/expression_text.h"
#include "runtime/plan/output_schema.h"

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

/// Keys, then aggregates: what all kinds of aggregate put first.
template <class Step>
std::vector<std::string> AggregateOrigins(const Step& step, const std::vector<std::string>& names) {
  std::vector<std::string> origins = Pick(step.keys(), names);
  for (const proto::AggregateCall& call : step.calls()) {
    origins.push_back(CallText(call, names));
  }
  return origins;
}

/// How many columns of partial states the calls have, the number of rows left out.
template <class Calls>
std::vector<std::size_t> PartialCounts(const Calls& calls,
                                       const columnar::Schema& input,
                                       bool retracts) {
  std::vector<std::size_t> counts;
  for (const proto::AggregateCall& call : calls) {
    const proto::AggregateCall* const one[] = {&call};
    const auto fields = PartialFieldsOf(one, input, retracts);
    counts.push_back(fields.ok() ? fields->size() - 1 : 0);
  }
  return counts;
}

/// A call that merges partial states says what the call of the local step says: the text of its
/// first column.
std::vector<std::string> MergedOrigins(const proto::AggregateStep& step,
                                       const std::vector<std::string>& names) {
  std::vector<std::string> origins = Pick(step.keys(), names);
  const std::vector<std::size_t> counts =
      PartialCounts(step.calls(), columnar::Schema({}), step.input_retracts());
  std::size_t column = origins.size() + 1;
  for (const std::size_t count : counts) {
    origins.push_back(count == 0 || column >= names.size() ? "COUNT(*)" : names[column]);
    column += count;
  }
  return origins;
}

std::vector<std::string> AggregateOrigins(const proto::AggregateStep& step,
                                          const std::vector<std::string>& names) {
  return step.merges_partials() ? MergedOrigins(step, names)
                                : AggregateOrigins<proto::AggregateStep>(step, names);
}

/// Over the output of the step, of which the field of partial state i of call c is named "c.name".
std::vector<std::string> LocalOrigins(const proto::LocalAggregateStep& step,
                                      const columnar::Schema& output,
                                      const std::vector<std::string>& names) {
  std::vector<std::string> origins = Pick(step.keys(), names);
  origins.push_back("rows");
  while (origins.size() < output.size()) {
    const int call = std::atoi(output.field(origins.size()).name.c_str());
    origins.push_back(CallText(step.calls(call), names));
  }
  return origins;
}

std::string WindowText(const proto::WindowSpec& window) {
  const std::string size = std::to_string(window.size_millis()) + " ms";
  const std::string offset = " + " + std::to_string(window.offset_millis());
  const std::string slide = std::to_string(window.slide_millis()) + " ms of ";
  switch (window.kind()) {
    case proto::WINDOW_HOP:
      return "hop " + slide + size + offset;
    case proto::WINDOW_CUMULATE:
      return "cumulate " + slide + size + offset;
    default:
      return "tumble " + size + offset;
  }
}

std::string WindowAggregateText(const proto::WindowAggregateStep& step,
                                const std::vector<std::string>& names) {
  const std::string aggregates = Join(AggregateOrigins(step, names));
  if (step.attached()) {
    return "windows " + names[step.window_start_column()] + " to " +
           names[step.window_end_column()] + " " + aggregates;
  }
  if (!step.has_window()) {
    return "tumble " + names[step.time_column()] + " " + std::to_string(step.size_millis()) +
           " ms + " + std::to_string(step.offset_millis()) + " " + aggregates;
  }
  const std::string time = step.processing_time() ? "PROCTIME()" : names[step.time_column()];
  return WindowText(step.window()) + " " + time + " " + aggregates;
}

template <class Columns>
std::string OrderText(const Columns& order, const std::vector<std::string>& names) {
  std::vector<std::string> parts;
  for (const proto::OrderColumn& column : order) {
    parts.push_back(names[column.column()] + (column.descending() ? " DESC" : "") +
                    (column.nulls_first() ? " NULLS FIRST" : " NULLS LAST"));
  }
  return Join(parts);
}

std::string RankText(const proto::RankStep& step, const std::vector<std::string>& names) {
  return "rank " + std::to_string(step.offset() + 1) + " to " +
         std::to_string(step.offset() + step.limit()) + " of " + Join(Pick(step.keys(), names)) +
         " by " + OrderText(step.order(), names);
}

std::string DeduplicateText(const proto::DeduplicateStep& step,
                            const std::vector<std::string>& names) {
  return std::string("deduplicate ") + (step.keep_last() ? "last" : "first") + " of " +
         Join(Pick(step.keys(), names)) + " by " +
         (step.processing_time() ? "PROCTIME()" : names[step.time_column()]);
}

std::string JoinWord(proto::JoinKind kind) {
  switch (kind) {
    case proto::JOIN_LEFT:
      return "left join";
    case proto::JOIN_RIGHT:
      return "right join";
    case proto::JOIN_FULL:
      return "full join";
    case proto::JOIN_SEMI:
      return "semi join";
    case proto::JOIN_ANTI:
      return "anti join";
    default:
      return "join";
  }
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
    case proto::Step::kWindowAggregate:
      return WindowAggregateText(step.window_aggregate(), left);
    case proto::Step::kLocalAggregate:
      return "local aggregate " + Join(AggregateOrigins(step.local_aggregate(), left));
    case proto::Step::kWindowTable:
      return "window table " + WindowText(step.window_table().window()) + " " +
             left[step.window_table().time_column()];
    case proto::Step::kRank:
      return RankText(step.rank(), left);
    case proto::Step::kDeduplicate:
      return DeduplicateText(step.deduplicate(), left);
    case proto::Step::kSort:
      return "sort " + OrderText(step.sort().order(), left);
    case proto::Step::kJoin: {
      std::string text = JoinWord(step.join().kind());
      for (int i = 0; i < step.join().left_keys_size(); ++i) {
        const bool null_safe = i < step.join().null_safe_size() && step.join().null_safe(i);
        text += " " + left[step.join().left_keys(i)] +
                (null_safe ? " IS NOT DISTINCT FROM " : " = ") + right[step.join().right_keys(i)];
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
    case proto::Step::kLocalAggregate:
      return LocalOrigins(step.local_aggregate(), output, left);
    case proto::Step::kWindowTable:
      origins = left;
      for (const char* name : {"window_start", "window_end", "window_time"}) {
        origins.push_back(name);
      }
      return origins;
    case proto::Step::kRank:
      origins = left;
      if (step.rank().emits_rank()) {
        origins.push_back("ROW_NUMBER(" + RankText(step.rank(), left) + ")");
      }
      return origins;
    case proto::Step::kJoin:
      origins = left;
      if (output.size() == left.size()) {  // SEMI and ANTI.
        return origins;
      }
      origins.insert(origins.end(), right.begin(), right.end());
      return origins;
    default:
      return left;
  }
}

}  // namespace thalweg::runtime
