// SPDX-License-Identifier: Apache-2.0
#include "sql/explain.h"

#include <cstdint>
#include <map>

#include "fmt/format.h"
#include "runtime/plan/plan.h"

namespace thalweg::sql {
namespace {

class Explainer {
 public:
  explicit Explainer(const runtime::PlanGraph& graph)
      : graph_(graph), wanted_(graph.UpdateBeforeWanted()) {}

  void Count(std::size_t node) {
    if (++readers_[node] == 1) {
      for (const std::size_t input : graph_.node(node).inputs) {
        Count(input);
      }
    }
  }

  void Show(std::size_t index, std::size_t depth, const std::string& how, std::string* text) {
    const runtime::PlanNode& node = graph_.node(index);
    const std::string indent = depth == 0 ? "" : std::string((depth - 1) * 3, ' ') + "+- ";
    *text += indent + how;
    const bool shared = readers_[index] > 1;
    if (shared && numbers_.contains(index)) {
      *text += fmt::format("again [{}]\n", numbers_[index]);
      return;
    }
    *text += runtime::KindName(node.step) == "read" || runtime::KindName(node.step) == "sink"
                 ? runtime::KindName(node.step) + " " + node.step.name()
                 : node.step.name();
    if (!node.step.has_sink()) {
      *text += ", changes " + ToString(node.kinds, wanted_[index]);
    }
    if (node.parallelism > 1) {
      *text += fmt::format(", parallelism {}", node.parallelism);
    }
    if (shared) {
      numbers_[index] = numbers_.size() + 1;
      *text += fmt::format(" [{}]", numbers_[index]);
    }
    *text += "\n";
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      Show(node.inputs[i], depth + 1, HowRowsCome(node, i), text);
    }
  }

 private:
  std::string HowRowsCome(const runtime::PlanNode& node, std::size_t i) const {
    const runtime::PlanNode& input = graph_.node(node.inputs[i]);
    std::vector<std::uint32_t> keys;
    if (runtime::RoleOf(node.step) == runtime::StepRole::kKeyed) {
      keys = runtime::KeyColumnsOf(node.step, static_cast<std::uint32_t>(i));
      if (keys.empty()) {
        return "(single) ";
      }
    } else if (node.hash_on.has_value()) {
      keys = *node.hash_on;
    } else {
      return node.parallelism == input.parallelism ? "" : "(rebalance) ";
    }
    std::string names;
    for (const std::uint32_t key : keys) {
      names += (names.empty() ? "" : ", ") + input.schema->field(key).name;
    }
    return "(hash on " + names + ") ";
  }

  const runtime::PlanGraph& graph_;
  const std::vector<bool> wanted_;
  std::map<std::size_t, std::size_t> readers_;
  std::map<std::size_t, std::size_t> numbers_;
};

}  // namespace

std::string ExplainNodes(const runtime::PlanGraph& graph, const std::vector<std::size_t>& sinks) {
  Explainer explainer(graph);
  for (const std::size_t sink : sinks) {
    explainer.Count(sink);
  }
  std::string text;
  for (const std::size_t sink : sinks) {
    explainer.Show(sink, 0, "", &text);
  }
  return text;
}

}  // namespace thalweg::sql
