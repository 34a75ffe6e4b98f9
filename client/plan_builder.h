// SPDX-License-Identifier: Apache-2.0
//
// Builds job graphs in C++, the same that SQL compiles to.
//
//   PlanBuilder plan("bids per auction");
//   Stream bids = plan.Source({.connector = "datagen", .spec = spec, .schema = schema})
//                     .Watermark("ts", Milliseconds(4000));
//   bids.Filter(Col("price") > Lit(100))
//       .TumbleWindow("ts", Milliseconds(10'000))
//       .GroupBy({"auction"})
//       .Aggregate({CountAll("bids"), Sum("price", "total")})
//       .Sink({.connector = "filesystem", .spec = sink});
//   StatusOr<proto::JobGraph> graph = plan.Build();
//
// A mistake does not stop the chain: the first one is remembered and Build() tells it. A stream may
// be used any number of times; what it computes is computed once. Steps that need no exchange of
// rows become one vertex.
#ifndef THALWEG_CLIENT_PLAN_BUILDER_H_
#define THALWEG_CLIENT_PLAN_BUILDER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "client/expression.h"
#include "columnar/type.h"
#include "proto/plan.pb.h"

namespace thalweg::runtime {
class PlanGraph;
}  // namespace thalweg::runtime

namespace thalweg::client {

struct SourceOptions {
  std::string connector;
  std::string spec = {};  // What the connector's reader understands.
  columnar::SchemaPtr schema = {};
  std::string name = {};          // In names of vertices and in operator ids; empty: the connector.
  std::uint32_t parallelism = 0;  // 0: the plan's.
};

struct SinkOptions {
  std::string connector;
  std::string spec = {};
  std::string name = {};          // As above.
  std::uint32_t parallelism = 0;  // 0: that of the stream.
  bool wants_update_before =
      true;  // false: an upsert sink; -U is not made where nobody else reads it.
};

/// One aggregate of an Aggregate(). Made by the functions below.
struct Aggregation {
  std::string function;
  std::vector<std::string> arguments;
  std::string name;
  bool distinct = false;
  std::string filter;  // Name of a BOOLEAN column: only rows where it is TRUE count; empty: all.
};
Aggregation CountAll(std::string name);
Aggregation Count(std::string column, std::string name);
Aggregation Sum(std::string column, std::string name);
Aggregation Avg(std::string column, std::string name);
Aggregation Min(std::string column, std::string name);
Aggregation Max(std::string column, std::string name);
Aggregation Distinct(Aggregation aggregation);
Aggregation Where(Aggregation aggregation, std::string filter_column);

struct GroupOptions {
  Milliseconds state_ttl{0};         // 0: kept for ever.
  bool mini_batch_disabled = false;  // One change per row instead of one per key and batch.
};

/// Of an ORDER BY.
struct OrderBy {
  std::string column;
  bool descending = false;
  bool nulls_first = false;
};

class Grouped;
class Windowed;

/// Rows of one schema on their way. A handle; cheap to copy, valid as long as its PlanBuilder.
class Stream {
 public:
  Stream Filter(Expr predicate) const;
  Stream Project(std::vector<std::pair<std::string, Expr>> columns) const;

  /// Watermark = max(column) - delay. `idle_timeout` 0: never idle.
  Stream Watermark(std::string column,
                   Milliseconds delay,
                   Milliseconds idle_timeout = Milliseconds(0)) const;

  /// GROUP BY the columns; none: one row for all.
  Grouped GroupBy(std::vector<std::string> keys) const;

  /// Tumbling windows of event time. Rows: keys..., aggregates..., window_start, window_end,
  /// window_time.
  Windowed TumbleWindow(std::string time_column,
                        Milliseconds size,
                        Milliseconds offset = Milliseconds(0)) const;

  /// Windows of `size` that begin every `slide`: a row is in each of them that covers it.
  Windowed HopWindow(std::string time_column, Milliseconds slide, Milliseconds size) const;
  /// Windows that begin every `size` and grow by `step` up to it; `size` is a multiple of `step`.
  Windowed CumulateWindow(std::string time_column, Milliseconds step, Milliseconds size) const;

