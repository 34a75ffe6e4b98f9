// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/window_aggregate.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
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

proto::Step Tumble(const std::vector<CallOf>& calls, std::int64_t size, std::int64_t offset = 0) {
  proto::Step step;
  proto::WindowAggregateStep& window = *step.mutable_window_aggregate();
  window.add_keys(0);
  window.set_time_column(2);
  window.set_size_millis(size);
  window.set_offset_millis(offset);
  AddCalls(*Bids(), calls, &window);
  return Finished(std::move(step), {Bids()});
}

class WindowAggregateTest : public ::testing::Test {
 protected:
  std::unique_ptr<KeyedHarness> Make(const proto::Step& step,
                                     std::uint32_t subtask = 0,
                                     std::uint32_t parallelism = 1) {
    return std::make_unique<KeyedHarness>(
        step, std::vector{Bids()}, store_, KeyedHarness::Where{subtask, parallelism, ++run_});
  }

  ::thalweg::testing::MemoryStore store_;
  int run_ = 0;
};

TEST_F(WindowAggregateTest, FiresOnceWhenTheWatermarkComesToTheLastMillisecond) {
  auto task = Make(Tumble({{"COUNT", ""}, {"SUM", "v"}, {"MAX", "v"}}, 10));
  task->Open();
  task->Feed("[1, 5, 0] [1, 7, 9] [2, NULL, 3] [1, 100, 10]");
  EXPECT_EQ(task->Watermark(8), StepResult::kDone);
  EXPECT_THAT(task->output.Take(), IsEmpty());
  EXPECT_EQ(task->Watermark(9), StepResult::kDone);
  EXPECT_THAT(task->output.Take(),
              UnorderedElementsAre("+I[1, 2, 12, 7, 0, 10, 9]", "+I[2, 1, NULL, NULL, 0, 10, 9]"));
  EXPECT_EQ(task->Watermark(kMaxWatermark), StepResult::kDone);
  EXPECT_THAT(task->output.Take(), ElementsAre("+I[1, 1, 100, 100, 10, 20, 19]"));
}

TEST_F(WindowAggregateTest, MarksAmongTheRowsDecideWhatIsLate) {
  auto task = Make(Tumble({{"COUNT", ""}}, 10));
  task->Open();
  task->Feed("[1, 0, 5] [1, 0, 12] mark(9) [1, 0, 6] [1, 0, 13] mark(12) [1, 0, 11]");
  EXPECT_EQ(task->late_rows(), 1U);
  task->Watermark(12);
  EXPECT_THAT(task->output.Take(), ElementsAre("+I[1, 1, 0, 10, 9]"));
  task->Feed("[1, 0, 9] [1, 0, 10]");
  EXPECT_EQ(task->late_rows(), 2U);
  task->Watermark(19);
  EXPECT_THAT(task->output.Take(), ElementsAre("+I[1, 4, 10, 20, 19]"));
}

TEST_F(WindowAggregateTest, WindowsBeginAtTheOffsetAlsoBefore1970) {
  auto task = Make(Tumble({{"COUNT", ""}}, 10, 3));
  task->Open();
  task->Feed("[1, 0, -8] [1, 0, -7] [1, 0, 2] [1, 0, 3]");
  task->Watermark(kMaxWatermark);
  EXPECT_THAT(task->output.Take(),
              ElementsAre("+I[1, 1, -17, -7, -8]", "+I[1, 2, -7, 3, 2]", "+I[1, 1, 3, 13, 12]"));
}

TEST_F(WindowAggregateTest, ANullTimeIsAnError) {
  auto task = Make(Tumble({{"COUNT", ""}}, 10));
  task->Open();
  task->Feed("[1, 0, NULL]");
  EXPECT_THAT(std::string(MessageOf(task->error())), HasSubstr("event time of a row is NULL"));
}

TEST_F(WindowAggregateTest, DistinctIsPerWindow) {
  auto task = Make(Tumble({{"COUNT", "v", true}, {"SUM", "v", true}}, 10));
  task->Open();
  task->Feed("[1, 5, 0] [1, 5, 1] [1, 6, 2] [1, 5, 11] [1, NULL, 12]");
  task->Watermark(9);
  EXPECT_THAT(task->output.Take(), ElementsAre("+I[1, 2, 11, 0, 10, 9]"));
  task->Feed("[1, 5, 13] [1, 8, 14]");
  task->Watermark(19);
  EXPECT_THAT(task->output.Take(), ElementsAre("+I[1, 2, 13, 10, 20, 19]"));
}

columnar::Batch ManyKeys(std::int64_t count, std::int64_t time) {
  columnar::BatchBuilder rows(Bids());
  for (std::int64_t key = 0; key < count; ++key) {
    rows.AppendRow({Datum(key),
                    Datum(key * 2),
                    Datum(columnar::FromEventMillis(DataType::Timestamp(3), time))});
  }
  return rows.Finish();
}

