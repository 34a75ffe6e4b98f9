// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_PLAN_VALIDATE_H_
#define THALWEG_RUNTIME_PLAN_VALIDATE_H_

#include <cstddef>
#include <cstdint>

#include "base/status.h"
#include "proto/plan.pb.h"

namespace thalweg::runtime {

// Limits of a plan, beside those of expressions (runtime/expr/program.h). Each is far above what a
// person writes and far below what could hurt.
inline constexpr std::size_t kMaxVertices = 4096;
inline constexpr std::size_t kMaxStepsPerVertex = 256;
inline constexpr std::size_t kMaxEdges = 16384;
inline constexpr std::size_t kMaxColumns = 4096;        // Of one schema.
inline constexpr std::uint32_t kMaxParallelism = 4096;  // And never above the key group count.
inline constexpr std::uint32_t kMaxKeyGroupCount = 32768;

/// Whether a graph from outside can be run: vertices in topological order, edges that fit schemas,
/// keys and parallelism, steps in the places where they may stand, expressions and aggregates that
/// the function registry knows with just these types, everything within the limits above.
/// Connectors are not asked. kInvalidArgument is a sentence that names vertex and step;
/// kUnimplemented names what a newer program has written and this one cannot run. Pure.
Status Validate(const proto::JobGraph& graph);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_PLAN_VALIDATE_H_
