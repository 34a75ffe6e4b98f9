// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_CONNECTORS_BLACKHOLE_BLACKHOLE_H_
#define THALWEG_CONNECTORS_BLACKHOLE_BLACKHOLE_H_

#include <memory>

#include "runtime/connector/sink.h"

namespace thalweg::connectors {

/// The sink "blackhole": takes any rows, inserts or changes, and keeps none. No options; its spec
/// is empty.
std::unique_ptr<runtime::SinkConnector> MakeBlackholeSink();

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_BLACKHOLE_BLACKHOLE_H_
