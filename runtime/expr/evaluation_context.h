// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_EXPR_EVALUATION_CONTEXT_H_
#define THALWEG_RUNTIME_EXPR_EVALUATION_CONTEXT_H_

#include "base/random.h"
#include "base/time.h"
#include "runtime/expr/time_zone.h"

namespace thalweg::runtime {

/// What an expression reads besides its rows. One per batch: all rows of a batch see one clock.
struct EvaluationContext {
  WallTime now = {};
  const TimeZone* zone = &TimeZone::Utc();  // Of the session.
  /// For RAND and its like, which fail where there is none.
  Random* random = nullptr;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_EVALUATION_CONTEXT_H_
