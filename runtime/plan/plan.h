// SPDX-License-Identifier: Apache-2.0
//
// What a job graph says, asked in one place: roles of steps, key columns, edges, defaults.
#ifndef THALWEG_RUNTIME_PLAN_PLAN_H_
#define THALWEG_RUNTIME_PLAN_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "columnar/type.h"
#include "proto/plan.pb.h"

namespace thalweg::runtime {

inline constexpr std::uint32_t kPlanVersion = 1;
inline constexpr std::uint32_t kDefaultKeyGroupCount = 1024;

/// What kind of object plays a step.
enum class StepRole {
  kUnknown,
  kEnumerate,
  kRead,
  kMap,        // Filter, project, and what else needs neither state nor time: MakeMapStep().
  kEventTime,  // Watermark assigner: MakeEventTimeStep().
  kKeyed,      // Aggregates, join, rank, sort: MakeKeyedStep().
  kSink,
};
StepRole RoleOf(const proto::Step& step);

/// The columns of input `input` of a keyed step that make its key, on which the edge to it hashes;
/// empty for other roles and for steps over all rows, whose only key is the empty one.
std::vector<std::uint32_t> KeyColumnsOf(const proto::Step& step, std::uint32_t input);

/// 2 for a join, 0 for an enumerator, else 1.
std::uint32_t InputCountOf(const proto::Step& step);

/// The job's number of key groups, with the default filled in.
std::uint32_t KeyGroupCountOf(const proto::JobGraph& graph);

/// The rows that travel from an enumerator to its readers: `split` BYTES, `id` STRING, both NOT
/// NULL. The edge between them is PARTITION_HASH on kSplitIdColumn.
inline constexpr std::uint32_t kSplitSpecColumn = 0;
inline constexpr std::uint32_t kSplitIdColumn = 1;
const columnar::SchemaPtr& SplitSchema();

/// The side output that an Edge names: 0 is the output of the last step.
inline constexpr std::uint32_t kDeadLetterOutput = 1;

/// The rows of an edge.
const proto::Schema& EdgeSchemaOf(const proto::JobGraph& graph, const proto::Edge& edge);

/// Edges into, or out of, a vertex, in the order of the graph.
std::vector<const proto::Edge*> EdgesInto(const proto::JobGraph& graph, std::uint32_t vertex);
std::vector<const proto::Edge*> EdgesFrom(const proto::JobGraph& graph, std::uint32_t vertex);

/// "filter", "join", ...
std::string KindName(const proto::Step& step);

/// A step in messages: its kind, unless its name begins with that, and its name in quotes.
std::string PlaceOf(const proto::Step& step);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_PLAN_PLAN_H_
