// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "columnar/bitmap.h"
#include "columnar/buffer.h"
#include "columnar/partition.h"
#include "columnar/string_ref.h"

namespace thalweg::columnar {
namespace {

bool IsPadded(const Buffer& buffer) {
  const std::uint8_t* end = buffer.data() + buffer.size();
  return std::all_of(end, end + Buffer::kPadding, [](std::uint8_t byte) { return byte == 0; });
}

TEST(BufferTest, IsAlignedAndPaddedAtEverySize) {
  // Twice, so that the second round takes memory that the first has written and given back.
  for (int round = 0; round < 2; ++round) {
    for (const std::size_t size : {0, 1, 255, 256, 257, 320, 321, 65'536, 1'048'576, 1'048'577}) {
      const MutableBufferPtr buffer = Buffer::Allocate(size);
      EXPECT_EQ(buffer->size(), size);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer->data()) % Buffer::kAlignment, 0U);
      EXPECT_TRUE(IsPadded(*buffer)) << size;
      std::fill_n(buffer->mutable_data(), size + Buffer::kPadding, std::uint8_t{0xAB});
    }
  }
}

TEST(BufferTest, PadsAgainWhenItShrinks) {
  const MutableBufferPtr buffer = Buffer::Allocate(100);
  std::fill_n(buffer->mutable_data(), 100, std::uint8_t{1});
  buffer->Shrink(10);
  EXPECT_EQ(buffer->size(), 10U);
  EXPECT_EQ(buffer->data()[9], 1);
  EXPECT_TRUE(IsPadded(*buffer));
}

TEST(BitmapTest, CopiesAndFillsAtAnyBit) {
  SeededRandom random(1);
  std::uint8_t from[24];
  for (std::uint8_t& byte : from) {
    byte = static_cast<std::uint8_t>(random.Next());
  }
  for (int round = 0; round < 500; ++round) {
    const std::size_t from_begin = random.Uniform(64);
    const std::size_t to_begin = random.Uniform(64);
    const std::size_t count = random.Uniform(100);
    std::uint8_t to[24];
    std::fill(std::begin(to), std::end(to), std::uint8_t{0x5A});
    bitmap::Copy(from, from_begin, count, to, to_begin);
    for (std::size_t bit = 0; bit < 24 * 8; ++bit) {
      const bool inside = bit >= to_begin && bit < to_begin + count;
      const bool expected =
          inside ? bitmap::Get(from, from_begin + bit - to_begin) : (0x5A >> (bit % 8) & 1) != 0;
      ASSERT_EQ(bitmap::Get(to, bit), expected) << bit;
    }
    bitmap::Fill(to, to_begin, count, true);
    std::size_t ones = 0;
    for (std::size_t bit = 0; bit < to_begin + count; ++bit) {
      ones += bitmap::Get(to, bit) ? 1 : 0;
      ASSERT_TRUE(bit < to_begin || bitmap::Get(to, bit));
    }
    EXPECT_EQ(bitmap::CountOnes(to, to_begin + count), ones);
  }
}

TEST(StringRefTest, KeepsTwelveBytesInlineAndThirteenOutside) {
  StringHeap heap;
  const StringRef twelve = heap.Add("123456789012");
  EXPECT_TRUE(twelve.is_inline());
  EXPECT_EQ(heap.heaps().size(), 0U);
  const StringRef thirteen = heap.Add("1234567890123");
  EXPECT_FALSE(thirteen.is_inline());
  EXPECT_EQ(heap.heaps().View(thirteen), "1234567890123");
  EXPECT_EQ(heap.heaps().View(twelve), "123456789012");
}

TEST(StringRefTest, CutsPaddedTextToLength) {
  const char text[] = "abcdefghijklmnop";
  for (std::uint32_t length = 0; length <= StringRef::kInlineMax; ++length) {
    const StringRef padded = StringRef::InlinePadded(text, length);
    const StringRef exact = StringRef::Inline({text, length});
    EXPECT_EQ(std::memcmp(&padded, &exact, sizeof(StringRef)), 0) << length;
  }
}

TEST(StringRefTest, ComparesAsBytesWhateverTheForm) {
  const std::vector<std::string> ordered = {"",
                                            std::string("\0", 1),
                                            "a",
                                            std::string("a\0b", 3),
                                            "abcd",
                                            "abcd0123456789",
                                            "abcd01234567890",
                                            "abcd1",
                                            "abce",
                                            "\xC3\xA4"};
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    for (std::size_t j = 0; j < ordered.size(); ++j) {
      StringHeap a_heap;
      StringHeap b_heap;
      const StringRef a = a_heap.Add(ordered[i]);
      const StringRef b = b_heap.Add(ordered[j]);
      const int order = Compare(a, &a_heap.heaps(), b, &b_heap.heaps());
      EXPECT_EQ(order < 0, i < j) << i << ' ' << j;
      EXPECT_EQ(order == 0, i == j) << i << ' ' << j;
      EXPECT_EQ(Equal(a, &a_heap.heaps(), b, &b_heap.heaps()), i == j) << i << ' ' << j;
    }
  }
}

TEST(StringHeapTest, KeepsEarlierStringsWhenItOpensFurtherHeaps) {
  StringHeap heap;
  std::vector<StringRef> refs;
  for (int i = 0; i < 3'000; ++i) {
    refs.push_back(heap.Add("a string longer than twelve: " + std::to_string(i)));
  }
  const HeapSetPtr heaps = heap.Finish();
  EXPECT_GT(heaps->size(), 1U);
  for (int i = 0; i < 3'000; ++i) {
    ASSERT_EQ(heaps->View(refs[static_cast<std::size_t>(i)]),
              "a string longer than twelve: " + std::to_string(i));
  }
}

TEST(StringHeapTest, GivesUncommittedBytesBack) {
  StringHeap heap;
  std::memcpy(heap.Reserve(100), "thrown away, never committed", 28);
  std::memcpy(heap.Reserve(20), "kept, twenty bytes..", 20);
  const StringRef ref = heap.Commit(20);
  EXPECT_EQ(heap.heaps().View(ref), "kept, twenty bytes..");
  EXPECT_EQ(heap.Finish()->bytes(), 20U);
}

TEST(StringHeapTest, AdoptsASetOnce) {
  StringHeap first;
  const StringRef ref = first.Add("the heap that is shared");
  const HeapSetPtr shared = first.Finish();
  StringHeap second;
  second.Add("a heap of its own comes before");
  EXPECT_EQ(second.Adopt(shared), 1U);
  EXPECT_EQ(second.Adopt(shared), 1U);
  StringRef moved = ref;
  moved.set_heap(ref.heap() + 1);
  EXPECT_EQ(second.Finish()->View(moved), "the heap that is shared");
}

TEST(PartitionRowsTest, KeepsTheOrderWithinATarget) {
  const std::vector<std::uint32_t> targets = {2, 0, 2, 1, 0, 2};
  PartitionedRows rows;
  PartitionRows(targets, 4, &rows);
  EXPECT_THAT(rows[0], ::testing::ElementsAre(1, 4));
  EXPECT_THAT(rows[1], ::testing::ElementsAre(3));
  EXPECT_THAT(rows[2], ::testing::ElementsAre(0, 2, 5));
  EXPECT_THAT(rows[3], ::testing::IsEmpty());
  EXPECT_EQ(rows.offsets.size(), 5U);
}

}  // namespace
}  // namespace thalweg::columnar
