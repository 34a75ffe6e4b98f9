// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_PLAN_OUTPUT_SCHEMA_H_
#define THALWEG_RUNTIME_PLAN_OUTPUT_SCHEMA_H_

#include <span>
#include <string>

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

/// Left columns, then right columns; a name that is taken gets "_r".
columnar::SchemaPtr JoinedSchema(const columnar::Schema& left, const columnar::Schema& right);

/// Whether rows of `from` may be taken for rows of `to`: equal names and types, but NOT NULL may
/// become nullable.
bool Fits(const columnar::Schema& from, const columnar::Schema& to);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_PLAN_OUTPUT_SCHEMA_H_
