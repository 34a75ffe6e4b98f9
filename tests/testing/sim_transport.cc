// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/sim_transport.h"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace thalweg::testing {
namespace {

using transport::Acceptor;
using transport::Address;
using transport::Connection;
using transport::ConnectionHandler;
using transport::Frame;

/// Two nodes in any order.
using NodePair = std::pair<const SimNode*, const SimNode*>;

NodePair PairOf(const SimNode* a, const SimNode* b) {
  return std::less<>()(a, b) ? NodePair(a, b) : NodePair(b, a);
}

/// What travels to one end.
struct Item {
  enum class Kind { kOpen, kFrame, kEnd };
  Kind kind;
  Frame frame;     // Of kFrame.
  Status status;   // Of kEnd.
  MonoTime due{};  // Of its arrival.
};

struct Link;

/// One end of a link.
struct End {
  Link* link = nullptr;
  SimNode* node = nullptr;  // Null: nobody listened when it was dialled, and nobody has accepted.
  std::uint32_t incarnation = 0;
  Mailbox* mailbox = nullptr;  // Null: not accepted yet, detached, or its process is dead.
  std::weak_ptr<ConnectionHandler> handler;
  std::deque<Item> held;         // Towards this end, behind a partition.
  std::deque<Item> in_flight;    // Towards this end, by time of arrival.
  std::deque<Item> arrived;      // For the handler, one mail each.
  std::size_t queued_bytes = 0;  // Of all three.
  bool ending = false;           // The kEnd of this end is in one of the three, or has been run.
  bool over = false;             // It has been run.
};

/// Ends are shared by their links: one pointer keeps the whole link alive, and fits into an event.
using EndRef = std::shared_ptr<End>;

struct Link {
  std::shared_ptr<SimNetwork::State> network;
  Address address;
  std::uint64_t number = 0;
  End ends[2];  // The dialler's, the listener's.
};

EndRef PeerOf(const EndRef& end) {
  End* const ends = end->link->ends;
  return {end, end.get() == &ends[0] ? &ends[1] : &ends[0]};
}

bool IsDead(const End& end) {
  return end.node == nullptr || !end.node->Lives(end.incarnation);
}

bool HoldsEnd(const std::deque<Item>& items) {
  return !items.empty() && items.back().kind == Item::Kind::kEnd;
}

struct Listener {
  SimNode& node;
  std::uint32_t incarnation;
  Mailbox& mailbox;
  Acceptor acceptor;
};

class SimConnection final : public Connection {
 public:
  explicit SimConnection(EndRef end) : end_(std::move(end)) {}
  ~SimConnection() override;

  void Send(Frame frame) override;
  void Close() override;

 private:
  const EndRef end_;
};

}  // namespace

struct SimNetwork::State : std::enable_shared_from_this<State> {
  State(SimLoop& owner, SimNetworkOptions settings) : loop(owner), options(settings) {}

  // What connections do.
  EndRef Dial(const Address& address, SimNode& node, std::uint32_t incarnation, Mailbox& mailbox);
  void Send(const EndRef& end, Frame frame);
  void Close(const EndRef& end);
  void Detach(const EndRef& end);

  // What the wire does.
  void Ship(const EndRef& end, Item item);
  void ShipAfter(const EndRef& end, Item item, Microseconds delay);
  void Arrive(const EndRef& end);
  void Open(const EndRef& end);
  void Accept(const EndRef& end, const std::weak_ptr<Listener>& weak_listener);
  static void RunOne(const EndRef& end);

  // What goes wrong.
  void Finish(const EndRef& end, Status status, Microseconds delay);
  void LoseFrames(End& end);
  void BreakLink(const EndRef& end, const Status& status);
  void BreakIfStillPartitioned(const EndRef& end, std::uint64_t partition);
  void CrashEnd(const EndRef& end, CrashKind kind);
  void ReleaseHeld();

