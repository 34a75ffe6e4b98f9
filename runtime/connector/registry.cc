// SPDX-License-Identifier: Apache-2.0
#include "runtime/connector/registry.h"

#include <string>
#include <utility>

#include "base/check.h"

namespace thalweg::runtime {
namespace {

template <class Connector>
StatusOr<const Connector*> Find(const std::map<std::string, std::unique_ptr<Connector>>& all,
                                const std::string& name,
                                const std::string& role) {
  const auto found = all.find(name);
  if (found != all.end()) {
    return found->second.get();
  }
  std::string known;
  for (const auto& [other, connector] : all) {
    known += known.empty() ? other : ", " + other;
  }
  return NotFound("No " + role + " connector is named '" + name + "'; there are: " + known);
}

}  // namespace

void ConnectorRegistry::AddSource(std::string name, std::unique_ptr<SourceConnector> source) {
  CHECK(sources_.emplace(std::move(name), std::move(source)).second);
}

void ConnectorRegistry::AddSink(std::string name, std::unique_ptr<SinkConnector> sink) {
  CHECK(sinks_.emplace(std::move(name), std::move(sink)).second);
}

StatusOr<const SourceConnector*> ConnectorRegistry::Source(const std::string& name) const {
  return Find(sources_, name, "source");
}

StatusOr<const SinkConnector*> ConnectorRegistry::Sink(const std::string& name) const {
  return Find(sinks_, name, "sink");
}

}  // namespace thalweg::runtime
