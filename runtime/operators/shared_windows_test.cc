// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/shared_windows.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "columnar/batch_builder.h"
#include "columnar/datum.h"
#include "runtime/operators/step_test_util.h"

namespace thalweg::runtime {
namespace {

using columnar::DataType;
using columnar::Datum;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

columnar::SchemaPtr Bids() {
  return columnar::Schema::Make({{"k", DataType::BigInt().NotNull()},
                                 {"v", DataType::BigInt()},
                                 {"ts", DataType::Timestamp(3)}});
}

proto::WindowSpec Hop(std::int64_t slide, std::int64_t size, std::int64_t offset = 0) {
  proto::WindowSpec window;
  window.set_kind(proto::WINDOW_HOP);
  window.set_slide_millis(slide);
  window.set_size_millis(size);
  window.set_offset_millis(offset);
  return window;
}

proto::WindowSpec Cumulate(std::int64_t step, std::int64_t size) {
  proto::WindowSpec window = Hop(step, size);
  window.set_kind(proto::WINDOW_CUMULATE);
  return window;
}

proto::Step Windows(const proto::WindowSpec& window,
                    const std::vector<CallOf>& calls,
                    bool processing_time = false) {
  proto::Step step;
  proto::WindowAggregateStep& aggregate = *step.mutable_window_aggregate();
  aggregate.add_keys(0);
  aggregate.set_time_column(2);
  *aggregate.mutable_window() = window;
  aggregate.set_processing_time(processing_time);
  AddCalls(*Bids(), calls, &aggregate);
  return Finished(std::move(step), {Bids()});
}

class SharedWindowsTest : public ::testing::Test {
 protected:
  std::unique_ptr<KeyedHarness> Make(const proto::Step& step,
                                     std::uint32_t subtask = 0,
                                     std::uint32_t parallelism = 1,
                                     const columnar::SchemaPtr& input = Bids()) {
    return std::make_unique<KeyedHarness>(
        step, std::vector{input}, store_, KeyedHarness::Where{subtask, parallelism, ++run_});
  }