  /// The first `limit` rows of each key in an order; `rank_name`: the column of their ranks, empty:
  /// none.
  Stream TopN(std::vector<std::string> keys,
              std::vector<OrderBy> order,
              std::uint64_t limit,
              std::string rank_name = {}) const;

  /// A join of any kind; see proto::JoinKind.
  Stream Join(const Stream& right,
              std::vector<std::pair<std::string, std::string>> on,
              proto::JoinKind kind) const;
  Stream Join(const Stream& right,
              std::vector<std::pair<std::string, std::string>> on,
              proto::JoinKind kind,
              Expr residual) const;

  /// Inner join on pairs of equal columns (left, right). Rows: left columns, then right columns;
  /// a name that is taken gets "_r". `residual` sees the joined row.
  Stream Join(const Stream& right, std::vector<std::pair<std::string, std::string>> on) const;
  Stream Join(const Stream& right,
              std::vector<std::pair<std::string, std::string>> on,
              Expr residual) const;

  void Sink(SinkOptions options) const;

  /// The steps added from here on run at this parallelism. A change of parallelism of an updating
  /// stream is refused unless the next step hashes, as it would tear changes of a key apart.
  Stream WithParallelism(std::uint32_t parallelism) const;

  /// Null after a mistake.
  columnar::SchemaPtr schema() const;
  /// Whether it may carry -U, +U and -D.
  bool updating() const;

 private:
  friend class PlanBuilder;
  friend class Grouped;
  friend class Windowed;
  Stream(runtime::PlanGraph* graph, std::size_t node, std::uint32_t parallelism)
      : graph_(graph), node_(node), parallelism_(parallelism) {}

  /// The stream of one more step, unless `resolved` or an earlier mistake forbids it.
  Stream Then(const Status& resolved, proto::Step step) const;
  Stream JoinOn(const Stream& right,
                const std::vector<std::pair<std::string, std::string>>& on,
                proto::JoinKind kind,
                const Expr* residual) const;

  runtime::PlanGraph* graph_;
  std::size_t node_;           // kNoNode after a mistake.
  std::uint32_t parallelism_;  // Of the next step.
};

/// A stream in groups, waiting for its aggregates.
class Grouped {
 public:
  /// Rows: keys..., aggregates...
  Stream Aggregate(std::vector<Aggregation> aggregations, GroupOptions options = {}) const;

 private:
  friend class Stream;
  Grouped(Stream input, std::vector<std::string> keys) : input_(input), keys_(std::move(keys)) {}

  Stream input_;
  std::vector<std::string> keys_;
};

/// A stream in windows, waiting for keys and aggregates.
class Windowed {
 public:
  Windowed GroupBy(std::vector<std::string> keys) const;
  Stream Aggregate(std::vector<Aggregation> aggregations) const;

 private:
  friend class Stream;
  Windowed(Stream input, std::string time_column, proto::WindowSpec window)
      : input_(input), time_column_(std::move(time_column)), window_(std::move(window)) {}

  Stream input_;
  std::string time_column_;
  proto::WindowSpec window_;
  std::vector<std::string> keys_;
};

/// One plan under construction. Not thread-safe.
class PlanBuilder {
 public:
  explicit PlanBuilder(std::string name);
  ~PlanBuilder();
  PlanBuilder(const PlanBuilder&) = delete;
  PlanBuilder& operator=(const PlanBuilder&) = delete;

  /// Of every step that says nothing else; 1 when not called.
  PlanBuilder& Parallelism(std::uint32_t parallelism);
  /// 1,024 when not called; fixed for the life of the job.
  PlanBuilder& KeyGroups(std::uint32_t count);
  PlanBuilder& Checkpoints(const proto::CheckpointOptions& options);
  PlanBuilder& Restart(const proto::RestartOptions& options);

  Stream Source(SourceOptions options);

  /// The graph, validated. kInvalidArgument: the first mistake, or no sink. May be repeated.
  StatusOr<proto::JobGraph> Build() const;

 private:
  std::unique_ptr<runtime::PlanGraph> graph_;
};

}  // namespace thalweg::client

#endif  // THALWEG_CLIENT_PLAN_BUILDER_H_
