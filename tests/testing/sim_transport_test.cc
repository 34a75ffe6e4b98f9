// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/sim_transport.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/check.h"

namespace thalweg::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using transport::Address;
using transport::Connection;
using transport::ConnectionHandler;
using transport::Frame;

constexpr Microseconds kSecond{1'000'000};

/// Keeps what it hears, and when.
struct Recorder final : ConnectionHandler {
  explicit Recorder(SimLoop& owner) : loop(owner) {}
  void OnFrame(Frame frame) override {
    EXPECT_THAT(closed, IsEmpty()) << "A frame came behind the end.";
    heads.push_back(frame.head);
    last = loop.now();
  }
  void OnClosed(const Status& status) override {
    closed.push_back(status.code());
    last = loop.now();
  }

  SimLoop& loop;
  std::vector<std::string> heads;
  std::vector<StatusCode> closed;
  MonoTime last{};
  std::unique_ptr<Connection> connection;
};

/// One process: what a coordinator or worker would own.
struct Process {
  Process(SimNetwork& network, SimNode& owner)
      : node(owner), mailbox(owner), transport(network, owner) {}

  void Listen(const Address& address) {
    CHECK_OK(transport.Listen(address, mailbox, [this](std::unique_ptr<Connection> connection) {
      accepted.push_back(std::make_shared<Recorder>(node.loop()));
      accepted.back()->connection = std::move(connection);
      return accepted.back();
    }));
  }
  std::shared_ptr<Recorder> Dial(const Address& address) {
    auto recorder = std::make_shared<Recorder>(node.loop());
    recorder->connection = transport.Dial(address, mailbox, recorder);
    return recorder;
  }

  SimNode& node;
  SimMailbox mailbox;
  SimTransport transport;
  std::vector<std::shared_ptr<Recorder>> accepted;
};

/// A client and a server, whose address is "server".
struct World {
  explicit World(std::uint64_t seed, SimNetworkOptions options = {})
      : loop(seed), network(loop, options) {
    server->Listen(address);
  }
  /// A connection whose frame 0 has arrived.
  std::shared_ptr<Recorder> Connect() {
    auto dialled = client->Dial(address);
    dialled->connection->Send({"0", nullptr});
    loop.RunFor(kSecond);
    return dialled;
  }

  const Address address{"server"};
  SimLoop loop;
  SimNetwork network;
  SimNode client_node{loop, "client"};
  SimNode server_node{loop, "server"};
  std::unique_ptr<Process> client = std::make_unique<Process>(network, client_node);
  std::unique_ptr<Process> server = std::make_unique<Process>(network, server_node);
};

TEST(SimTransportTest, CarriesFramesInOrderWithLatency) {
  World world(1);
  const auto dialled = world.client->Dial(world.address);
  for (int i = 0; i < 50; ++i) {
    dialled->connection->Send({std::to_string(i), nullptr});
  }
  EXPECT_THAT(world.server->accepted, IsEmpty());
  world.loop.RunUntilIdle();
  ASSERT_EQ(world.server->accepted.size(), 1);
  ASSERT_EQ(world.server->accepted[0]->heads.size(), 50);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(world.server->accepted[0]->heads[i], std::to_string(i));
  }
  world.server->accepted[0]->connection->Send({"back", nullptr});
  const MonoTime sent = world.loop.now();
  world.loop.RunUntilIdle();
  EXPECT_THAT(dialled->heads, ElementsAre("back"));
  EXPECT_GE(dialled->last - sent, SimNetworkOptions().latency_min);
}

TEST(SimTransportTest, FramesOfTwoConnectionsOvertakeEachOther) {
  std::set<std::string> orders;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    World world(seed);
    const auto first = world.Connect();
    const auto second = world.Connect();
    first->connection->Send({"first", nullptr});
    second->connection->Send({"second", nullptr});
    world.loop.RunUntilIdle();
    const auto& accepted = world.server->accepted;
    orders.insert(accepted[0]->last < accepted[1]->last ? "in order" : "overtaken");
  }
  EXPECT_EQ(orders.size(), 2);
}

TEST(SimTransportTest, ADialToNobodyFails) {
  World world(1);
  const auto dialled = world.client->Dial(Address{"nowhere"});
  dialled->connection->Send({"lost", nullptr});
  EXPECT_THAT(dialled->closed, IsEmpty());
  world.loop.RunUntilIdle();
  EXPECT_THAT(dialled->closed, ElementsAre(StatusCode::kUnavailable));
}

