// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/plan_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/type_proto.h"
#include "runtime/connector/dead_letters.h"
#include "runtime/plan/plan.h"
#include "runtime/plan/validate.h"

namespace thalweg::runtime {
namespace {

using columnar::DataType;
using columnar::Field;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

PlanNode Source(const std::string& name, std::vector<Field> fields) {
  PlanNode node;
  node.step.set_name(name);
  node.step.mutable_read()->mutable_source()->set_connector("datagen");
  columnar::ToProto(columnar::Schema(std::move(fields)),
                    node.step.mutable_read()->mutable_source()->mutable_schema());
  node.parallelism = 2;
  return node;
}

PlanNode Identity(const PlanGraph& graph, std::vector<std::size_t> inputs) {
  PlanNode node;
  const columnar::Schema& schema = *graph.node(inputs[0]).schema;
  for (std::uint32_t i = 0; i < schema.size(); ++i) {
    proto::Expression& column = *node.step.mutable_project()->add_expressions();
    column.set_column(i);
    columnar::ToProto(schema.type(i), column.mutable_type());
    node.step.mutable_project()->add_names(schema.field(i).name);
  }
  node.inputs = std::move(inputs);
  node.parallelism = 2;
  return node;
}

PlanNode Sink(const PlanGraph& graph, std::size_t input) {
  PlanNode node;
  node.step.set_name("out");
  node.step.mutable_sink()->mutable_sink()->set_connector("print");
  columnar::ToProto(*graph.node(input).schema,
                    node.step.mutable_sink()->mutable_sink()->mutable_schema());
  node.inputs = {input};
  node.parallelism = 2;
  return node;
}

PlanNode CountBy(std::uint32_t key, std::size_t input) {
  PlanNode node;
  proto::AggregateStep& aggregate = *node.step.mutable_aggregate();
  aggregate.add_keys(key);
  proto::AggregateCall& call = *aggregate.add_calls();
  call.set_function("COUNT");
  call.set_filter(-1);
  call.set_name("n" + std::to_string(input));
  columnar::ToProto(DataType::BigInt().NotNull(), call.mutable_type());
  node.inputs = {input};
  node.parallelism = 2;
  return node;
}

TEST(PlanGraphTest, SeveralStreamsIntoOneProjectionAreUnionAll) {
  PlanGraph graph("union");
  const std::size_t a = graph.Add(Source("a", {{"x", DataType::Int().NotNull()}}));
  const std::size_t b = graph.Add(Source("b", {{"x", DataType::Int()}}));
  const std::size_t both = graph.Add(Identity(graph, {a, b}));
  graph.Add(Sink(graph, both));
  const auto job = graph.Build();
  ASSERT_TRUE(job.ok()) << job.status().ToString();
  EXPECT_TRUE(graph.node(both).schema->type(0).nullable());
  ASSERT_EQ(job->vertices_size(), 5);
  EXPECT_EQ(job->vertices(4).inputs_size(), 1);
  const std::vector<const proto::Edge*> edges = EdgesInto(*job, 4);
  ASSERT_EQ(edges.size(), 2U);
  for (const proto::Edge* edge : edges) {
    EXPECT_EQ(edge->input(), 0U);
    EXPECT_EQ(edge->partitioning(), proto::PARTITION_FORWARD);
  }
}

TEST(PlanGraphTest, StreamsOfDifferentRowsAreNotMerged) {
  PlanGraph graph("union");
  const std::size_t a = graph.Add(Source("a", {{"x", DataType::Int()}}));
  const std::size_t b = graph.Add(Source("b", {{"x", DataType::BigInt()}}));
  graph.Add(Identity(graph, {a, b}));
  EXPECT_THAT(graph.status().message(), HasSubstr("need one schema"));
}

TEST(PlanGraphTest, ASinkMayAskForRowsOfOneKeyInOneTask) {
  PlanGraph graph("upsert");
  const std::size_t a = graph.Add(Source("a", {{"x", DataType::Int()}, {"y", DataType::Int()}}));
  const std::size_t count = graph.Add(CountBy(1, a));
  PlanNode sink = Sink(graph, count);
  sink.hash_on = {1};
  sink.wants_update_before = false;
  graph.Add(std::move(sink));
  const auto job = graph.Build();
  ASSERT_TRUE(job.ok()) << job.status().ToString();
  const proto::Edge& last = job->edges(job->edges_size() - 1);
  EXPECT_EQ(last.partitioning(), proto::PARTITION_HASH);
  EXPECT_THAT(last.keys(), ElementsAre(1));
  EXPECT_EQ(graph.UpdateBeforeWanted()[count], false);
  EXPECT_FALSE(job->vertices(2).steps(0).aggregate().needs_update_before());
}

TEST(PlanGraphTest, DeadLettersGoToASinkOfTheirOwn) {
  PlanGraph graph("letters");
  PlanNode source = Source("a", {{"x", DataType::Int()}});
  source.step.mutable_read()->set_dead_letters(true);
  const std::size_t a = graph.Add(std::move(source));
  graph.Add(Sink(graph, a));
  PlanNode letters;
  letters.step.set_name("letters");
  letters.step.mutable_sink()->mutable_sink()->set_connector("filesystem");
  columnar::ToProto(*DeadLetterSchema(),
                    letters.step.mutable_sink()->mutable_sink()->mutable_schema());
  letters.inputs = {a};
  letters.side_output = kDeadLetterOutput;
  graph.Add(std::move(letters));
  const auto job = graph.Build();
  ASSERT_TRUE(job.ok()) << job.status().ToString();
  ASSERT_EQ(job->vertices_size(), 3) << "The sink of the rows is chained to the reader.";
  const std::vector<const proto::Edge*> edges = EdgesFrom(*job, 1);
  ASSERT_EQ(edges.size(), 1U);
  EXPECT_EQ(edges[0]->side_output(), kDeadLetterOutput);
  EXPECT_EQ(edges[0]->partitioning(), proto::PARTITION_REBALANCE);

  proto::JobGraph unread = *job;
  unread.mutable_edges()->RemoveLast();
  unread.mutable_vertices()->RemoveLast();
  EXPECT_THAT(std::string(MessageOf(Validate(unread))),
              HasSubstr("nothing reads the dead letters"));
  proto::JobGraph none = *job;
  none.mutable_vertices(1)->mutable_steps(0)->mutable_read()->set_dead_letters(false);
  EXPECT_THAT(std::string(MessageOf(Validate(none))), HasSubstr("its reader has none"));
}

TEST(PlanGraphTest, ChangesAreInferredAlongThePlan) {
  PlanGraph graph("changes");
  const std::size_t a = graph.Add(Source("a", {{"x", DataType::Int()}}));
  const std::size_t once = graph.Add(CountBy(0, a));
  const std::size_t twice = graph.Add(CountBy(1, once));
  graph.Add(Sink(graph, twice));
  EXPECT_EQ(ToString(graph.node(a).kinds, graph.UpdateBeforeWanted()[a]), "[I]");
  EXPECT_EQ(ToString(graph.node(once).kinds, graph.UpdateBeforeWanted()[once]), "[I,UB,UA]");
  EXPECT_EQ(ToString(graph.node(twice).kinds, graph.UpdateBeforeWanted()[twice]), "[I,UB,UA,D]");
}

}  // namespace
}  // namespace thalweg::runtime
