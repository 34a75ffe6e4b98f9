// SPDX-License-Identifier: Apache-2.0
#include "runtime/operators/deduplicate.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/operators/step_test_util.h"

namespace thalweg::runtime {
namespace {

using columnar::DataType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

columnar::SchemaPtr Input() {
  return columnar::Schema::Make(
      {{"k", DataType::BigInt()}, {"name", DataType::String()}, {"ts", DataType::Timestamp(3)}});
}

struct DeduplicateOf {
  bool last = false;
  bool by_arrival = false;
  bool update_before = true;
  bool at_end = false;
  std::int64_t ttl_millis = 0;
};

proto::Step Deduplicate(const DeduplicateOf& of) {
  proto::Step step;
  proto::DeduplicateStep& deduplicate = *step.mutable_deduplicate();
  deduplicate.add_keys(0);
  deduplicate.set_time_column(2);
  deduplicate.set_keep_last(of.last);
  deduplicate.set_processing_time(of.by_arrival);
  deduplicate.set_needs_update_before(of.update_before);
  deduplicate.set_emit_at_end(of.at_end);
  deduplicate.set_state_ttl_millis(of.ttl_millis);
  return Finished(std::move(step), {Input()});
}

/// A row of a time in milliseconds.
std::string At(int key, const std::string& name, int time) {
  return "[" + std::to_string(key) + ", '" + name + "', " + std::to_string(time) + "]";
}

class DeduplicateTest : public ::testing::Test {
 protected:
  KeyedHarness& Start(const DeduplicateOf& of, const std::vector<proto::TaskSnapshot>& from = {}) {
    harness_ = std::make_unique<KeyedHarness>(
        Deduplicate(of), std::vector{Input()}, store_, KeyedHarness::Where{.run = ++run_});
    harness_->Open(from);
    return *harness_;
  }

  ::thalweg::testing::MemoryStore store_;
  std::unique_ptr<KeyedHarness> harness_;
  int run_ = 0;
};

TEST_F(DeduplicateTest, TheFirstByArrivalStaysForEver) {
  KeyedHarness& task = Start({.by_arrival = true});
  task.Feed(At(1, "a", 5) + At(1, "b", 1) + At(2, "c", 2));
  task.Feed(At(1, "d", 0));
  EXPECT_THAT(task.output.Take(), ElementsAre("+I" + At(1, "a", 5), "+I" + At(2, "c", 2)));
}

TEST_F(DeduplicateTest, TheLastByArrivalReplacesTheOneBefore) {
  KeyedHarness& task = Start({.last = true, .by_arrival = true});
  task.Feed(At(1, "a", 5) + At(1, "a longer name than fits", 1));
  task.Feed(At(1, "c", 0));
  EXPECT_THAT(task.output.Take(),
              ElementsAre("+I" + At(1, "a longer name than fits", 1),
                          "-U" + At(1, "a longer name than fits", 1),
                          "+U" + At(1, "c", 0)));
}

TEST_F(DeduplicateTest, AnEarlierRowReplacesTheFirstByTime) {
  KeyedHarness& task = Start({});
  task.Feed(At(1, "a", 5) + At(1, "b", 5));
  EXPECT_THAT(task.output.Take(), ElementsAre("+I" + At(1, "a", 5)));
  task.Feed(At(1, "c", 6));
  EXPECT_THAT(task.output.Take(), IsEmpty());
  task.Feed(At(1, "d", 4) + At(1, "e", 3));
  EXPECT_THAT(task.output.Take(), ElementsAre("-U" + At(1, "a", 5), "+U" + At(1, "e", 3)));
}

TEST_F(DeduplicateTest, OfEqualTimesTheLastStaysWhenTheLastIsKept) {
  KeyedHarness& task = Start({.last = true, .update_before = false});
  task.Feed(At(1, "a", 5));
  task.Feed(At(1, "b", 5));
  task.Feed(At(1, "c", 4));
  EXPECT_THAT(task.output.Take(), ElementsAre("+I" + At(1, "a", 5), "+U" + At(1, "b", 5)));
}

TEST_F(DeduplicateTest, NullKeysAreOneKey) {
  KeyedHarness& task = Start({.by_arrival = true});
  task.Feed("[NULL, 'a', NULL] [NULL, 'b', NULL]");
  EXPECT_THAT(task.output.Take(), ElementsAre("+I[NULL, 'a', NULL]"));
}

TEST_F(DeduplicateTest, RefusesWhatHasNoTimeOrIsTakenBack) {
  KeyedHarness& task = Start({});
  task.Feed("[1, 'a', NULL]");
  EXPECT_THAT(std::string(MessageOf(task.error())), HasSubstr("event time of a row is NULL"));
  KeyedHarness& other = Start({});
  other.Feed("-D" + At(1, "a", 5));
  EXPECT_THAT(std::string(MessageOf(other.error())), HasSubstr("only adds rows"));
}

TEST_F(DeduplicateTest, GoesOnBehindARestore) {
  proto::TaskSnapshot snapshot;
  {
    KeyedHarness& task = Start({.last = true});
    task.Feed(At(1, "a name that is kept in state", 5));
    snapshot = task.Snapshot();
  }
  KeyedHarness& task = Start({.last = true}, {snapshot});
  task.Feed(At(1, "b", 6) + At(2, "c", 6));
  EXPECT_THAT(task.output.Take(),
              ElementsAre("-U" + At(1, "a name that is kept in state", 5),
                          "+U" + At(1, "b", 6),
                          "+I" + At(2, "c", 6)));
}

TEST_F(DeduplicateTest, GivesOnlyFinalRowsAtTheEndOfInput) {
  proto::TaskSnapshot snapshot;
  {
    KeyedHarness& task = Start({.last = true, .at_end = true});
    task.Feed(At(1, "a", 5) + At(2, "b", 5));
    task.Feed(At(1, "c", 6));
    EXPECT_THAT(task.output.Take(), IsEmpty());
    snapshot = task.Snapshot();
  }
  KeyedHarness& task = Start({.last = true, .at_end = true}, {snapshot});
  task.Feed(At(3, "d", 7));
  task.output.room = 0;
  EXPECT_EQ(task.Watermark(kMaxWatermark), StepResult::kFiring);
  task.output.room = 100;
  EXPECT_EQ(task.Continue(), StepResult::kDone);
  EXPECT_THAT(
      task.output.Take(),
      UnorderedElementsAre("+I" + At(1, "c", 6), "+I" + At(2, "b", 5), "+I" + At(3, "d", 7)));
}

}  // namespace
}  // namespace thalweg::runtime
