// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <functional>
#include <string>
#include <unordered_map>

#include <gtest/gtest.h>

#include "base/checksum.h"

namespace thalweg {
namespace {

// Stored bytes and key groups depend on these values, which the command xxhsum -H3 prints too.
TEST(HashTest, IsXxh3WithSeedZero) {
  EXPECT_EQ(Hash64(""), 0x2D06800538D394C2);
  EXPECT_EQ(Hash64("thalweg"), 0x6A518FB893BD6729);
  EXPECT_EQ(Hash64(std::string(1000, 'x')), 0xC0A4877B962CBA82);
}

TEST(ChecksumTest, IsXxh3WithSeedZero) {
  EXPECT_EQ(Checksum(""), 0x2D06800538D394C2);
  EXPECT_EQ(Checksum("thalweg"), 0x6A518FB893BD6729);
  EXPECT_EQ(Checksum(std::string(1000, 'x')), 0xC0A4877B962CBA82);
}

TEST(ChecksumTest, SeesEveryFlippedBitAndEveryCut) {
  std::string bytes(300, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(i * 7);
  }
  const std::uint64_t whole = Checksum(bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_NE(Checksum(flipped), whole) << "bit " << bit;
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_NE(Checksum(std::string_view(bytes).substr(0, size)), whole) << "size " << size;
  }
}

TEST(HashTest, StringHashLooksUpByView) {
  std::unordered_map<std::string, int, StringHash, std::equal_to<>> map{{"a", 1}};
  EXPECT_EQ(map.find(std::string_view("a"))->second, 1);
  EXPECT_EQ(map.find(std::string_view("b")), map.end());
}

}  // namespace
}  // namespace thalweg
