// SPDX-License-Identifier: Apache-2.0
//
// Reads the expressions of the golden tables in testdata/: calls in their canonical form.
//
//   SUBSTRING('text', 2)        `IS NULL`(INT NULL)        CAST(1.5 AS STRING)
//
// Constants: 'text' (quotes doubled), 12 (INT), 12L (BIGINT), 1.50 (DECIMAL(3, 2)), 1.5e0 (DOUBLE),
// TRUE, FALSE, X'0AFF' (BYTES), TYPE 'text' for any other type, TYPE NULL. A constant behind !
// stays one when the others are made columns. AS TYPE before the closing parenthesis gives the type
// that the call shall have.
#ifndef THALWEG_RUNTIME_EXPR_GOLDEN_EXPRESSION_H_
#define THALWEG_RUNTIME_EXPR_GOLDEN_EXPRESSION_H_

#include <functional>
#include <string_view>

#include "base/status.h"
#include "columnar/datum.h"
#include "columnar/type.h"
#include "proto/plan.pb.h"

namespace thalweg::runtime {

struct GoldenConstant {
  columnar::DataType type;
  columnar::Datum value;
  bool fixed;  // It was behind a !.
};

/// Makes the expression of a constant: itself, or a column that holds it.
using ConstantMaker = std::function<StatusOr<proto::Expression>(const GoldenConstant&)>;

/// kInvalidArgument: what the registry says about a call, or where the text is wrong.
StatusOr<proto::Expression> ReadGoldenExpression(std::string_view text, const ConstantMaker& make);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_GOLDEN_EXPRESSION_H_
