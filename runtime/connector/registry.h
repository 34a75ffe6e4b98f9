// SPDX-License-Identifier: Apache-2.0
//
// Which connectors a program has. Filled by the entry point (main, the embedded client, a test) and
// handed on; nothing registers itself.
#ifndef THALWEG_RUNTIME_CONNECTOR_REGISTRY_H_
#define THALWEG_RUNTIME_CONNECTOR_REGISTRY_H_

#include <map>
#include <memory>
#include <string>

#include "base/status.h"
#include "runtime/connector/sink.h"
#include "runtime/connector/source.h"

namespace thalweg::runtime {

/// Connectors by name. Immutable once the engine runs: then safe from any thread.
class ConnectorRegistry {
 public:
  void AddSource(std::string name, std::unique_ptr<SourceConnector> source);
  void AddSink(std::string name, std::unique_ptr<SinkConnector> sink);

  /// kNotFound names the connector and lists those that there are.
  StatusOr<const SourceConnector*> Source(const std::string& name) const;
  StatusOr<const SinkConnector*> Sink(const std::string& name) const;

 private:
  std::map<std::string, std::unique_ptr<SourceConnector>> sources_;
  std::map<std::string, std::unique_ptr<SinkConnector>> sinks_;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_CONNECTOR_REGISTRY_H_