TEST(SimTransportTest, AnAddressHasOneListener) {
  World world(1);
  const auto acceptor = [](std::unique_ptr<Connection>) { return nullptr; };
  EXPECT_EQ(world.client->transport.Listen(world.address, world.client->mailbox, acceptor).code(),
            StatusCode::kAlreadyExists);
  world.client->transport.StopListening(world.address);  // Not its own: nothing happens.
  EXPECT_FALSE(world.client->transport.Listen(world.address, world.client->mailbox, acceptor).ok());
  world.server->transport.StopListening(world.address);
  EXPECT_TRUE(world.client->transport.Listen(world.address, world.client->mailbox, acceptor).ok());
  const auto refused = world.server->Dial(world.address);
  world.loop.RunUntilIdle();
  EXPECT_THAT(refused->closed, ElementsAre(StatusCode::kUnavailable));
}

TEST(SimTransportTest, CloseDeliversWhatWasSentBefore) {
  World world(1);
  const auto dialled = world.Connect();
  Recorder& accepted = *world.server->accepted[0];
  accepted.connection->Send({"crossing", nullptr});
  dialled->connection->Send({"last", nullptr});
  dialled->connection->Close();
  dialled->connection->Close();
  dialled->connection->Send({"too late", nullptr});
  world.loop.RunUntilIdle();
  EXPECT_THAT(accepted.heads, ElementsAre("0", "last"));
  EXPECT_THAT(accepted.closed, ElementsAre(StatusCode::kUnavailable));
  EXPECT_THAT(dialled->heads, IsEmpty());
  EXPECT_THAT(dialled->closed, ElementsAre(StatusCode::kCancelled));
}

TEST(SimTransportTest, ADestroyedConnectionIsSilentAndClosesThePeer) {
  World world(1);
  const auto dialled = world.Connect();
  world.server->accepted[0]->connection->Send({"crossing", nullptr});
  dialled->connection.reset();
  world.loop.RunUntilIdle();
  EXPECT_THAT(dialled->heads, IsEmpty());
  EXPECT_THAT(dialled->closed, IsEmpty());
  EXPECT_THAT(world.server->accepted[0]->closed, ElementsAre(StatusCode::kUnavailable));
}

TEST(SimTransportTest, ABreakLosesTheLastFramesOnlyAndIsToldAtTwoTimes) {
  std::set<std::size_t> arrived;
  bool client_first = false;
  bool server_first = false;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    World world(seed);
    const auto dialled = world.Connect();
    for (int i = 1; i < 5; ++i) {
      dialled->connection->Send({std::to_string(i), nullptr});
    }
    world.network.Break(world.client_node, world.server_node);
    dialled->connection->Send({"unheard", nullptr});
    world.loop.RunUntilIdle();
    const Recorder& accepted = *world.server->accepted[0];
    arrived.insert(accepted.heads.size());
    for (std::size_t i = 0; i < accepted.heads.size(); ++i) {
      EXPECT_EQ(accepted.heads[i], std::to_string(i)) << "seed " << seed;
    }
    EXPECT_THAT(accepted.closed, ElementsAre(StatusCode::kUnavailable));
    EXPECT_THAT(dialled->closed, ElementsAre(StatusCode::kUnavailable));
    (accepted.last < dialled->last ? server_first : client_first) = true;
  }
  EXPECT_THAT(arrived, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_TRUE(client_first && server_first);
}

TEST(SimTransportTest, TheHookBreaksAtAnyFrame) {
  for (const FrameFate fate : {FrameFate::kBreakBefore, FrameFate::kBreakAfter}) {
    World world(3);
    const auto dialled = world.Connect();
    world.network.set_frame_hook([&](const FrameEvent& event) {
      EXPECT_EQ(event.from.name(), "client");
      EXPECT_EQ(event.to.name(), "server");
      return event.frame.head == "2" ? fate : FrameFate::kDeliver;
    });
    for (int i = 1; i < 5; ++i) {
      dialled->connection->Send({std::to_string(i), nullptr});
    }
    world.loop.RunUntilIdle();
    const Recorder& accepted = *world.server->accepted[0];
    if (fate == FrameFate::kBreakAfter) {
      EXPECT_THAT(accepted.heads, ElementsAre("0", "1", "2"));
    } else {
      EXPECT_LE(accepted.heads.size(), 2);
    }
    EXPECT_THAT(accepted.closed, ElementsAre(StatusCode::kUnavailable));
    EXPECT_THAT(dialled->closed, ElementsAre(StatusCode::kUnavailable));
  }
}

