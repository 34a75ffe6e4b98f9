// SPDX-License-Identifier: Apache-2.0
#include "client/plan_builder.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::client {
namespace {

using columnar::DataType;

columnar::SchemaPtr Bids() {
  return std::make_shared<const columnar::Schema>(
      std::vector<columnar::Field>{{"auction", DataType::BigInt().NotNull()},
                                   {"price", DataType::BigInt()},
                                   {"ts", DataType::Timestamp(3).NotNull()}});
}

Stream BidSource(PlanBuilder& plan) {
  return plan.Source(
      {.connector = "datagen", .spec = "", .schema = Bids(), .name = "", .parallelism = 0});
}

void Swallow(const Stream& rows) {
  rows.Sink({.connector = "blackhole",
             .spec = "",
             .name = "",
             .parallelism = 0,
             .wants_update_before = true});
}

TEST(PlanBuilderTest, ChainsStepsAndSplitsWhereRowsAreHashed) {
  PlanBuilder plan("windows");
  plan.Parallelism(2);
  Swallow(BidSource(plan)
              .Filter(Col("price") > Lit(100))
              .Project({{"auction", Col("auction")}, {"ts", Col("ts")}})
              .Watermark("ts", Milliseconds(4000))
              .TumbleWindow("ts", Milliseconds(10'000))
              .GroupBy({"auction"})
              .Aggregate({CountAll("bids")}));
  const StatusOr<proto::JobGraph> graph = plan.Build();
  ASSERT_TRUE(graph.ok()) << graph.status();
  ASSERT_EQ(graph->vertices_size(), 3);  // Splits; read to watermark; window and sink.
  const auto& steps = graph->vertices(1).steps();
  ASSERT_EQ(steps.size(), 4);
  EXPECT_TRUE(steps[0].has_read());
  EXPECT_TRUE(steps[1].has_filter());
  EXPECT_TRUE(steps[2].has_project());
  EXPECT_TRUE(steps[3].has_watermark());
  EXPECT_EQ(steps[3].watermark().delay_millis(), 4000);
  ASSERT_EQ(graph->edges_size(), 2);
  EXPECT_EQ(graph->edges(1).partitioning(), proto::PARTITION_HASH);
  EXPECT_EQ(graph->vertices(2).steps(0).window_aggregate().size_millis(), 10'000);
}

TEST(PlanBuilderTest, ComputesASharedStreamOnce) {
  PlanBuilder plan("diamond");
  const Stream bids = BidSource(plan);
  const Stream counts = bids.GroupBy({"auction"}).Aggregate({CountAll("n")});
  const Stream sums = bids.GroupBy({"auction"}).Aggregate({Sum("price", "total")});
  Swallow(counts.Join(sums, {{"auction", "auction"}}));
  const StatusOr<proto::JobGraph> graph = plan.Build();
  ASSERT_TRUE(graph.ok()) << graph.status();
  int readers = 0;
  for (const proto::Vertex& vertex : graph->vertices()) {
    readers += vertex.steps(0).has_read() ? 1 : 0;
  }
  EXPECT_EQ(readers, 1);
  const proto::Step& join = graph->vertices(graph->vertices_size() - 1).steps(0);
  ASSERT_TRUE(join.has_join());
  EXPECT_TRUE(join.join().left_retracts());
  EXPECT_TRUE(join.join().right_retracts());
}

TEST(PlanBuilderTest, TellsTheFirstMistake) {
  PlanBuilder plan("wrong");
  Swallow(BidSource(plan)
              .Filter(Col("prize") > Lit(1))
              .GroupBy({"auctoin"})
              .Aggregate({CountAll("n")}));
  const Status status = plan.Build().status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(status)), ::testing::HasSubstr("prize"));
}

TEST(PlanBuilderTest, GivesOperatorsIdsThatAnAddedFilterDoesNotChange) {
  const auto aggregate_id = [](bool filtered) {
    PlanBuilder plan("ids");
    const Stream bids = BidSource(plan);
    Swallow((filtered ? bids.Filter(Col("price") > Lit(1)) : bids)
                .GroupBy({"auction"})
                .Aggregate({CountAll("n")}));
    const StatusOr<proto::JobGraph> graph = plan.Build();
    EXPECT_TRUE(graph.ok()) << graph.status();
    return graph->vertices(2).steps(0).operator_id();
  };
  EXPECT_EQ(aggregate_id(false), aggregate_id(true));
}

}  // namespace
}  // namespace thalweg::client