  Microseconds Latency() { return loop.RandomDelay(options.latency_min, options.latency_max); }
  /// The number of the partition that the link of this end lies across; 0: none.
  std::uint64_t PartitionOf(const EndRef& end) const;
  /// The first end of each link that is still in use, in the order of dialling.
  std::vector<EndRef> LivingLinks();
  std::vector<EndRef> LinksBetween(const SimNode& a, const SimNode& b);

  SimLoop& loop;
  SimNetworkOptions options;
  UniqueFunction<FrameFate(const FrameEvent&)> hook;
  std::uint64_t frames_sent = 0;
  std::uint64_t next_link = 0;
  std::uint64_t last_partition = 0;
  std::map<Address, std::shared_ptr<Listener>> listeners;
  std::set<Address> silent;  // Of lost hosts: a dial gets no answer.
  std::vector<std::weak_ptr<Link>> links;
  std::map<NodePair, std::uint64_t>
      partitions;  // Looked up, never walked: its order is not seeded.
};

namespace {

SimConnection::~SimConnection() {
  end_->link->network->Detach(end_);
}
void SimConnection::Send(Frame frame) {
  end_->link->network->Send(end_, std::move(frame));
}
void SimConnection::Close() {
  end_->link->network->Close(end_);
}

}  // namespace

EndRef SimNetwork::State::Dial(const Address& address,
                               SimNode& node,
                               std::uint32_t incarnation,
                               Mailbox& mailbox) {
  const auto link = std::make_shared<Link>();
  link->network = shared_from_this();
  link->address = address;
  link->number = next_link++;
  for (End& end : link->ends) {
    end.link = link.get();
  }
  const EndRef near(link, &link->ends[0]);
  const EndRef far(link, &link->ends[1]);
  near->node = &node;
  near->incarnation = incarnation;
  if (IsDead(*near)) {
    return near;  // A dead process speaks to nobody and hears nothing.
  }
  near->mailbox = &mailbox;
  const auto listener = listeners.find(address);
  if (listener != listeners.end()) {
    far->node = &listener->second->node;  // Where partitions are looked up.
    far->incarnation = listener->second->incarnation;
  }
  std::erase_if(links, [](const std::weak_ptr<Link>& old) { return old.expired(); });
  links.push_back(link);
  Ship(far, {Item::Kind::kOpen, Frame(), OkStatus()});
  if (const std::uint64_t partition = PartitionOf(near); partition != 0) {
    loop.After(options.patience,
               [near, partition, this] { BreakIfStillPartitioned(near, partition); });
  }
  return near;
}

void SimNetwork::State::Send(const EndRef& end, Frame frame) {
  if (end->ending || end->mailbox == nullptr || IsDead(*end)) {
    return;
  }
  const EndRef peer = PeerOf(end);
  const std::size_t size = SizeOf(frame);
  if (size > transport::kMaxFrameBytes) {
    BreakLink(end, ResourceExhausted(fmt::format("A frame of {} bytes is too large.", size)));
    return;
  }
  if (peer->queued_bytes + size > transport::kMaxQueuedBytes) {
    BreakLink(end, ResourceExhausted("The peer has stopped reading."));
    return;
  }
  loop.Note(frame.head);
  loop.Note(size);
  FrameFate fate = FrameFate::kDeliver;
  if (options.break_once_in > 0 && loop.random().Chance(options.break_once_in)) {
    fate = loop.random().Chance(2) ? FrameFate::kBreakBefore : FrameFate::kBreakAfter;
  }
  const std::uint64_t number = frames_sent++;
  if (hook != nullptr && peer->node != nullptr) {
    const FrameFate asked = hook({number, *end->node, *peer->node, frame});
    fate = asked == FrameFate::kDeliver ? fate : asked;
  }
  const Status broken = Unavailable("The connection broke.");
  if (fate == FrameFate::kBreakBefore) {
    BreakLink(end, broken);
    return;
  }
  peer->queued_bytes += size;
  Ship(peer, {Item::Kind::kFrame, std::move(frame), OkStatus()});
  if (fate == FrameFate::kBreakAfter) {
    // Behind the frame, so that it is not lost with those in flight.
    Finish(peer, broken, loop.RandomDelay(options.latency_min, options.notice_max));
    BreakLink(end, broken);
  }
}

