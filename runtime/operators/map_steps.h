// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_OPERATORS_MAP_STEPS_H_
#define THALWEG_RUNTIME_OPERATORS_MAP_STEPS_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "columnar/type.h"
#include "proto/plan.pb.h"
#include "runtime/operators/operators.h"
#include "runtime/operators/step.h"

namespace thalweg {
class MetricGroup;
}  // namespace thalweg

namespace thalweg::runtime {

/// Keeps the rows whose condition is TRUE.
StatusOr<std::unique_ptr<MapStep>> MakeFilter(const proto::FilterStep& step,
                                              const StepContext& context);

/// Computes one column per expression.
StatusOr<std::unique_ptr<MapStep>> MakeProject(const proto::ProjectStep& step,
                                               const StepContext& context,
                                               columnar::SchemaPtr output);

/// Groups each batch by itself: a row of partial states per group, in the order of first
/// appearance.
std::unique_ptr<MapStep> MakeLocalAggregate(const proto::LocalAggregateStep& step,
                                            const columnar::Schema& input,
                                            columnar::SchemaPtr output);

/// Each row with the bounds of its windows, once for each of them.
std::unique_ptr<MapStep> MakeWindowTable(const proto::WindowTableStep& step,
                                         const columnar::Schema& input,
                                         columnar::SchemaPtr output);

/// Refuses rows with a NULL in one of these columns, or drops and counts them.
struct NotNullOptions {
  std::vector<std::uint32_t> columns;
  bool drops = false;
  MetricGroup* metrics = nullptr;  // May be null.
};
std::unique_ptr<MapStep> MakeNotNull(NotNullOptions options, const columnar::Schema& input);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_MAP_STEPS_H_
