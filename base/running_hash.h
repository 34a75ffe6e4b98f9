// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_BASE_RUNNING_HASH_H_
#define THALWEG_BASE_RUNNING_HASH_H_

#include <cstdint>
#include <memory>
#include <string_view>

namespace thalweg {

/// Hash64() of bytes that come in pieces, however they are cut.
class RunningHash {
 public:
  RunningHash();
  ~RunningHash();

  void Add(std::string_view bytes);
  /// Of all bytes so far.
  std::uint64_t Digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace thalweg

#endif  // THALWEG_BASE_RUNNING_HASH_H_