void SimNetwork::State::Close(const EndRef& end) {
  if (end->over || IsDead(*end)) {
    return;
  }
  const bool knew = HoldsEnd(end->arrived);
  std::deque<Item> dropped = std::exchange(end->arrived, {});
  end->in_flight.clear();
  end->held.clear();
  end->queued_bytes = 0;
  end->ending = true;
  Item last{Item::Kind::kEnd, Frame(), Cancelled("The connection was closed by this end.")};
  end->arrived.push_back(knew ? std::move(dropped.back()) : std::move(last));
  if (!knew && end->mailbox != nullptr) {
    end->mailbox->Post([end] { RunOne(end); });
  }
  const EndRef peer = PeerOf(end);
  if (!peer->ending) {
    peer->ending = true;
    Ship(peer, {Item::Kind::kEnd, Frame(), Unavailable("The connection was closed by the peer.")});
  }
}

void SimNetwork::State::Detach(const EndRef& end) {
  end->mailbox = nullptr;
  end->handler.reset();
  Close(end);
}

void SimNetwork::State::Ship(const EndRef& end, Item item) {
  if (PartitionOf(end) != 0) {
    end->held.push_back(std::move(item));
  } else {
    ShipAfter(end, std::move(item), Latency());
  }
}

void SimNetwork::State::ShipAfter(const EndRef& end, Item item, Microseconds delay) {
  item.due = loop.now() + delay;
  if (!end->in_flight.empty()) {
    item.due = std::max(item.due, end->in_flight.back().due);
  }
  loop.At(item.due, [end] { end->link->network->Arrive(end); });
  end->in_flight.push_back(std::move(item));
}

void SimNetwork::State::Arrive(const EndRef& end) {
  if (end->in_flight.empty() || end->in_flight.front().due > loop.now()) {
    return;  // What this event was made for was lost in a break.
  }
  Item item = std::move(end->in_flight.front());
  end->in_flight.pop_front();
  if (item.kind == Item::Kind::kOpen) {
    Open(end);
  } else if (end->mailbox == nullptr || IsDead(*end)) {
    end->queued_bytes -= SizeOf(item.frame);
  } else {
    end->arrived.push_back(std::move(item));
    end->mailbox->Post([end] { RunOne(end); });
  }
}

void SimNetwork::State::Open(const EndRef& end) {
  const auto found = listeners.find(end->link->address);
  if (found == listeners.end() || !found->second->node.Lives(found->second->incarnation)) {
    const bool is_silent = silent.contains(end->link->address);
    end->ending = true;
    Finish(PeerOf(end),
           Unavailable(fmt::format("Nobody listens at '{}'.", end->link->address.value)),
           is_silent ? options.patience : Latency());
    return;
  }
  Listener& listener = *found->second;
  end->node = &listener.node;
  end->incarnation = listener.incarnation;
  end->mailbox = &listener.mailbox;
  listener.mailbox.Post(
      [end, weak = std::weak_ptr(found->second)] { end->link->network->Accept(end, weak); });
}

void SimNetwork::State::Accept(const EndRef& end, const std::weak_ptr<Listener>& weak_listener) {
  auto connection = std::make_unique<SimConnection>(end);
  const std::shared_ptr<Listener> listener = weak_listener.lock();
  if (listener == nullptr) {
    return;  // It has stopped listening; the connection closes itself.
  }
  const std::shared_ptr<ConnectionHandler> handler = listener->acceptor(std::move(connection));
  if (handler == nullptr) {
    Close(end);
  } else {
    end->handler = handler;
  }
}

