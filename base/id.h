// SPDX-License-Identifier: Apache-2.0
//
// A type for every number or name that has a meaning, so that Acknowledge(checkpoint, job) does not
// compile where Acknowledge(job, checkpoint) was meant.
//
//   using CheckpointId = Id<struct CheckpointIdTag>;
//   CheckpointId first(1);
#ifndef THALWEG_BASE_ID_H_
#define THALWEG_BASE_ID_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

namespace thalweg {

/// A `Rep` that converts neither to nor from anything else. Ordered as its value, hashable by
/// std::hash and Abseil.
template <class Tag, class Rep = std::uint64_t>
class Id {
 public:
  constexpr Id() = default;
  constexpr explicit Id(Rep value) : value_(std::move(value)) {}

  constexpr const Rep& value() const { return value_; }

  friend constexpr auto operator<=>(const Id&, const Id&) = default;

  template <class H>
  friend H AbslHashValue(H state, const Id& id) {
    return H::combine(std::move(state), id.value_);
  }

 private:
  Rep value_{};
};

}  // namespace thalweg

template <class Tag, class Rep>
struct std::hash<thalweg::Id<Tag, Rep>> {
  std::size_t operator()(const thalweg::Id<Tag, Rep>& id) const {
    return std::hash<Rep>()(id.value());
  }
};

#endif  // THALWEG_BASE_ID_H_
