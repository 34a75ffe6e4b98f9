// SPDX-License-Identifier: Apache-2.0
//
// The event loop of a simulated cluster: virtual time, one queue, one thread, one seed. Time jumps
// from event to event, so a minute of waiting costs nothing. Events of equal time run in an order
// that the seed chooses; equal seeds give equal runs, which trace_hash() proves.
//
//   SimLoop loop(seed);
//   SimNode node(loop, "worker-1");            // tests/testing/sim_node.h
//   SimMailbox mailbox(node);
//   ...
//   ASSERT_TRUE(loop.RunUntil([&] { return job.finished(); }, Seconds(60))) << loop.Describe();
#ifndef THALWEG_TESTS_TESTING_SIM_LOOP_H_
#define THALWEG_TESTS_TESTING_SIM_LOOP_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/function.h"
#include "base/id.h"
#include "base/random.h"
#include "base/time.h"

namespace thalweg::testing {

using SimEventId = Id<struct SimEventTag>;

/// Single-threaded: all calls come from outside of Run*() or from an event.
class SimLoop {
 public:
  explicit SimLoop(std::uint64_t seed);

  SimLoop(const SimLoop&) = delete;
  SimLoop& operator=(const SimLoop&) = delete;

  std::uint64_t seed() const { return seed_; }
  MonoTime now() const { return now_; }

  /// For seeded choices while the loop runs. Who draws in bulk takes an own SeededRandom from
  /// Next(), so that the others' choices stay the same.
  Random& random() { return random_; }

  /// A seeded duration in [min, max].
  Microseconds RandomDelay(Microseconds min, Microseconds max);

  /// Runs `event` at `due`, or now if that has passed.
  SimEventId At(MonoTime due, UniqueFunction<void()> event);
  SimEventId After(Microseconds delay, UniqueFunction<void()> event) {
    return At(now_ + delay, std::move(event));
  }

  /// True: the event will never run and is destroyed. False: it ran.
  bool Cancel(SimEventId event);

  /// Runs the next event; false when there is none.
  bool RunOne();

  /// Runs all events up to and including `until`, then sets the time to it.
  void RunUntil(MonoTime until);
  void RunFor(Microseconds duration) { RunUntil(now_ + duration); }

  /// Runs until `done` holds, asked after each event. False: it did not within `patience` of
  /// virtual time, or no event is left.
  bool RunUntil(const std::function<bool()>& done, Microseconds patience);

  /// Runs until no event is left. For tests without periodic timers.
  void RunUntilIdle();

  /// More events than this in one loop end the process with the seed: the simulation goes in
  /// circles.
  void set_event_limit(std::uint64_t limit) { event_limit_ = limit; }

  /// Mixes something that happened into the trace hash, so that runs that differ in it differ in
  /// the hash.
  void Note(std::uint64_t value);
  void Note(std::string_view bytes);

  /// Of all events run (their times and numbers) and all notes.
  std::uint64_t trace_hash() const { return trace_hash_; }
  std::uint64_t events_run() const { return events_run_; }

  /// Seed, time and events run: for failure messages.
  std::string Describe() const;

 private:
  struct Entry {
    MonoTime due;
    std::uint64_t tie;       // Seeded: orders events of equal time.
    std::uint64_t sequence;  // Of the call of At().
    std::uint32_t slot;      // Of the closure.
  };
  struct Closure {
    UniqueFunction<void()> event;  // Null: free, or cancelled and still queued.
    std::uint32_t uses = 0;        // Tells an old id from a new one.
  };

  static bool IsLater(const Entry& a, const Entry& b);
  Entry PopEntry();
  /// Drops cancelled events from the front.
  bool HasNext();
  void FreeSlot(std::uint32_t slot);

  const std::uint64_t seed_;
  SeededRandom random_;
  SeededRandom ties_;
  MonoTime now_{};
  std::uint64_t next_sequence_ = 0;
  std::uint64_t events_run_ = 0;
  std::uint64_t event_limit_ = 50'000'000;
  std::uint64_t trace_hash_;
  std::vector<Entry> heap_;  // Earliest first.
  std::vector<Closure> closures_;
  std::vector<std::uint32_t> free_slots_;
};

/// The loop's time, as one host sees it: wall clocks of hosts may differ.
class SimClock final : public Clock {
 public:
  /// Virtual time 0 is 2024-01-01 00:00 UTC, moved by `skew`.
  explicit SimClock(const SimLoop& loop, Milliseconds skew = Milliseconds(0))
      : loop_(loop), skew_(skew) {}

  MonoTime Now() const override { return loop_.now(); }
  WallTime WallNow() const override;

 private:
  const SimLoop& loop_;
  const Milliseconds skew_;
};

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_TESTING_SIM_LOOP_H_