TEST(SimTransportTest, BreaksAtRandom) {
  World world(5, {.break_once_in = 10});
  int broken = 0;
  for (int round = 0; round < 40; ++round) {
    const auto dialled = world.client->Dial(world.address);
    dialled->connection->Send({"0", nullptr});
    world.loop.RunUntilIdle();
    broken += dialled->closed.empty() ? 0 : 1;
  }
  EXPECT_GT(broken, 0);
  EXPECT_LT(broken, 20);
}

TEST(SimTransportTest, AShortPartitionDelaysOnly) {
  World world(1);
  const auto dialled = world.Connect();
  world.network.Partition(world.client_node, world.server_node);
  dialled->connection->Send({"1", nullptr});
  const auto second = world.client->Dial(world.address);
  second->connection->Send({"other", nullptr});
  world.loop.RunFor(kSecond);
  EXPECT_EQ(world.server->accepted[0]->heads.size(), 1);
  EXPECT_EQ(world.server->accepted.size(), 1);
  world.network.Heal(world.server_node, world.client_node);
  world.loop.RunUntilIdle();
  EXPECT_THAT(world.server->accepted[0]->heads, ElementsAre("0", "1"));
  ASSERT_EQ(world.server->accepted.size(), 2);
  EXPECT_THAT(world.server->accepted[1]->heads, ElementsAre("other"));
  EXPECT_THAT(dialled->closed, IsEmpty());
}

TEST(SimTransportTest, ALongPartitionBreaksConnectionsAndDials) {
  World world(1);
  const auto dialled = world.Connect();
  const auto closing = world.Connect();
  world.network.Partition(world.client_node, world.server_node);
  dialled->connection->Send({"1", nullptr});
  closing->connection->Close();  // The peer cannot hear it.
  const auto late = world.client->Dial(world.address);
  world.loop.RunFor(kSecond);
  EXPECT_THAT(dialled->closed, IsEmpty());
  EXPECT_THAT(world.server->accepted[1]->closed, IsEmpty());
  world.loop.RunFor(60 * kSecond);
  EXPECT_THAT(dialled->closed, ElementsAre(StatusCode::kUnavailable));
  EXPECT_THAT(late->closed, ElementsAre(StatusCode::kUnavailable));
  EXPECT_THAT(world.server->accepted[0]->closed, ElementsAre(StatusCode::kUnavailable));
  EXPECT_THAT(world.server->accepted[1]->closed, ElementsAre(StatusCode::kUnavailable));
  world.network.HealAll();
  world.loop.RunUntilIdle();
  EXPECT_THAT(world.server->accepted[0]->heads, ElementsAre("0"));
}

TEST(SimTransportTest, ACrashedProcessFallsSilentAndItsPeersHear) {
  World world(1);
  const auto dialled = world.Connect();
  const std::shared_ptr<Recorder> accepted = world.server->accepted[0];
  world.network.Crash(world.server_node, CrashKind::kProcess);
  accepted->connection->Send({"from the grave", nullptr});
  accepted->connection->Close();
  const auto ghost = world.server->Dial(world.address);
  dialled->connection->Send({"to the grave", nullptr});
  world.loop.RunFor(kSecond);
  EXPECT_THAT(dialled->heads, IsEmpty());
  EXPECT_THAT(dialled->closed, ElementsAre(StatusCode::kUnavailable));
  EXPECT_THAT(accepted->heads, ElementsAre("0"));
  EXPECT_THAT(accepted->closed, IsEmpty());
  const auto refused = world.client->Dial(world.address);
  world.loop.RunFor(kSecond);
  EXPECT_THAT(refused->closed, ElementsAre(StatusCode::kUnavailable));
  EXPECT_THAT(ghost->closed, IsEmpty());
}

TEST(SimTransportTest, ANewIncarnationListensAgain) {
  World world(1);
  world.Connect();
  world.network.Crash(world.server_node, CrashKind::kProcess);
  const std::unique_ptr<Process> old = std::move(world.server);
  world.server_node.Restart();
  world.server = std::make_unique<Process>(world.network, world.server_node);
  world.server->Listen(world.address);
  old->transport.StopListening(world.address);  // The old one has no say any more.
  const auto dialled = world.Connect();
  EXPECT_EQ(world.server->accepted.size(), 1);
  EXPECT_EQ(old->accepted.size(), 1);
  EXPECT_THAT(dialled->closed, IsEmpty());
}

