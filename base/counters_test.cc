// SPDX-License-Identifier: Apache-2.0
#include "base/counters.h"

#include <limits>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg {
namespace {

using testing::ElementsAre;
using testing::Field;

TEST(CounterTest, AReaderSeesItGrow) {
  Counter counter;
  std::thread writer([&] {
    for (int i = 0; i < 10'000; ++i) {
      counter.Add(2);
    }
  });
  std::uint64_t last = 0;
  while (last < 20'000) {
    const std::uint64_t now = counter.value();
    ASSERT_GE(now, last);
    last = now;
  }
  writer.join();
  EXPECT_EQ(counter.value(), 20'000);
}

TEST(HistogramTest, QuantilesAreWithinAnEighth) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 100'000; ++value) {
    histogram.Record(value);
  }
  EXPECT_EQ(histogram.count(), 100'000);
  EXPECT_EQ(histogram.sum(), 5'000'050'000);
  for (const double q : {0.001, 0.01, 0.5, 0.9, 0.99, 0.999}) {
    const double exact = q * 100'000;
    EXPECT_GE(static_cast<double>(histogram.Quantile(q)), exact);
    EXPECT_LE(static_cast<double>(histogram.Quantile(q)), exact * 1.125 + 1);
  }
}

TEST(HistogramTest, SmallValuesAreExactAndTheLargestFits) {
  Histogram histogram;
  EXPECT_EQ(histogram.Quantile(0.5), 0);
  for (std::uint64_t value = 0; value < 8; ++value) {
    histogram.Record(value);
  }
  EXPECT_EQ(histogram.Quantile(0), 0);
  EXPECT_EQ(histogram.Quantile(0.5), 3);
  EXPECT_EQ(histogram.Quantile(1), 7);
  histogram.Record(std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(histogram.Quantile(1), std::numeric_limits<std::uint64_t>::max());
}

TEST(MetricGroupTest, CollectsSortedByFullName) {
  MetricGroup top;
  MetricGroup& task = top.AddGroup("job").AddGroup("task");
  task.AddCounter("rows_in").Add(5);
  task.AddGauge("backlog").Set(-2);
  top.AddCounter("starts").Add();
  task.AddHistogram("pause").Record(3);
  std::vector<std::string> names;
  for (const MetricSample& sample : top.Collect()) {
    names.push_back(sample.name);
  }
  EXPECT_THAT(names,
              ElementsAre("job.task.backlog",
                          "job.task.pause.count",
                          "job.task.pause.p50",
                          "job.task.pause.p99",
                          "job.task.pause.p999",
                          "job.task.pause.sum",
                          "job.task.rows_in",
                          "starts"));
  EXPECT_THAT(top.Collect().front(), Field(&MetricSample::value, -2));
}

TEST(MetricGroupTest, TheSameNameIsTheSameMetric) {
  MetricGroup top;
  Counter& first = top.AddCounter("n");
  first.Add(3);
  EXPECT_EQ(&top.AddCounter("n"), &first);
  EXPECT_EQ(&top.AddGroup("g"), &top.AddGroup("g"));
}

}  // namespace
}  // namespace thalweg
