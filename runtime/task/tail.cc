// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/tail.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace thalweg::runtime {
namespace {

class RouterTail final : public Tail {
 public:
  explicit RouterTail(std::vector<std::unique_ptr<Router>> routers)
      : routers_(std::move(routers)) {}

  bool CanTake(SlotItem front) override {
    switch (front) {
      case SlotItem::kBatch:
        return std::ranges::all_of(routers_, [](const auto& router) { return router->HasRoom(); });
      case SlotItem::kIdle:
      case SlotItem::kEnd:
        return Flush();
      default:
        return true;
    }
  }

  Status Take(Item item) override {
    for (const auto& router : routers_) {
      if (const auto* batch = std::get_if<columnar::Batch>(&item)) {
        router->Emit(*batch);
      } else if (const auto* watermark = std::get_if<Watermark>(&item)) {
        router->EmitWatermark(watermark->millis);
      } else {
        router->Broadcast(item);
      }
    }
    return OkStatus();
  }

  bool Flush() override {
    bool all = true;
    for (const auto& router : routers_) {
      all = router->Flush() && all;
    }
    return all;
  }

  void PassBarrier(const Barrier& barrier) override {
    for (const auto& router : routers_) {
      router->Broadcast(barrier);
    }
  }

 private:
  const std::vector<std::unique_ptr<Router>> routers_;
};

class SinkTail final : public Tail {
 public:
  explicit SinkTail(std::unique_ptr<Sink> sink) : sink_(std::move(sink)) {}

  bool CanTake(SlotItem front) override { return front != SlotItem::kBatch || sink_->HasRoom(); }
  Status Take(Item item) override {
    if (const auto* batch = std::get_if<columnar::Batch>(&item)) {
      if (!batch->empty()) {
        RETURN_IF_ERROR(sink_->Write(*batch));
      }
      if (!batch->marks().empty()) {
        sink_->OnWatermark(batch->marks().back().watermark);
      }
    } else if (const auto* watermark = std::get_if<Watermark>(&item)) {
      sink_->OnWatermark(watermark->millis);
    } else if (std::holds_alternative<End>(item)) {
      sink_->OnEnding(SinkEnding::kEnded);
    }
    return OkStatus();
  }
  bool Flush() override { return true; }
  void PassBarrier(const Barrier& barrier) override {
    if (barrier.kind == proto::CHECKPOINT_STOP) {
      sink_->OnEnding(SinkEnding::kStopped);
    }
  }
  Sink* sink() override { return sink_.get(); }

 private:
  const std::unique_ptr<Sink> sink_;
};

class TailWithSide final : public Tail {
 public:
  TailWithSide(std::unique_ptr<Tail> tail, std::unique_ptr<SideOutput> side)
      : tail_(std::move(tail)), side_(std::move(side)) {}

  bool CanTake(SlotItem front) override {
    return (front != SlotItem::kEnd || side_->Flush()) && tail_->CanTake(front);
  }
  Status Take(Item item) override {
    if (std::holds_alternative<End>(item)) {
      side_->Broadcast(item);
    }
    return tail_->Take(std::move(item));
  }
  bool Flush() override {
    const bool side_flushed = side_->Flush();
    return tail_->Flush() && side_flushed;
  }
  void PassBarrier(const Barrier& barrier) override {
    side_->Broadcast(barrier);
    tail_->PassBarrier(barrier);
  }
  Sink* sink() override { return tail_->sink(); }

 private:
  const std::unique_ptr<Tail> tail_;
  const std::unique_ptr<SideOutput> side_;
};

}  // namespace

bool SideOutput::HasRoom() const {
  return std::ranges::all_of(routers_, [](const auto& router) { return router->HasRoom(); });
}

void SideOutput::Emit(columnar::Batch batch) {
  for (const auto& router : routers_) {
    router->Emit(batch);
  }
}

bool SideOutput::Flush() {
  bool all = true;
  for (const auto& router : routers_) {
    all = router->Flush() && all;
  }
  return all;
}

void SideOutput::Broadcast(const Item& mark) {
  for (const auto& router : routers_) {
    router->Broadcast(mark);
  }
}

std::unique_ptr<Tail> MakeTailWithSide(std::unique_ptr<Tail> tail,
                                       std::unique_ptr<SideOutput> side) {
  return std::make_unique<TailWithSide>(std::move(tail), std::move(side));
}

std::unique_ptr<Tail> MakeRouterTail(std::vector<std::unique_ptr<Router>> routers) {
  return std::make_unique<RouterTail>(std::move(routers));
}

std::unique_ptr<Tail> MakeSinkTail(std::unique_ptr<Sink> sink) {
  return std::make_unique<SinkTail>(std::move(sink));
}

}  // namespace thalweg::runtime
