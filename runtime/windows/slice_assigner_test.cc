// SPDX-License-Identifier: Apache-2.0
#include "runtime/windows/slice_assigner.h"

#include <algorithm>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "columnar/batch_builder.h"
#include "columnar/datum.h"
#include "columnar/hash.h"
#include "runtime/windows/fired_watermarks.h"

namespace thalweg::runtime {
namespace {

using columnar::DataType;
using columnar::Datum;

constexpr std::uint32_t kGroups = 8;

TEST(SliceAssignerTest, SlicesBeginAtTheOffset) {
  const SliceAssigner assigner(DataType::Timestamp(3), Milliseconds(10), Milliseconds(3));
  EXPECT_EQ(assigner.SliceEndOf(3), 13);
  EXPECT_EQ(assigner.SliceEndOf(12), 13);
  EXPECT_EQ(assigner.SliceEndOf(2), 3);
  EXPECT_EQ(assigner.SliceEndOf(-7), 3);
  EXPECT_EQ(assigner.SliceEndOf(-8), -7);
}

// The fast ways (a batch in one slice, neighbours in one slice) against the definition.
TEST(SliceAssignerTest, EachRowGoesToItsSliceOrIsLate) {
  const columnar::SchemaPtr schema = columnar::Schema::Make({{"ts", DataType::Timestamp(3)}});
  const SliceAssigner assigner(DataType::Timestamp(3), Milliseconds(10), Milliseconds(0));
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SeededRandom random(seed);
    FiredWatermarks fired({0, kGroups});
    if (random.Uniform(2) == 0) {
      FiredWatermarks some({0, kGroups / 2});
      some.Raise(static_cast<EventMillis>(random.Uniform(60)));
      ASSERT_TRUE(fired.Restore(some.ToEntries()).ok());
    }
    const auto start = static_cast<EventMillis>(random.Uniform(50));
    const std::uint64_t spread = random.Uniform(3) == 0 ? 5 : 40;
    columnar::BatchBuilder rows(schema);
    EventMillis watermark = kMinWatermark;
    EventMillis expected_watermark = static_cast<EventMillis>(random.Uniform(40)) - 20;
    const EventTimeContext before{.watermark = expected_watermark};
    std::vector<std::uint64_t> hashes;
    std::map<EventMillis, std::vector<std::uint32_t>> expected;
    std::uint64_t late = 0;
    const std::uint64_t count = 1 + random.Uniform(30);
    for (std::uint32_t row = 0; row < count; ++row) {
      if (random.Uniform(10) == 0) {
        watermark = start + static_cast<EventMillis>(random.Uniform(40));
        rows.AddMark(watermark);
        expected_watermark = std::max(expected_watermark, watermark);
      }
      const EventMillis time = start + static_cast<EventMillis>(random.Uniform(spread));
      rows.AppendRow({Datum(time * 1000)});
      hashes.push_back(random.Next());
      const EventMillis end = time / 10 * 10 + 10;
      const KeyGroup group = columnar::KeyGroupOf(hashes.back(), kGroups);
      if (end - 1 <= expected_watermark || end - 1 <= fired.Of(group)) {
        ++late;
      } else {
        expected[end].push_back(row);
      }
    }
    const columnar::Batch batch = rows.Finish();
    SlicedRows sliced;
    ASSERT_TRUE(assigner
                    .Assign(batch,
                            0,
                            {.watermark = before.watermark,
                             .fired = &fired,
                             .key_hashes = hashes,
                             .key_group_count = kGroups},
                            &sliced)
                    .ok());
    EXPECT_EQ(sliced.late_count, late) << "seed " << seed;
    std::map<EventMillis, std::vector<std::uint32_t>> got;
    for (std::size_t i = 0; i < sliced.slice_count; ++i) {
      std::vector<std::uint32_t>& slice = got[sliced.slices[i].end];
      if (sliced.all_rows) {
        for (std::uint32_t row = 0; row < count; ++row) {
          slice.push_back(row);
        }
      } else {
        slice = sliced.slices[i].rows;
      }
    }
    EXPECT_EQ(got, expected) << "seed " << seed;
  }
}

}  // namespace
}  // namespace thalweg::runtime
