// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_BUFFER_H_
#define THALWEG_COLUMNAR_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace thalweg::columnar {

class Buffer;
using BufferPtr = std::shared_ptr<const Buffer>;
using MutableBufferPtr = std::shared_ptr<Buffer>;

/// A piece of memory, 64-byte aligned and followed by at least kPadding zeroed bytes, so that
/// kernels may read whole vectors past the end. Written by one owner, then shared as BufferPtr and
/// never written again. Memory comes from a small pool per thread; freeing on any thread is fine.
class Buffer {
 public:
  static constexpr std::size_t kAlignment = 64;
  static constexpr std::size_t kPadding = 64;

  /// `size` bytes of undefined content; only the padding is zeroed.
  static MutableBufferPtr Allocate(std::size_t size);
  static MutableBufferPtr AllocateZeroed(std::size_t size);
  static BufferPtr CopyOf(std::string_view bytes);

  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer();

  const std::uint8_t* data() const { return data_; }
  std::uint8_t* mutable_data() { return data_; }
  std::size_t size() const { return size_; }
  std::string_view view() const { return {reinterpret_cast<const char*>(data_), size_}; }
  template <class T>
  const T* as() const {
    return reinterpret_cast<const T*>(data_);
  }
  template <class T>
  T* mutable_as() {
    return reinterpret_cast<T*>(data_);
  }

  /// Makes the buffer smaller in place and zeroes the padding behind the new end.
  void Shrink(std::size_t size);

 private:
  struct Key {};

 public:
  Buffer(Key, std::uint8_t* data, std::size_t size, std::uint32_t size_class);

 private:
  std::uint8_t* data_;
  std::size_t size_;
  std::uint32_t size_class_;
};

}  // namespace thalweg::columnar

#endif  // THALWEG_COLUMNAR_BUFFER_H_