void SimNetwork::State::RunOne(const EndRef& end) {
  if (end->mailbox == nullptr || end->arrived.empty()) {
    return;  // Detached, or its frame was dropped by an own Close().
  }
  Item item = std::move(end->arrived.front());
  end->arrived.pop_front();
  end->queued_bytes -= SizeOf(item.frame);
  end->over = item.kind == Item::Kind::kEnd;
  const std::shared_ptr<ConnectionHandler> handler = end->handler.lock();
  if (handler == nullptr) {
    return;
  }
  if (end->over) {
    handler->OnClosed(item.status);
  } else {
    handler->OnFrame(std::move(item.frame));
  }
}

/// Ends `end` behind what is in flight to it, after `delay` at the earliest; what a partition holds
/// is lost. The first one that can get through counts.
void SimNetwork::State::Finish(const EndRef& end, Status status, Microseconds delay) {
  if (!end->ending || HoldsEnd(end->held)) {
    for (const Item& item : std::exchange(end->held, {})) {
      end->queued_bytes -= SizeOf(item.frame);
    }
    end->ending = true;
    ShipAfter(end, {Item::Kind::kEnd, Frame(), std::move(status)}, delay);
  }
}

/// Loses a seeded number of the last frames towards `end`.
void SimNetwork::State::LoseFrames(End& end) {
  const std::size_t kept = loop.random().Uniform(end.in_flight.size() + 1);
  while (end.in_flight.size() > kept && end.in_flight.back().kind == Item::Kind::kFrame) {
    end.queued_bytes -= SizeOf(end.in_flight.back().frame);
    end.in_flight.pop_back();
  }
}

void SimNetwork::State::BreakLink(const EndRef& end, const Status& status) {
  loop.Note(end->link->number);
  for (const EndRef& each : {end, PeerOf(end)}) {
    if (!each->ending) {
      LoseFrames(*each);
    }
    Finish(each, status, loop.RandomDelay(options.latency_min, options.notice_max));
  }
}

void SimNetwork::State::BreakIfStillPartitioned(const EndRef& end, std::uint64_t partition) {
  if (PartitionOf(end) == partition) {
    BreakLink(end, Unavailable("The peer does not answer."));
  }
}

/// The process of `end` dies.
void SimNetwork::State::CrashEnd(const EndRef& end, CrashKind kind) {
  end->mailbox = nullptr;
  end->handler.reset();
  end->held.clear();
  end->in_flight.clear();
  end->arrived.clear();
  end->ending = true;
  const EndRef peer = PeerOf(end);
  Microseconds delay = Latency();
  if (kind == CrashKind::kHost) {
    delay = loop.RandomDelay(options.latency_min, options.host_notice_max);
  } else if (PartitionOf(peer) != 0) {
    delay = options.patience;
  }
  if (!peer->ending) {
    LoseFrames(*peer);
  }
  Finish(peer, Unavailable("The peer's process ended."), delay);
}

void SimNetwork::State::ReleaseHeld() {
  for (const EndRef& near : LivingLinks()) {
    for (const EndRef& end : {near, PeerOf(near)}) {
      if (PartitionOf(end) == 0) {
        for (Item& item : std::exchange(end->held, {})) {
          Ship(end, std::move(item));
        }
      }
    }
  }
}

std::uint64_t SimNetwork::State::PartitionOf(const EndRef& end) const {
  const auto found = partitions.find(PairOf(end->node, PeerOf(end)->node));
  return found == partitions.end() ? 0 : found->second;
}

std::vector<EndRef> SimNetwork::State::LivingLinks() {
  std::vector<EndRef> living;
  for (const std::weak_ptr<Link>& weak : links) {
    if (const std::shared_ptr<Link> link = weak.lock(); link != nullptr) {
      living.emplace_back(link, &link->ends[0]);
    }
  }
  return living;
}

std::vector<EndRef> SimNetwork::State::LinksBetween(const SimNode& a, const SimNode& b) {
  std::vector<EndRef> between = LivingLinks();
  std::erase_if(between, [&](const EndRef& end) {
    return PairOf(end->node, PeerOf(end)->node) != PairOf(&a, &b);
  });
  return between;
}

