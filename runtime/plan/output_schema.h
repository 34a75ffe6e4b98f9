// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_PLAN_OUTPUT_SCHEMA_H_
#define THALWEG_RUNTIME_PLAN_OUTPUT_SCHEMA_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "columnar/type.h"
#include "proto/plan.pb.h"

namespace thalweg::runtime {

/// The rows that come out of a step over `inputs` (as many as InputCountOf() says; a source's rows
/// are its connector's), everything about the step checked on the way but for its place in the
/// graph. Window steps add window_start, window_end and window_time. kInvalidArgument and
/// kUnimplemented say what is wrong without naming the step.
StatusOr<columnar::SchemaPtr> OutputSchemaOf(const proto::Step& step,
                                             std::span<const columnar::SchemaPtr> inputs);

/// Left columns, then right columns; a name that is taken gets "_r". What a residual condition
/// sees.
columnar::SchemaPtr JoinedSchema(const columnar::Schema& left, const columnar::Schema& right);
/// The same as it leaves a join of this kind: nullable where one side may be missing, left columns
/// alone for SEMI and ANTI.
columnar::SchemaPtr JoinedSchema(const columnar::Schema& left,
                                 const columnar::Schema& right,
                                 proto::JoinKind kind);

/// Types of a call's arguments: as it says itself, or those of the input's columns.
StatusOr<std::vector<columnar::DataType>> ArgumentTypesOf(const proto::AggregateCall& call,
                                                          const columnar::Schema& input);

/// Whether the call is the number of rows of a group, which every group keeps anyway.
bool CountsAllRows(const proto::AggregateCall& call, std::span<const columnar::DataType> arguments);

/// What a local aggregate gives beside its keys: the number of rows, and the state of each call.
/// kInvalidArgument: a call cannot be computed in parts.
StatusOr<std::vector<columnar::Field>> PartialFieldsOf(
    std::span<const proto::AggregateCall* const> calls,
    const columnar::Schema& input,
    bool input_retracts);

/// Where the windows of a step lie, for steps from before WindowSpec too.
proto::WindowSpec WindowOf(const proto::WindowAggregateStep& step);

/// The greatest rank that a rank step may give out.
inline constexpr std::uint64_t kMaxRank = 1'000'000'000;
/// Windows that a row may be in.
inline constexpr std::int64_t kMaxWindowsPerRow = 10'000;

/// Whether rows of `from` may be taken for rows of `to`: equal names and types, but NOT NULL may
/// become nullable.
bool Fits(const columnar::Schema& from, const columnar::Schema& to);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_PLAN_OUTPUT_SCHEMA_H_
