// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_EXPR_CAST_H_
#define THALWEG_RUNTIME_EXPR_CAST_H_

#include "base/status.h"
#include "columnar/column.h"
#include "columnar/type.h"
#include "runtime/expr/kernel.h"

namespace thalweg::runtime {

/// What a value that cannot be read as the other type becomes.
enum class OnBadValue { kError, kNull };

bool CanCast(const columnar::DataType& from, const columnar::DataType& to);

/// Takes one argument; NullRule::kPropagate. REQUIRES: CanCast().
Kernel BindCast(const columnar::DataType& from, const columnar::DataType& to, OnBadValue bad);

/// One column through such a kernel.
StatusOr<columnar::ColumnPtr> ApplyCast(const Kernel& cast,
                                        const columnar::ColumnPtr& column,
                                        const columnar::DataType& to,
                                        const EvaluationContext& context);

// ROW, ARRAY and MAP among each other, part by part.
bool CanCastNested(const columnar::DataType& from, const columnar::DataType& to);
Kernel BindNestedCast(const columnar::DataType& from, const columnar::DataType& to, OnBadValue bad);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_CAST_H_
