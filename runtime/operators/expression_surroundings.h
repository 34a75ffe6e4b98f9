// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_OPERATORS_EXPRESSION_SURROUNDINGS_H_
#define THALWEG_RUNTIME_OPERATORS_EXPRESSION_SURROUNDINGS_H_

#include <cstdint>
#include <optional>

#include "base/random.h"
#include "base/time.h"
#include "runtime/expr/evaluation_context.h"
#include "runtime/operators/operators.h"

namespace thalweg::runtime {

/// What the expressions of one step read besides rows: the clock of the slice, the session's time
/// zone, and random numbers of the step's own. Used by the step's task.
class ExpressionSurroundings {
 public:
  explicit ExpressionSurroundings(const StepContext& context)
      : zone_(context.zone), seed_(context.random_seed) {
    context_.zone = &zone_;
  }
  ExpressionSurroundings(const ExpressionSurroundings&) = delete;
  ExpressionSurroundings& operator=(const ExpressionSurroundings&) = delete;

  void OnSlice(WallTime now) {
    context_.now = now;
    if (!random_.has_value()) {
      // With the time, so that two jobs of the same name never make the same UUIDs.
      const auto time = static_cast<std::uint64_t>(now.time_since_epoch().count());
      random_.emplace(seed_ ^ (time * kMixer));
      context_.random = &*random_;
    }
  }
  const EvaluationContext& context() const { return context_; }

 private:
  static constexpr std::uint64_t kMixer = 0x9E37'79B9'7F4A'7C15;

  const TimeZone zone_;
  const std::uint64_t seed_;
  std::optional<SeededRandom> random_;
  EvaluationContext context_;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_EXPRESSION_SURROUNDINGS_H_
