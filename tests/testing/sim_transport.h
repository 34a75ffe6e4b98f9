// SPDX-License-Identifier: Apache-2.0
//
// Connections between simulated nodes, with what a network does to them: latency, partitions,
// breaks at any frame, and ends that learn of a break late.
//
// A connection keeps its order and never repeats or loses a frame in the middle, as TCP does; a
// break loses a seeded number of the frames in flight. Frames of different connections overtake
// each other.
#ifndef THALWEG_TESTS_TESTING_SIM_TRANSPORT_H_
#define THALWEG_TESTS_TESTING_SIM_TRANSPORT_H_

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/function.h"
#include "base/time.h"
#include "tests/testing/sim_loop.h"
#include "tests/testing/sim_node.h"
#include "transport/transport.h"

namespace thalweg::testing {

struct SimNetworkOptions {
  // Of one frame in one direction, seeded.
  Microseconds latency_min{50};
  Microseconds latency_max{500};
  // An end learns of a broken link within this time, each end at its own seeded instant.
  Microseconds notice_max{20'000};
  // The peers of a lost host learn within this time, if they try to send or not.
  Microseconds host_notice_max{60'000'000};
  // A partition that lasts longer than this breaks the connections across it; dials end as well.
  Microseconds patience{5'000'000};
  // Every frame sent breaks its connection once in this many times, before or behind itself; 0:
  // never.
  std::uint64_t break_once_in = 0;
};

enum class CrashKind {
  kProcess,  // The host closes the process's connections at once.
  kHost,     // Nobody is told; the peers find out late.
};

/// What becomes of a frame when it is sent.
enum class FrameFate {
  kDeliver,
  kBreakBefore,  // The link breaks and this frame is lost.
  kBreakAfter,   // This frame arrives, then the link breaks.
};

struct FrameEvent {
  std::uint64_t number;  // Of all frames of this network, from 0.
  const SimNode& from;
  const SimNode& to;
  const transport::Frame& frame;
};

/// All links of a cluster. Outlives its transports and nodes' objects; driven by the test.
class SimNetwork {
 public:
  explicit SimNetwork(SimLoop& loop, SimNetworkOptions options = {});
  ~SimNetwork();

  void set_options(SimNetworkOptions options);

  /// Asked for each frame sent: the test can break the link there, count, or crash a node (in an
  /// event of its own: loop.After(0, ...)).
  void set_frame_hook(UniqueFunction<FrameFate(const FrameEvent&)> hook);
  std::uint64_t frames_sent() const;

  /// Ends the node's process and its connections.
  void Crash(SimNode& node, CrashKind kind);

  /// Nothing passes between the two until Heal(): frames and dials wait, at most options.patience.
  void Partition(SimNode& a, SimNode& b);
  void Heal(SimNode& a, SimNode& b);
  void HealAll();

  /// Breaks all connections between the two now.
  void Break(SimNode& a, SimNode& b);

  struct State;  // Of sim_transport.cc.

 private:
  friend class SimTransport;
  std::shared_ptr<State> state_;
};

/// One node's access to the network. Addresses are any names; one network knows each once.
class SimTransport final : public transport::Transport {
 public:
  SimTransport(SimNetwork& network, SimNode& node);
  ~SimTransport() override;

  Status Listen(const transport::Address& address,
                Mailbox& mailbox,
                transport::Acceptor acceptor) override;
  void StopListening(const transport::Address& address) override;
  std::unique_ptr<transport::Connection> Dial(
      const transport::Address& address,
      Mailbox& mailbox,
      std::shared_ptr<transport::ConnectionHandler> handler) override;

 private:
  std::shared_ptr<SimNetwork::State> network_;
  SimNode& node_;
  const std::uint32_t incarnation_;
};

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_TESTING_SIM_TRANSPORT_H_
