// SPDX-License-Identifier: Apache-2.0
#include "connectors/connectors.h"

#include "connectors/blackhole/blackhole.h"
#include "connectors/collect/collect.h"
#include "connectors/datagen/datagen.h"
#include "connectors/filesystem/filesystem.h"
#include "connectors/values/values.h"

namespace thalweg::connectors {

void RegisterAll(runtime::ConnectorRegistry& registry, PrintOutput& print) {
  registry.AddSource("datagen", MakeDatagenSource());
  registry.AddSource("filesystem", MakeFileSource());
  registry.AddSource("values", MakeValuesSource());
  registry.AddSink("filesystem", MakeFileSink());
  registry.AddSink("print", MakePrintSink(print));
  registry.AddSink("blackhole", MakeBlackholeSink());
}

void RegisterCollect(runtime::ConnectorRegistry& registry, CollectHub& hub) {
  registry.AddSink("collect", MakeCollectSink(hub));
}

}  // namespace thalweg::connectors