SimNetwork::SimNetwork(SimLoop& loop, SimNetworkOptions options)
    : state_(std::make_shared<State>(loop, options)) {}

SimNetwork::~SimNetwork() {
  // Acceptors and the hook may own what holds links, which hold the state.
  const auto dropped_listeners = std::exchange(state_->listeners, {});
  const auto dropped_hook = std::exchange(state_->hook, nullptr);
}

void SimNetwork::set_options(SimNetworkOptions options) {
  state_->options = options;
}

void SimNetwork::set_frame_hook(UniqueFunction<FrameFate(const FrameEvent&)> hook) {
  state_->hook = std::move(hook);
}

std::uint64_t SimNetwork::frames_sent() const {
  return state_->frames_sent;
}

void SimNetwork::Crash(SimNode& node, CrashKind kind) {
  for (const EndRef& near : state_->LivingLinks()) {
    for (const EndRef& end : {near, PeerOf(near)}) {
      if (end->node == &node && !IsDead(*end)) {
        state_->CrashEnd(end, kind);
      }
    }
  }
  std::vector<std::shared_ptr<Listener>> dropped;  // Freed when the process is dead.
  for (auto at = state_->listeners.begin(); at != state_->listeners.end();) {
    if (&at->second->node == &node) {
      if (kind == CrashKind::kHost) {
        state_->silent.insert(at->first);
      }
      dropped.push_back(std::move(at->second));
      at = state_->listeners.erase(at);
    } else {
      ++at;
    }
  }
  node.Crash();
}

void SimNetwork::Partition(SimNode& a, SimNode& b) {
  const std::uint64_t number = ++state_->last_partition;
  state_->partitions[PairOf(&a, &b)] = number;
  for (const EndRef& end : state_->LinksBetween(a, b)) {
    state_->loop.After(state_->options.patience,
                       [end, number] { end->link->network->BreakIfStillPartitioned(end, number); });
  }
}

void SimNetwork::Heal(SimNode& a, SimNode& b) {
  state_->partitions.erase(PairOf(&a, &b));
  state_->ReleaseHeld();
}

void SimNetwork::HealAll() {
  state_->partitions.clear();
  state_->ReleaseHeld();
}

void SimNetwork::Break(SimNode& a, SimNode& b) {
  for (const EndRef& end : state_->LinksBetween(a, b)) {
    state_->BreakLink(end, Unavailable("The connection broke."));
  }
}

SimTransport::SimTransport(SimNetwork& network, SimNode& node)
    : network_(network.state_), node_(node), incarnation_(node.incarnation()) {}

SimTransport::~SimTransport() = default;

Status SimTransport::Listen(const Address& address, Mailbox& mailbox, Acceptor acceptor) {
  if (!node_.Lives(incarnation_)) {
    return Unavailable("This process has crashed.");
  }
  if (network_->listeners.contains(address)) {
    return AlreadyExists(fmt::format("Somebody listens at '{}' already.", address.value));
  }
  network_->silent.erase(address);
  network_->listeners[address] =
      std::make_shared<Listener>(Listener{node_, incarnation_, mailbox, std::move(acceptor)});
  return OkStatus();
}

void SimTransport::StopListening(const Address& address) {
  const auto found = network_->listeners.find(address);
  if (found != network_->listeners.end() && &found->second->node == &node_ &&
      found->second->incarnation == incarnation_) {
    const std::shared_ptr<Listener> dropped = std::move(found->second);
    network_->listeners.erase(found);
  }
}

std::unique_ptr<Connection> SimTransport::Dial(const Address& address,
                                               Mailbox& mailbox,
                                               std::shared_ptr<ConnectionHandler> handler) {
  const EndRef end = network_->Dial(address, node_, incarnation_, mailbox);
  end->handler = handler;
  return std::make_unique<SimConnection>(end);
}

}  // namespace thalweg::testing