TEST_F(WindowAggregateTest, ASnapshotMayPassInTheMiddleOfAFiring) {
  const proto::Step step = Tumble({{"SUM", "v"}}, 10);
  auto task = Make(step);
  task->Open();
  // More keys than one batch of results holds.
  task->Feed(ManyKeys(8000, 1));
  task->Feed(ManyKeys(8000, 5));
  columnar::BatchBuilder more(Bids());
  for (std::int64_t key = 8000; key < 12'000; ++key) {
    more.AppendRow({Datum(key), Datum(1), Datum(std::int64_t{1000})});
  }
  task->Feed(more.Finish());
  task->output.room = 1;
  ASSERT_EQ(task->Watermark(9), StepResult::kFiring);
  // While it fires it takes rows: late ones, and those of later windows.
  EXPECT_EQ(task->Feed("[1, 1, 3] [1, 1, 15]"), StepResult::kFiring);
  EXPECT_EQ(task->late_rows(), 1U);
  const proto::TaskSnapshot snapshot = task->Snapshot();
  std::vector<std::string> given = task->output.Take();
  ASSERT_EQ(given.size(), columnar::kMaxBatchRows);

  auto restored = Make(step);
  ASSERT_EQ(restored->Open({snapshot}), StepResult::kFiring);
  EXPECT_EQ(restored->Continue(), StepResult::kDone);
  std::vector<std::string> rest = restored->output.Take();
  EXPECT_EQ(given.size() + rest.size(), 12'000U);
  given.insert(given.end(), rest.begin(), rest.end());
  std::sort(given.begin(), given.end());
  EXPECT_EQ(std::adjacent_find(given.begin(), given.end()), given.end());
  // Watermarks begin anew, but what was late is late.
  restored->Feed("[7, 1, 3] [1, 1, 16]");
  EXPECT_EQ(restored->late_rows(), 1U);
  restored->Watermark(19);
  EXPECT_THAT(restored->output.Take(), ElementsAre("+I[1, 2, 10, 20, 19]"));
}

/// Results of an undisturbed run and of a run with restores must be the same rows, each once.
struct Model {
  std::map<std::pair<std::int64_t, std::int64_t>, std::pair<std::int64_t, std::int64_t>> windows;

  void Add(std::int64_t key, std::int64_t value, std::int64_t time) {
    auto& [count, sum] = windows[{time / 10 * 10, key}];
    ++count;
    sum += value;
  }
  std::map<std::string, std::int64_t> Rows() const {
    std::map<std::string, std::int64_t> rows;
    for (const auto& [window, result] : windows) {
      const auto& [start, key] = window;
      rows["[" + std::to_string(key) + ", " + std::to_string(result.first) + ", " +
           std::to_string(result.second) + ", " + std::to_string(start) + ", " +
           std::to_string(start + 10) + ", " + std::to_string(start + 9) + "]"] = 1;
    }
    return rows;
  }
};

// Tasks come to different watermarks before they are restored at another parallelism: some key
// groups of one slice have fired (wholly, in part) and some have not. No result may be lost, split
// or given twice. Firings are cut short at random.
TEST_F(WindowAggregateTest, EveryRowIsCountedOnceThroughRescalesInTheMiddleOfFirings) {
  const proto::Step step = Tumble({{"COUNT", ""}, {"SUM", "v"}}, 10);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SeededRandom random(seed);
    Model model;
    ::thalweg::testing::FoldedChangelog folded;
    std::vector<proto::TaskSnapshot> snapshots;
    std::int64_t time = 0;
    for (int restore = 0; restore < 5; ++restore) {
      const auto parallelism = static_cast<std::uint32_t>(1 + random.Uniform(4));
      std::vector<std::unique_ptr<KeyedHarness>> tasks;
      for (std::uint32_t i = 0; i < parallelism; ++i) {
        tasks.push_back(Make(step, i, parallelism));
        tasks.back()->output.room = 0;
        tasks.back()->Open(snapshots);
      }
      for (int b = 0; b < 8; ++b) {
        columnar::BatchBuilder rows(Bids());
        for (int n = 0; n < 30; ++n) {
          const auto key = static_cast<std::int64_t>(random.Uniform(40));
          // Never late: what a task has fired is below `time` in every history.
          const auto at = time + static_cast<std::int64_t>(random.Uniform(15));
          rows.AppendRow({Datum(key), Datum(std::int64_t{n}), Datum(at * 1000)});
          model.Add(key, n, at);
        }
        const columnar::Batch batch = rows.Finish();
        time += static_cast<std::int64_t>(random.Uniform(8));
        for (const auto& task : tasks) {
          task->output.room = random.Uniform(3) == 0 ? 0 : 2;
          StepResult result = task->Feed(batch);
          if (result == StepResult::kFiring && task->output.room > 0) {
            result = task->Continue();
          }
          if (result == StepResult::kDone && random.Uniform(2) == 0) {
            task->Watermark(time - 1);
          }
          ASSERT_TRUE(task->error().ok());
          ASSERT_EQ(task->late_rows(), 0U);
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
      if (task->Open(snapshots) == StepResult::kFiring) {
        task->Continue();
      }
      task->Watermark(kMaxWatermark);
      for (const columnar::Batch& batch : task->output.batches) {
        folded.Add(batch);
      }
    }
    ASSERT_EQ(folded.rows(), model.Rows()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace thalweg::runtime
