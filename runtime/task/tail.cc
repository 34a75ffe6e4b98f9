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
    const auto* batch = std::get_if<columnar::Batch>(&item);
    return batch == nullptr ? OkStatus() : sink_->Write(*batch);
  }
  bool Flush() override { return true; }
  void PassBarrier(const Barrier& /*barrier*/) override {}
  Sink* sink() override { return sink_.get(); }

 private:
  const std::unique_ptr<Sink> sink_;
};

}  // namespace

std::unique_ptr<Tail> MakeRouterTail(std::vector<std::unique_ptr<Router>> routers) {
  return std::make_unique<RouterTail>(std::move(routers));
}

std::unique_ptr<Tail> MakeSinkTail(std::unique_ptr<Sink> sink) {
  return std::make_unique<SinkTail>(std::move(sink));
}

}  // namespace thalweg::runtime
