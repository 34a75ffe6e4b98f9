// SPDX-License-Identifier: Apache-2.0
//
// Where a chain's output goes: to routers, or into a sink.
#ifndef THALWEG_RUNTIME_TASK_TAIL_H_
#define THALWEG_RUNTIME_TASK_TAIL_H_

#include <memory>
#include <utility>
#include <vector>

#include "base/status.h"
#include "runtime/channel/item.h"
#include "runtime/channel/router.h"
#include "runtime/connector/output.h"
#include "runtime/connector/sink.h"
#include "runtime/task/slot.h"

namespace thalweg::runtime {

/// Used by one chain, on its lane.
class Tail {
 public:
  virtual ~Tail() = default;

  virtual bool CanTake(SlotItem front) = 0;
  virtual Status Take(Item item) = 0;
  /// Sends what is collected; false: some of it found no room.
  virtual bool Flush() = 0;
  /// To all outputs in one step. REQUIRES: Flush() was true and nothing was taken since.
  virtual void PassBarrier(const Barrier& barrier) = 0;
  /// Null: there is no sink.
  virtual Sink* sink() { return nullptr; }
};

/// One router per edge; none for a chain whose output nobody reads.
std::unique_ptr<Tail> MakeRouterTail(std::vector<std::unique_ptr<Router>> routers);
std::unique_ptr<Tail> MakeSinkTail(std::unique_ptr<Sink> sink);

/// What leaves the chain at its head, beside the rows: it goes to routers of its own.
class SideOutput final : public Output {
 public:
  void AddRouter(std::unique_ptr<Router> router) { routers_.push_back(std::move(router)); }

  bool HasRoom() const override;
  void Emit(columnar::Batch batch) override;
  /// Nobody waits for the event time of such rows.
  void EmitWatermark(EventMillis /*watermark*/) override {}

  bool Flush();
  /// REQUIRES: Flush() was true and nothing was emitted since.
  void Broadcast(const Item& mark);

 private:
  std::vector<std::unique_ptr<Router>> routers_;
};

/// Marks go to `tail` and to `side`.
std::unique_ptr<Tail> MakeTailWithSide(std::unique_ptr<Tail> tail,
                                       std::unique_ptr<SideOutput> side);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_TASK_TAIL_H_
