// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_CHANNEL_ITEM_H_
#define THALWEG_RUNTIME_CHANNEL_ITEM_H_

#include <variant>

#include "base/ids.h"
#include "base/time.h"
#include "columnar/batch.h"
#include "proto/checkpoint.pb.h"

namespace thalweg::runtime {

/// Separates what belongs to a checkpoint from what follows it.
struct Barrier {
  CheckpointId checkpoint;
  proto::CheckpointKind kind = proto::CHECKPOINT_PERIODIC;

  friend bool operator==(const Barrier&, const Barrier&) = default;
};

/// No row below `millis` follows.
struct Watermark {
  EventMillis millis = kMinWatermark;

  friend bool operator==(const Watermark&, const Watermark&) = default;
};

/// Until the next batch or watermark this channel holds back nobody's event time.
struct Idle {
  friend bool operator==(const Idle&, const Idle&) = default;
};

/// No batch and no watermark follows; barriers still do. Its last watermark was kMaxWatermark.
struct End {
  friend bool operator==(const End&, const End&) = default;
};

/// What travels on a channel.
using Item = std::variant<columnar::Batch, Barrier, Watermark, Idle, End>;

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_CHANNEL_ITEM_H_
