// SPDX-License-Identifier: Apache-2.0
#include "base/coding.h"

#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace thalweg {
namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

TEST(CodingTest, NumbersHaveTheDocumentedBytes) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.PutU8(0xAB);
  writer.PutFixed16(0x0102);
  writer.PutFixed32(0x01020304);
  writer.PutBigEndian16(0x0102);
  writer.PutBigEndian32(0x01020304);
  writer.PutBigEndian64(0x0102030405060708);
  writer.PutVarint(300);
  writer.PutZigZag(-1);
  EXPECT_EQ(bytes,
            std::string("\xAB\x02\x01\x04\x03\x02\x01\x01\x02\x01\x02\x03\x04"
                        "\x01\x02\x03\x04\x05\x06\x07\x08\xAC\x02\x01"));
}

TEST(CodingTest, WhatWasWrittenIsRead) {
  const std::vector<std::uint64_t> values{0, 1, 127, 128, 16383, 16384, 1ULL << 32, ~0ULL};
  for (const std::uint64_t value : values) {
    std::string bytes;
    ByteWriter writer(bytes);
    writer.PutFixed64(value);
    writer.PutBigEndian64(value);
    writer.PutVarint(value);
    ByteReader reader(bytes);
    std::uint64_t fixed = 0;
    std::uint64_t big_endian = 0;
    std::uint64_t varint = 0;
    ASSERT_TRUE(reader.ReadFixed64(fixed) && reader.ReadBigEndian64(big_endian) &&
                reader.ReadVarint(varint));
    EXPECT_EQ(fixed, value);
    EXPECT_EQ(big_endian, value);
    EXPECT_EQ(varint, value);
    EXPECT_TRUE(reader.empty());
  }
}

TEST(CodingTest, ZigZagKeepsSmallNumbersShort) {
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{-64}, std::int64_t{63}}) {
    std::string bytes;
    ByteWriter(bytes).PutZigZag(value);
    EXPECT_EQ(bytes.size(), 1);
  }
  for (const std::int64_t value : {kMin, kMax, std::int64_t{-1}, std::int64_t{1} << 40}) {
    std::string bytes;
    ByteWriter(bytes).PutZigZag(value);
    std::int64_t read = 0;
    ASSERT_TRUE(ByteReader(bytes).ReadZigZag(read));
    EXPECT_EQ(read, value);
  }
}

TEST(CodingTest, BytesMayHoldAnything) {
  const std::string odd("a\0b\xFF", 4);
  std::string bytes;
  ByteWriter writer(bytes);
  writer.PutBytes(odd);
  writer.PutBytes("");
  writer.PutRaw("tail");
  ByteReader reader(bytes);
  std::string_view first;
  std::string_view second;
  ASSERT_TRUE(reader.ReadBytes(first) && reader.ReadBytes(second));
  EXPECT_EQ(first, odd);
  EXPECT_EQ(second, "");
  EXPECT_EQ(reader.rest(), "tail");
  EXPECT_TRUE(reader.Skip(4));
  EXPECT_FALSE(reader.Skip(1));
}

TEST(CodingTest, EveryCutIsRefusedAndTakesNothing) {
  std::string bytes;
  ByteWriter(bytes).PutBytes(std::string(200, 'x'));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ByteReader reader(std::string_view(bytes).substr(0, size));
    std::string_view read;
    ASSERT_FALSE(reader.ReadBytes(read));
    ASSERT_EQ(reader.position(), 0);
  }
  ByteReader three("abc");
  std::uint32_t number = 0;
  EXPECT_FALSE(three.ReadFixed32(number));
  EXPECT_FALSE(three.ReadBigEndian32(number));
  EXPECT_EQ(three.remaining(), 3);
}

TEST(CodingTest, RefusesVarintsOfMoreThan64Bits) {
  std::uint64_t value = 0;
  EXPECT_TRUE(ByteReader(std::string(9, '\xFF') + '\x01').ReadVarint(value));
  EXPECT_EQ(value, ~std::uint64_t{0});
  const std::string too_big = std::string(9, '\xFF') + '\x02';
  const std::string too_long = std::string(10, '\x80') + '\x00';
  EXPECT_FALSE(ByteReader(too_big).ReadVarint(value));
  EXPECT_FALSE(ByteReader(too_long).ReadVarint(value));
}

TEST(CodingTest, AHugeLengthIsNoOverflow) {
  std::string bytes;
  ByteWriter(bytes).PutVarint(~std::uint64_t{0});
  std::string_view read;
  EXPECT_FALSE(ByteReader(bytes).ReadBytes(read));
}

TEST(CodingTest, BigEndianSortsAsTheValue) {
  SeededRandom random(3);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t a = random.Next() >> random.Uniform(64);
    const std::uint64_t b = random.Next() >> random.Uniform(64);
    std::string a_bytes;
    std::string b_bytes;
    ByteWriter(a_bytes).PutBigEndian64(a);
    ByteWriter(b_bytes).PutBigEndian64(b);
    ASSERT_EQ(a < b, a_bytes < b_bytes) << a << " " << b;
  }
}

}  // namespace
}  // namespace thalweg
