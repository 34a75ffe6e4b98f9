// SPDX-License-Identifier: Apache-2.0
#include "client/plan_builder.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/plan/plan.h"
#include "runtime/plan/validate.h"

namespace thalweg::client {
namespace {

using columnar::DataType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

columnar::SchemaPtr BidSchema() {
  return columnar::Schema::Make({{"auction", DataType::BigInt().NotNull()},
                                 {"price", DataType::BigInt()},
                                 {"channel", DataType::String()},
                                 {"ts", DataType::Timestamp(3).NotNull()}});
}

SourceOptions Bids() {
  return {.connector = "datagen", .spec = "bids", .schema = BidSchema(), .name = "bids"};
}
SinkOptions Out() {
  return {.connector = "filesystem", .spec = "out"};
}

std::vector<std::string> KindsOf(const proto::Vertex& vertex) {
  std::vector<std::string> kinds;
  for (const proto::Step& step : vertex.steps()) {
    kinds.push_back(runtime::KindName(step));
  }
  return kinds;
}

std::string ErrorOf(const PlanBuilder& plan) {
  return std::string(MessageOf(plan.Build().status()));
}

TEST(PlanBuilderTest, ChainsStepsUntilRowsMustBeHashed) {
  PlanBuilder plan("bids per auction");
  plan.Parallelism(2)
      .Source(Bids())
      .Watermark("ts", Milliseconds(4000))
      .Filter(Col("price") > Lit(100))
      .TumbleWindow("ts", Milliseconds(10'000))
      .GroupBy({"auction"})
      .Aggregate({CountAll("bids"), Sum("price", "total")})
      .Project({{"auction", Col("auction")}, {"total", Col("total")}})
      .Sink(Out());
  const auto graph = plan.Build();
  ASSERT_TRUE(graph.ok()) << graph.status().ToString();
  ASSERT_EQ(graph->vertices_size(), 3);
  EXPECT_THAT(KindsOf(graph->vertices(0)), ElementsAre("enumerate"));
  EXPECT_THAT(KindsOf(graph->vertices(1)), ElementsAre("read", "watermark", "filter"));
  EXPECT_THAT(KindsOf(graph->vertices(2)), ElementsAre("window aggregate", "project", "sink"));
  EXPECT_EQ(graph->vertices(0).parallelism(), 1U);
  EXPECT_EQ(graph->vertices(1).parallelism(), 2U);
  ASSERT_EQ(graph->edges_size(), 2);
  EXPECT_EQ(graph->edges(0).partitioning(), proto::PARTITION_HASH);
  EXPECT_THAT(graph->edges(0).keys(), ElementsAre(runtime::kSplitIdColumn));
  EXPECT_EQ(graph->edges(1).partitioning(), proto::PARTITION_HASH);
  EXPECT_THAT(graph->edges(1).keys(), ElementsAre(0));
  EXPECT_EQ(graph->vertices(2).steps(2).output().fields(1).name(), "total");
}

TEST(PlanBuilderTest, ADiamondComputesItsSharedPartOnce) {
  PlanBuilder plan("diamond");
  const Stream bids = plan.Source(Bids());
  const Stream counts = bids.GroupBy({"auction"}).Aggregate({CountAll("n")});
  const Stream highest = bids.GroupBy({"auction"}).Aggregate({Max("price", "top")});
  const Stream joined = counts.Join(highest, {{"auction", "auction"}}, Col("top") > Lit(5));
  EXPECT_TRUE(joined.updating());
  EXPECT_EQ(joined.schema()->ToString(),
            "(auction BIGINT NOT NULL, n BIGINT NOT NULL, auction_r BIGINT NOT NULL, top BIGINT)");
  joined.Sink(Out());
  const auto graph = plan.Build();
  ASSERT_TRUE(graph.ok()) << graph.status().ToString();
  EXPECT_EQ(graph->vertices_size(), 5);
  const proto::JoinStep& join = graph->vertices(4).steps(0).join();
  EXPECT_TRUE(join.left_retracts());
  EXPECT_TRUE(join.right_retracts());
  EXPECT_TRUE(graph->vertices(2).steps(0).aggregate().needs_update_before());
  EXPECT_EQ(runtime::EdgesFrom(*graph, 1).size(), 2U);
}

TEST(PlanBuilderTest, ASelfJoinReadsItsInputTwice) {
  PlanBuilder plan("self join");
  const Stream bids = plan.Source(Bids());
  bids.Join(bids, {{"auction", "auction"}}).Sink(Out());
  const auto graph = plan.Build();
  ASSERT_TRUE(graph.ok()) << graph.status().ToString();
  ASSERT_EQ(graph->edges_size(), 3);
  EXPECT_EQ(graph->edges(1).from(), graph->edges(2).from());
  EXPECT_EQ(graph->edges(1).input(), 0U);
  EXPECT_EQ(graph->edges(2).input(), 1U);
}

TEST(PlanBuilderTest, UpdateBeforeIsMadeOnlyWhereSomebodyReadsIt) {
  PlanBuilder plan("upsert");
  const Stream counts = plan.Source(Bids()).GroupBy({"auction"}).Aggregate({CountAll("n")});
  counts.Project({{"auction", Col("auction")}, {"n", Col("n")}})
      .Sink({.connector = "kv", .wants_update_before = false});
  const auto upsert = plan.Build();
  ASSERT_TRUE(upsert.ok());
  EXPECT_FALSE(upsert->vertices(2).steps(0).aggregate().needs_update_before());
  counts.GroupBy({"n"}).Aggregate({CountAll("auctions")}).Sink(Out());
  const auto both = plan.Build();
  ASSERT_TRUE(both.ok());
  EXPECT_TRUE(both->vertices(2).steps(0).aggregate().needs_update_before());
  EXPECT_TRUE(both->vertices(4).steps(0).aggregate().input_retracts());
}

TEST(PlanBuilderTest, OperatorIdsSurviveAnAddedFilter) {
  const auto aggregate_id = [](bool filtered, const std::string& key) {
    PlanBuilder plan("job");
    Stream bids = plan.Source(Bids());
    if (filtered) {
      bids = bids.Filter(Col("price") > Lit(1))
                 .Project({{"money", Col("price")}, {"a", Col("auction")}, {"c", Col("channel")}});
    } else {
      bids = bids.Project({{"a", Col("auction")}, {"c", Col("channel")}, {"money", Col("price")}});
    }
    bids.GroupBy({key}).Aggregate({Sum("money", filtered ? "x" : "y")}).Sink(Out());
    return plan.Build()->vertices(2).steps(0).operator_id();
  };
  EXPECT_EQ(aggregate_id(false, "a"), aggregate_id(true, "a"));
  EXPECT_NE(aggregate_id(false, "a"), aggregate_id(false, "c"));
  EXPECT_EQ(aggregate_id(false, "a").size(), 32U);
}

TEST(PlanBuilderTest, AChangeOfParallelismDealsRowsOut) {
  PlanBuilder plan("spread");
  plan.Source(Bids()).WithParallelism(3).Filter(Col("price") > Lit(1)).Sink(Out());
  const auto graph = plan.Build();
  ASSERT_TRUE(graph.ok()) << graph.status().ToString();
  ASSERT_EQ(graph->vertices_size(), 3);
  EXPECT_EQ(graph->vertices(2).parallelism(), 3U);
  EXPECT_EQ(graph->edges(1).partitioning(), proto::PARTITION_REBALANCE);
}

TEST(PlanBuilderTest, AnUpdatingStreamIsNotDealtOut) {
  PlanBuilder plan("torn");
  plan.Source(Bids())
      .GroupBy({"auction"})
      .Aggregate({CountAll("n")})
      .WithParallelism(2)
      .Filter(Col("n") > Lit(1))
      .Sink(Out());
  EXPECT_THAT(ErrorOf(plan), HasSubstr("changes of one row would overtake each other"));
}

TEST(PlanBuilderTest, TheFirstMistakeIsTold) {
  PlanBuilder no_column("job");
  no_column.Source(Bids()).Filter(Col("prize") > Lit(1)).Filter(Col("nope")).Sink(Out());
  EXPECT_THAT(ErrorOf(no_column), HasSubstr("There is no column 'prize'"));

  PlanBuilder types("job");
  types.Source(Bids()).Project({{"x", Col("channel") + Lit(1)}}).Sink(Out());
  EXPECT_THAT(ErrorOf(types), HasSubstr("does not take (STRING, INT NOT NULL)"));

  PlanBuilder condition("job");
  condition.Source(Bids()).Filter(Col("price")).Sink(Out());
  EXPECT_THAT(ErrorOf(condition), HasSubstr("must be a BOOLEAN, not BIGINT"));

  PlanBuilder time("job");
  time.Source(Bids()).Watermark("price", Milliseconds(1)).Sink(Out());
  EXPECT_THAT(ErrorOf(time), HasSubstr("event time must be a TIMESTAMP"));

  PlanBuilder window("job");
  window.Source(Bids())
      .GroupBy({"ts"})
      .Aggregate({CountAll("n")})
      .TumbleWindow("ts", Milliseconds(5))
      .Aggregate({CountAll("m")})
      .Sink(Out());
  EXPECT_THAT(ErrorOf(window), HasSubstr("this stream updates rows"));

  PlanBuilder keys("job");
  const Stream bids = keys.Source(Bids());
  bids.Join(bids, {{"auction", "channel"}}).Sink(Out());
  EXPECT_THAT(ErrorOf(keys), HasSubstr("join keys must have one type"));

  PlanBuilder nothing("job");
  nothing.Source(Bids()).Filter(Col("price") > Lit(1));
  EXPECT_EQ(ErrorOf(nothing), "The plan has no sink");
}

/// A valid graph with one thing changed.
template <class Change>
std::string Refusal(Change change) {
  PlanBuilder plan("job");
  plan.Parallelism(2)
      .Source(Bids())
      .Filter(Col("price") > Lit(1))
      .GroupBy({"auction"})
      .Aggregate({CountAll("n")})
      .Sink(Out());
  proto::JobGraph graph = *plan.Build();
  change(&graph);
  return std::string(MessageOf(runtime::Validate(graph)));
}

TEST(ValidateTest, NamesVertexAndStepOfWhatIsWrong) {
  EXPECT_THAT(Refusal([](proto::JobGraph*) {}), IsEmpty());
  EXPECT_THAT(Refusal([](proto::JobGraph* g) { g->set_version(2); }), HasSubstr("version 2"));
  EXPECT_THAT(Refusal([](proto::JobGraph* g) { g->mutable_vertices(1)->set_parallelism(0); }),
              HasSubstr("parallelism must be 1 to 1024, not 0"));
  EXPECT_THAT(Refusal([](proto::JobGraph* g) { g->set_key_group_count(1); }),
              HasSubstr("parallelism must be 1 to 1, not 2"));
  EXPECT_THAT(Refusal([](proto::JobGraph* g) { g->mutable_edges(1)->set_from(2); }),
              HasSubstr("edges lead forward"));
  EXPECT_THAT(Refusal([](proto::JobGraph* g) { g->mutable_edges(1)->set_keys(0, 1); }),
              HasSubstr("must be HASH on the step's own key columns"));
  EXPECT_THAT(Refusal([](proto::JobGraph* g) { g->mutable_edges()->RemoveLast(); }),
              HasSubstr("nothing reads its rows"));
  EXPECT_THAT(Refusal([](proto::JobGraph* g) { *g->add_edges() = g->edges(1); }), IsEmpty());
  EXPECT_THAT(
      Refusal([](proto::JobGraph* g) {
        g->mutable_vertices(1)->mutable_steps(1)->set_operator_id(
            g->vertices(1).steps(0).operator_id());
      }),
      HasSubstr("Vertex 1 'bids -> filter (price > 1)', 'filter (price > 1)': its operator id"));
  EXPECT_THAT(
      Refusal([](proto::JobGraph* g) {
        g->mutable_vertices(2)->mutable_steps(0)->mutable_output()->mutable_fields(1)->set_name(
            "other");
      }),
      HasSubstr("but the plan takes them for (auction BIGINT NOT NULL, other BIGINT"));
  EXPECT_THAT(Refusal([](proto::JobGraph* g) {
                *g->mutable_vertices(1)->add_steps() = g->vertices(1).steps(0);
              }),
              HasSubstr("a reader must be the first step of its vertex"));
  EXPECT_THAT(
      Refusal([](proto::JobGraph* g) { g->mutable_vertices(2)->mutable_steps(0)->clear_kind(); }),
      HasSubstr("a newer one has written the plan"));
}

}  // namespace
}  // namespace thalweg::client