  ::thalweg::testing::MemoryStore store_;
  int run_ = 0;
};

TEST_F(SharedWindowsTest, ARowIsInEveryHoppingWindowThatCoversIt) {
  auto task = Make(Windows(Hop(5, 10), {{"COUNT", ""}, {"SUM", "v"}}));
  task->Open();
  task->Feed("[1, 5, 2] [1, 7, 7] [2, 1, 11]");
  task->Watermark(4);
  EXPECT_THAT(task->output.Take(), ElementsAre("+I[1, 1, 5, -5, 5, 4]"));
  task->Watermark(9);
  EXPECT_THAT(task->output.Take(), ElementsAre("+I[1, 2, 12, 0, 10, 9]"));
  task->Watermark(kMaxWatermark);
  EXPECT_THAT(task->output.Take(),
              UnorderedElementsAre(
                  "+I[1, 1, 7, 5, 15, 14]", "+I[2, 1, 1, 5, 15, 14]", "+I[2, 1, 1, 10, 20, 19]"));
}

TEST_F(SharedWindowsTest, CumulatingWindowsGrowUpToTheirSize) {
  auto task = Make(Windows(Cumulate(5, 15), {{"COUNT", ""}, {"MAX", "v"}}));
  task->Open();
  task->Feed("[1, 5, 2] [1, 7, 12] [1, 1, 15]");
  task->Watermark(13);
  EXPECT_THAT(task->output.Take(), ElementsAre("+I[1, 1, 5, 0, 5, 4]", "+I[1, 1, 5, 0, 10, 9]"));
  task->Watermark(19);
  EXPECT_THAT(task->output.Take(),
              ElementsAre("+I[1, 2, 7, 0, 15, 14]", "+I[1, 1, 1, 15, 20, 19]"));
}

TEST_F(SharedWindowsTest, ABelatedRowComesIntoTheWindowsThatHaveNotFired) {
  auto task = Make(Windows(Hop(5, 10), {{"COUNT", ""}}));
  task->Open();
  task->Feed("[1, 0, 3]");
  task->Watermark(4);
  task->output.Take();
  task->Feed("[1, 0, 4] [1, 0, -3]");
  EXPECT_EQ(task->late_rows(), 1U);
  task->Watermark(9);
  EXPECT_THAT(task->output.Take(), ElementsAre("+I[1, 2, 0, 10, 9]"));
}

TEST_F(SharedWindowsTest, ANullTimeIsAnError) {
  auto task = Make(Windows(Hop(5, 10), {{"COUNT", ""}}));
  task->Open();
  task->Feed("[1, 0, NULL]");
  EXPECT_THAT(std::string(MessageOf(task->error())), HasSubstr("event time of a row is NULL"));
}

TEST_F(SharedWindowsTest, OfProcessingTimeFireByTheClock) {
  proto::WindowSpec tumble;
  tumble.set_size_millis(10);
  for (const bool hops : {false, true}) {
    auto task = Make(Windows(hops ? Hop(5, 10) : tumble, {{"COUNT", ""}}, true));
    task->Open();
    EXPECT_EQ(task->WakeAt(), std::nullopt);
    task->now = WallTime(Milliseconds(103));
    task->Feed("[1, 0, NULL] [1, 0, NULL]");
    EXPECT_EQ(task->Watermark(1'000'000), StepResult::kDone);
    EXPECT_EQ(task->WakeAt(), WallTime(Milliseconds(hops ? 105 : 110)));
    task->Time(WallTime(Milliseconds(109)));
    task->Feed("[1, 0, NULL]");
    EXPECT_EQ(task->WakeAt(), WallTime(Milliseconds(110)));
    task->output.Take();
    task->Time(WallTime(Milliseconds(110)));
    EXPECT_THAT(task->output.Take(), ElementsAre("+I[1, 3, 100, 110, 109]"));
    task->Feed("[2, 0, NULL]");
    task->output.Take();
    // What is left when the input ends is not lost.
    task->Watermark(kMaxWatermark);
    if (!hops) {
      EXPECT_THAT(task->output.Take(), ElementsAre("+I[2, 1, 110, 120, 119]"));
    }
    EXPECT_EQ(task->WakeAt(), std::nullopt);
  }
}

TEST_F(SharedWindowsTest, AttachedWindowsAreWhatTheRowsSay) {
  const columnar::SchemaPtr input =
      columnar::Schema::Make({{"v", DataType::BigInt()},
                              {"window_start", DataType::Timestamp(3).NotNull()},
                              {"window_end", DataType::Timestamp(3).NotNull()}});
  proto::Step step;
  proto::WindowAggregateStep& aggregate = *step.mutable_window_aggregate();
  aggregate.set_attached(true);
  aggregate.set_window_start_column(1);
  aggregate.set_window_end_column(2);
  AddCalls(*input, {{"MAX", "v"}, {"COUNT", "v", true}}, &aggregate);
  step = Finished(std::move(step), {input});
  auto task = Make(step, 0, 1, input);
  task->Open();
  task->Feed("[5, 0, 10] [7, 0, 10] [1, 5, 10] [9, 10, 20]");
  task->Watermark(8);
  EXPECT_THAT(task->output.Take(), IsEmpty());
  task->Watermark(9);
  EXPECT_THAT(task->output.Take(),
              UnorderedElementsAre("+I[7, 2, 0, 10, 9]", "+I[1, 1, 5, 10, 9]"));
  task->Feed("[100, 0, 10]");
  EXPECT_EQ(task->late_rows(), 1U);
  task->Watermark(19);
  EXPECT_THAT(task->output.Take(), ElementsAre("+I[9, 1, 10, 20, 19]"));
}

/// Every row in every window that covers it and had not fired when the row came.
struct Model {
  proto::WindowSpec window;
  std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, std::vector<std::int64_t>> results;

