// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_EXPR_LITERAL_H_
#define THALWEG_RUNTIME_EXPR_LITERAL_H_

#include "base/status.h"
#include "columnar/datum.h"
#include "columnar/type.h"
#include "proto/plan.pb.h"

namespace thalweg::runtime {

/// The value of a constant in a plan. kInvalidArgument: it is none of `type`, such as 300 of a
/// TINYINT, or NULL of a NOT NULL type. kUnimplemented: ROW, ARRAY and MAP.
StatusOr<columnar::Datum> DatumOf(const columnar::DataType& type, const proto::Literal& literal);

/// The other way round, with the same errors.
StatusOr<proto::Literal> LiteralOf(const columnar::DataType& type, const columnar::Datum& value);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_LITERAL_H_