TEST(SimTransportTest, TheLossOfAHostIsHeardLate) {
  bool was_late = false;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    World world(seed);
    const auto dialled = world.Connect();
    world.network.Crash(world.server_node, CrashKind::kHost);
    const auto silent = world.client->Dial(world.address);
    world.loop.RunFor(kSecond);
    was_late = was_late || dialled->closed.empty();
    EXPECT_THAT(silent->closed, IsEmpty());
    world.loop.RunUntilIdle();
    EXPECT_THAT(dialled->closed, ElementsAre(StatusCode::kUnavailable));
    EXPECT_THAT(silent->closed, ElementsAre(StatusCode::kUnavailable));
  }
  EXPECT_TRUE(was_late);
}

TEST(SimTransportTest, APausedNodeTakesItsFramesWhenItGoesOn) {
  World world(1);
  const auto dialled = world.Connect();
  world.server_node.Pause();
  dialled->connection->Send({"1", nullptr});
  dialled->connection->Close();
  world.loop.RunFor(10 * kSecond);
  EXPECT_THAT(world.server->accepted[0]->heads, ElementsAre("0"));
  world.server_node.Resume();
  world.loop.RunUntilIdle();
  EXPECT_THAT(world.server->accepted[0]->heads, ElementsAre("0", "1"));
  EXPECT_THAT(world.server->accepted[0]->closed, ElementsAre(StatusCode::kUnavailable));
}

TEST(SimTransportTest, AFrameThatIsTooLargeClosesBothEnds) {
  World world(1);
  const auto dialled = world.Connect();
  const auto body = std::make_shared<const std::string>(transport::kMaxFrameBytes, 'x');
  dialled->connection->Send({"x", body});
  world.loop.RunUntilIdle();
  EXPECT_THAT(dialled->closed, ElementsAre(StatusCode::kResourceExhausted));
  EXPECT_THAT(world.server->accepted[0]->closed, ElementsAre(StatusCode::kResourceExhausted));
}

TEST(SimTransportTest, APeerThatStopsReadingIsClosedAtTheBound) {
  World world(1);
  const auto dialled = world.Connect();
  const auto body = std::make_shared<const std::string>(transport::kMaxFrameBytes, 'x');
  for (int i = 0; i < 4; ++i) {
    dialled->connection->Send({"", body});
  }
  dialled->connection->Send({"x", nullptr});
  world.loop.RunUntilIdle();
  EXPECT_THAT(dialled->closed, ElementsAre(StatusCode::kResourceExhausted));
}

/// Random traffic and faults: each handler checks its own rules; returns the trace.
std::uint64_t RunChaos(std::uint64_t seed) {
  World world(seed, {.break_once_in = 40});
  std::vector<std::shared_ptr<Recorder>> dialled;
  SeededRandom random(seed);
  for (int step = 0; step < 300; ++step) {
    const std::uint64_t choice = random.Uniform(20);
    if (choice < 3) {
      dialled.push_back(world.client->Dial(world.address));
    } else if (choice < 13 && !dialled.empty()) {
      dialled[random.Uniform(dialled.size())]->connection->Send({std::to_string(step), nullptr});
    } else if (choice == 13) {
      world.network.Partition(world.client_node, world.server_node);
    } else if (choice == 14) {
      world.network.HealAll();
    } else if (choice == 15 && !dialled.empty()) {
      dialled[random.Uniform(dialled.size())]->connection->Close();
    } else if (choice == 16 && random.Chance(4)) {
      world.network.Crash(world.server_node,
                          random.Chance(2) ? CrashKind::kHost : CrashKind::kProcess);
      world.server.reset();
      world.server_node.Restart();
      world.server = std::make_unique<Process>(world.network, world.server_node);
      world.server->Listen(world.address);
    } else {
      world.loop.RunFor(Microseconds(random.Uniform(200'000)));
    }
  }
  world.network.HealAll();
  world.loop.RunUntilIdle();
  for (const auto& recorder : dialled) {
    EXPECT_LE(recorder->closed.size(), 1) << world.loop.Describe();
  }
  for (const auto& recorder : world.server->accepted) {
    EXPECT_TRUE(std::is_sorted(
        recorder->heads.begin(),
        recorder->heads.end(),
        [](const std::string& a, const std::string& b) { return std::stoi(a) < std::stoi(b); }))
        << world.loop.Describe();
    EXPECT_LE(recorder->closed.size(), 1) << world.loop.Describe();
  }
  return world.loop.trace_hash();
}

TEST(SimTransportTest, ChaosKeepsTheRulesAndRepeatsItself) {
  std::set<std::uint64_t> traces;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const std::uint64_t trace = RunChaos(seed);
    EXPECT_EQ(RunChaos(seed), trace) << "seed " << seed;
    traces.insert(trace);
  }
  EXPECT_EQ(traces.size(), 40);
}

}  // namespace
}  // namespace thalweg::testing
