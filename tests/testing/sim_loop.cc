// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/sim_loop.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/checksum.h"

namespace thalweg::testing {
namespace {

constexpr Milliseconds kWallStart{1'704'067'200'000};  // 2024-01-01 00:00 UTC.

}  // namespace

SimLoop::SimLoop(std::uint64_t seed)
    : seed_(seed), random_(seed), ties_(seed ^ 0x7469'6573), trace_hash_(seed) {}

Microseconds SimLoop::RandomDelay(Microseconds min, Microseconds max) {
  CHECK_LE(min.count(), max.count());
  const auto width = static_cast<std::uint64_t>((max - min).count());
  return min + Microseconds(static_cast<std::int64_t>(random_.Uniform(width + 1)));
}

SimEventId SimLoop::At(MonoTime due, UniqueFunction<void()> event) {
  std::uint32_t slot = 0;
  if (free_slots_.empty()) {
    slot = static_cast<std::uint32_t>(closures_.size());
    closures_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  closures_[slot].event = std::move(event);
  heap_.push_back({std::max(due, now_), ties_.Next(), next_sequence_++, slot});
  std::push_heap(heap_.begin(), heap_.end(), IsLater);
  return SimEventId(std::uint64_t{closures_[slot].uses} << 32 | slot);
}

bool SimLoop::Cancel(SimEventId event) {
  const auto slot = static_cast<std::uint32_t>(event.value());
  Closure& closure = closures_[slot];
  if (closure.uses != event.value() >> 32 || closure.event == nullptr) {
    return false;
  }
  // Moved out first: destroying it may call back into the loop.
  const UniqueFunction<void()> dropped = std::exchange(closure.event, nullptr);
  return true;
}

bool SimLoop::RunOne() {
  if (!HasNext()) {
    return false;
  }
  const Entry entry = PopEntry();
  UniqueFunction<void()> event = std::move(closures_[entry.slot].event);
  FreeSlot(entry.slot);
  now_ = entry.due;
  ++events_run_;
  if (events_run_ > event_limit_) {
    fmt::print(stderr, "The simulation goes in circles: {}\n", Describe());
    CHECK_LE(events_run_, event_limit_);
  }
  Note(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
  Note(entry.sequence);
  event();
  return true;
}

void SimLoop::RunUntil(MonoTime until) {
  while (HasNext() && heap_.front().due <= until) {
    RunOne();
  }
  now_ = std::max(now_, until);
}

bool SimLoop::RunUntil(const std::function<bool()>& done, Microseconds patience) {
  const MonoTime deadline = now_ + patience;
  while (!done()) {
    if (!HasNext() || heap_.front().due > deadline) {
      return false;
    }
    RunOne();
  }
  return true;
}

void SimLoop::RunUntilIdle() {
  while (RunOne()) {
  }
}

void SimLoop::Note(std::uint64_t value) {
  // One round of a multiply-rotate hash: order matters, and nothing is allocated.
  trace_hash_ = (trace_hash_ ^ value) * 0x9e37'79b9'7f4a'7c15;
  trace_hash_ ^= trace_hash_ >> 29;
}

void SimLoop::Note(std::string_view bytes) {
  Note(Checksum(bytes));
}

std::string SimLoop::Describe() const {
  return fmt::format("seed={} virtual_micros={} events_run={} trace_hash={:016x}",
                     seed_,
                     now_.time_since_epoch().count(),
                     events_run_,
                     trace_hash_);
}

bool SimLoop::IsLater(const Entry& a, const Entry& b) {
  return std::tie(a.due, a.tie, a.sequence) > std::tie(b.due, b.tie, b.sequence);
}

bool SimLoop::HasNext() {
  while (!heap_.empty() && closures_[heap_.front().slot].event == nullptr) {
    FreeSlot(PopEntry().slot);  // Cancelled.
  }
  return !heap_.empty();
}

void SimLoop::FreeSlot(std::uint32_t slot) {
  closures_[slot].event = nullptr;
  ++closures_[slot].uses;
  free_slots_.push_back(slot);
}

SimLoop::Entry SimLoop::PopEntry() {
  std::pop_heap(heap_.begin(), heap_.end(), IsLater);
  const Entry entry = heap_.back();
  heap_.pop_back();
  return entry;
}

WallTime SimClock::WallNow() const {
  const auto elapsed = std::chrono::duration_cast<Milliseconds>(loop_.now().time_since_epoch());
  return WallTime(kWallStart + skew_ + elapsed);
}

}  // namespace thalweg::testing
