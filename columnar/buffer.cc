// SPDX-License-Identifier: Apache-2.0
#include "columnar/buffer.h"

#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/check.h"

namespace thalweg::columnar {
namespace {

// A sanitizer sees a use after free only when memory really is freed.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kPooling = false;
#else
constexpr bool kPooling = true;
#endif

// Size classes are powers of two and three steps between each, from 256 bytes to 1 MiB; larger
// buffers go to the allocator.
constexpr std::uint32_t kMinLog2 = 8;
constexpr std::uint32_t kMaxLog2 = 20;
constexpr std::uint32_t kClassCount = (kMaxLog2 - kMinLog2) * 4 + 1;
constexpr std::uint32_t kUnpooled = kClassCount;
constexpr std::size_t kPoolBytesMax = 8 << 20;  // Per thread: some ten batches of 100 bytes a row.

std::uint32_t ClassOf(std::size_t size) {
  if (size <= std::size_t{1} << kMinLog2) {
    return 0;
  }
  if (size > std::size_t{1} << kMaxLog2) {
    return kUnpooled;
  }
  const auto log2 = static_cast<std::uint32_t>(std::bit_width(size - 1)) - 1;
  const std::size_t quarter = (size - 1) >> (log2 - 2) & 3;
  return (log2 - kMinLog2) * 4 + static_cast<std::uint32_t>(quarter) + 1;
}

std::size_t SizeOf(std::uint32_t size_class) {
  const std::size_t base = std::size_t{1} << (kMinLog2 + size_class / 4);
  return base + base / 4 * (size_class % 4);
}

std::uint8_t* AllocateRaw(std::size_t size) {
  const std::size_t rounded = (size + Buffer::kAlignment - 1) / Buffer::kAlignment;
  void* memory = std::aligned_alloc(Buffer::kAlignment, rounded * Buffer::kAlignment);
  CHECK(memory != nullptr);
  return static_cast<std::uint8_t*>(memory);
}

// Set when a thread's pool is gone, as buffers in other thread-local objects may outlive it.
thread_local bool pool_closed = false;

struct Pool {
  std::array<std::vector<std::uint8_t*>, kClassCount> free;
  std::size_t bytes = 0;

  ~Pool() {
    pool_closed = true;
    for (const auto& list : free) {
      for (std::uint8_t* memory : list) {
        std::free(memory);
      }
    }
  }
};

Pool& ThreadPool() {
  thread_local Pool pool;
  return pool;
}

std::uint8_t* Take(std::uint32_t size_class) {
  if (kPooling && !pool_closed) {
    Pool& pool = ThreadPool();
    auto& list = pool.free[size_class];
    if (!list.empty()) {
      std::uint8_t* memory = list.back();
      list.pop_back();
      pool.bytes -= SizeOf(size_class);
      return memory;
    }
  }
  return AllocateRaw(SizeOf(size_class) + Buffer::kPadding);
}

void Give(std::uint8_t* memory, std::uint32_t size_class) {
  if (kPooling && size_class != kUnpooled && !pool_closed) {
    Pool& pool = ThreadPool();
    if (pool.bytes + SizeOf(size_class) <= kPoolBytesMax) {
      pool.free[size_class].push_back(memory);
      pool.bytes += SizeOf(size_class);
      return;
    }
  }
  std::free(memory);
}

}  // namespace

MutableBufferPtr Buffer::Allocate(std::size_t size) {
  const std::uint32_t size_class = ClassOf(size);
  std::uint8_t* data = size_class == kUnpooled ? AllocateRaw(size + kPadding) : Take(size_class);
  std::memset(data + size, 0, kPadding);
  return std::make_shared<Buffer>(Key(), data, size, size_class);
}

MutableBufferPtr Buffer::AllocateZeroed(std::size_t size) {
  MutableBufferPtr buffer = Allocate(size);
  std::memset(buffer->data_, 0, size);
  return buffer;
}

BufferPtr Buffer::CopyOf(std::string_view bytes) {
  MutableBufferPtr buffer = Allocate(bytes.size());
  if (!bytes.empty()) {
    std::memcpy(buffer->data_, bytes.data(), bytes.size());
  }
  return buffer;
}

Buffer::Buffer(Key, std::uint8_t* data, std::size_t size, std::uint32_t size_class)
    : data_(data), size_(size), size_class_(size_class) {}

Buffer::~Buffer() {
  Give(data_, size_class_);
}

void Buffer::Shrink(std::size_t size) {
  CHECK_LE(size, size_);
  size_ = size;
  std::memset(data_ + size_, 0, kPadding);
}

}  // namespace thalweg::columnar