  void Add(std::int64_t key, std::int64_t value, std::int64_t time, std::int64_t watermark) {
    const std::int64_t slide = window.slide_millis();
    const std::int64_t size = window.size_millis();
    const auto offer = [&](std::int64_t start, std::int64_t end) {
      if (start <= time && time < end && watermark < end - 1) {
        results[{end, start, key}].push_back(value);
      }
    };
    if (window.kind() == proto::WINDOW_HOP) {
      for (std::int64_t start = 0; start <= time; start += slide) {
        offer(start, start + size);
      }
    } else {
      const std::int64_t start = time / size * size;
      for (std::int64_t end = start + slide; end <= start + size; end += slide) {
        offer(start, end);
      }
    }
  }
  std::map<std::string, std::int64_t> Rows(bool distinct) const {
    std::map<std::string, std::int64_t> rows;
    for (const auto& [group, values] : results) {
      const auto& [end, start, key] = group;
      std::int64_t sum = 0;
      for (const std::int64_t value : values) {
        sum += value;
      }
      const std::size_t count =
          distinct ? std::set<std::int64_t>(values.begin(), values.end()).size() : values.size();
      rows["[" + std::to_string(key) + ", " + std::to_string(count) + ", " + std::to_string(sum) +
           ", " + std::to_string(start) + ", " + std::to_string(end) + ", " +
           std::to_string(end - 1) + "]"] = 1;
    }
    return rows;
  }
};

class SharedWindowsModelTest : public SharedWindowsTest {
 protected:
  /// With one task the watermark is one, so belated rows can be told from late ones; with several
  /// no row is belated, and tasks come to different points of their firings before they restart.
  void Run(const proto::WindowSpec& window, bool distinct, bool one_task, std::uint64_t seed) {
    const proto::Step step =
        Windows(window, {{"COUNT", distinct ? "v" : "", distinct}, {"SUM", "v"}});
    SeededRandom random(seed);
    Model model{.window = window, .results = {}};
    ::thalweg::testing::FoldedChangelog folded;
    std::vector<proto::TaskSnapshot> snapshots;
    const auto go_on = [](KeyedHarness& task, StepResult result) {
      task.output.room = 1'000;
      while (result == StepResult::kFiring) {
        result = task.Continue();
      }
    };
    std::int64_t time = 1'000;
    std::int64_t watermark = 0;
    for (int restore = 0; restore < 5; ++restore) {
      const auto parallelism = one_task ? 1U : static_cast<std::uint32_t>(1 + random.Uniform(4));
      std::vector<std::unique_ptr<KeyedHarness>> tasks;
      for (std::uint32_t i = 0; i < parallelism; ++i) {
        tasks.push_back(Make(step, i, parallelism));
        tasks.back()->output.room = 0;
        tasks.back()->Open(snapshots);
      }
      for (int b = 0; b < 8; ++b) {
        columnar::BatchBuilder rows(Bids());
        for (int n = 0; n < 20; ++n) {
          const auto key = static_cast<std::int64_t>(random.Uniform(10));
          const auto back = one_task ? static_cast<std::int64_t>(random.Uniform(20)) : 0;
          const auto at = time - back + static_cast<std::int64_t>(random.Uniform(15));
          const auto value = static_cast<std::int64_t>(random.Uniform(5));
          rows.AppendRow({Datum(key), Datum(value), Datum(at * 1000)});
          model.Add(key, value, at, one_task ? watermark : 0);
        }
        const columnar::Batch batch = rows.Finish();
        time += static_cast<std::int64_t>(random.Uniform(8));
        const bool tells = random.Uniform(2) == 0;
        if (tells && one_task) {
          watermark = time - 1;
        }
        for (const auto& task : tasks) {
          task->output.room = random.Uniform(3) == 0 ? 0 : 2;
          StepResult result = task->Feed(batch);
          ASSERT_TRUE(task->error().ok()) << MessageOf(task->error());
          if (result == StepResult::kFiring && (one_task || task->output.room > 0)) {
            go_on(*task, result);
            result = StepResult::kDone;
          }
          if (one_task ? tells : result == StepResult::kDone && random.Uniform(2) == 0) {
            task->output.room = one_task ? 0 : task->output.room;
            task->Watermark(time - 1);
          }
        }
      }
      snapshots.clear();
      for (const auto& task : tasks) {
        snapshots.push_back(task->Snapshot());
        for (const columnar::Batch& batch : task->output.batches) {
          folded.Add(batch);
        }
      }
    }
    for (std::uint32_t i = 0; i < 2; ++i) {
      auto task = Make(step, i, 2);
      go_on(*task, task->Open(snapshots));
      go_on(*task, task->Watermark(kMaxWatermark));
      for (const columnar::Batch& batch : task->output.batches) {
        folded.Add(batch);
      }
    }
    ASSERT_EQ(folded.rows(), model.Rows(distinct))
        << proto::WindowKind_Name(window.kind()) << (distinct ? " distinct" : "")
        << (one_task ? " belated" : "") << ", seed " << seed;
  }
};

TEST_F(SharedWindowsModelTest, EveryRowIsInItsWindowsThroughRescalesInTheMiddleOfFirings) {
  for (const proto::WindowSpec& window : {Hop(5, 10), Hop(4, 6), Cumulate(5, 20)}) {
    for (const bool distinct : {false, true}) {
      for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        Run(window, distinct, /*one_task=*/false, seed);
      }
    }
  }
}

TEST_F(SharedWindowsModelTest, BelatedRowsAreInTheWindowsThatHadNotFired) {
  for (const proto::WindowSpec& window : {Hop(5, 10), Hop(4, 6), Cumulate(5, 20)}) {
    for (const bool distinct : {false, true}) {
      for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        Run(window, distinct, /*one_task=*/true, seed);
      }
    }
  }
}

}  // namespace
}  // namespace thalweg::runtime
