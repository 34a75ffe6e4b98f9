// SPDX-License-Identifier: Apache-2.0
//
// All connectors of this folder, for entry points. A connector's options are Flink's, by Flink's
// names; Plan() of the connector (runtime/connector) compiles them into a spec, as the C++ plan
// builders of each folder do from typed options.
#ifndef THALWEG_CONNECTORS_CONNECTORS_H_
#define THALWEG_CONNECTORS_CONNECTORS_H_

#include "connectors/print/print.h"
#include "runtime/connector/registry.h"

namespace thalweg::connectors {

class CollectHub;

/// Sources "datagen" and "filesystem", sinks "filesystem", "print" and "blackhole". What is printed
/// goes to `print`, which outlives the registry and every sink.
void RegisterAll(runtime::ConnectorRegistry& registry, PrintOutput& print = StandardOutput());

/// Sink "collect". Its rows go to `hub`, which outlives the registry and every sink.
void RegisterCollect(runtime::ConnectorRegistry& registry, CollectHub& hub);

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_CONNECTORS_H_
