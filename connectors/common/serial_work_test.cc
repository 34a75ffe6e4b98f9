// SPDX-License-Identifier: Apache-2.0
#include "connectors/common/serial_work.h"

#include <memory>
#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/sim_executor.h"
#include "tests/testing/sim_loop.h"
#include "tests/testing/sim_node.h"

namespace thalweg::connectors {
namespace {

using ::testing::ElementsAre;

class SerialWorkTest : public ::testing::Test {
 protected:
  testing::SimLoop loop_{1};
  testing::SimNode node_{loop_, "worker"};
  testing::SimMailbox mailbox_{node_};
  testing::SimExecutor executor_{node_};
};

TEST_F(SerialWorkTest, WorksRunOneAfterTheOtherWhateverTheirDelays) {
  SerialWork work(executor_, mailbox_);
  std::vector<int> events;
  for (int i = 0; i < 5; ++i) {
    work.Add<int>(
        [&events, i] {
          events.push_back(i);
          return 10 * i;
        },
        [&events](int result) { events.push_back(result + 1); });
  }
  EXPECT_FALSE(work.idle());
  loop_.RunUntilIdle();
  EXPECT_TRUE(work.idle());
  EXPECT_THAT(events, ElementsAre(0, 1, 1, 11, 2, 21, 3, 31, 4, 41));
}

TEST_F(SerialWorkTest, AWorkMayAddAnotherWhenItEnds) {
  SerialWork work(executor_, mailbox_);
  std::vector<int> events;
  work.Add<int>([] { return 1; },
                [&](int result) {
                  events.push_back(result);
                  work.Add<int>([] { return 2; }, [&](int next) { events.push_back(next); });
                });
  loop_.RunUntilIdle();
  EXPECT_THAT(events, ElementsAre(1, 2));
}

TEST_F(SerialWorkTest, OutcomesReachNobodyOnceTheOwnerHasGone) {
  auto work = std::make_optional<SerialWork>(executor_, mailbox_);
  auto alive = std::make_shared<int>(0);
  int told = 0;
  bool second_ran = false;
  work->Add<int>([alive] { return 1; }, [&](int) { ++told; });
  work->Add<int>(
      [&second_ran] {
        second_ran = true;
        return 2;
      },
      [&](int) { ++told; });
  work.reset();
  loop_.RunUntilIdle();
  EXPECT_EQ(told, 0);
  EXPECT_FALSE(second_ran);
  EXPECT_EQ(alive.use_count(), 1);  // Nothing of the works is left behind.
}

}  // namespace
}  // namespace thalweg::connectors
