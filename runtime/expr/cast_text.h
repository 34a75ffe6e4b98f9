// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_EXPR_CAST_TEXT_H_
#define THALWEG_RUNTIME_EXPR_CAST_TEXT_H_

#include "columnar/type.h"
#include "runtime/expr/cast.h"
#include "runtime/expr/kernel.h"

namespace thalweg::runtime {

/// Casts where one side is text, or both are text or binary. ROW, ARRAY and MAP go to text only.
bool CanCastText(const columnar::DataType& from, const columnar::DataType& to);

/// REQUIRES: CanCastText(from, to). Text of a limited length is cut, CHAR is filled with blanks.
Kernel BindTextCast(const columnar::DataType& from, const columnar::DataType& to, OnBadValue bad);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_CAST_TEXT_H_
