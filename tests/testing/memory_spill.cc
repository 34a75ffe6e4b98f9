// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/memory_spill.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"

namespace thalweg::testing {
namespace {

class MemorySpill final : public state::SpillStore {
 public:
  Status Write(std::span<const state::SpillWrite> writes) override {
    const std::string* last = nullptr;
    for (const state::SpillWrite& write : writes) {
      CHECK(last == nullptr || *last < write.key);
      last = &write.key;
      if (write.value) {
        rows_[write.key] = *write.value;
      } else {
        rows_.erase(write.key);
      }
    }
    return OkStatus();
  }

  Status Read(std::span<const std::string> keys,
              std::vector<std::optional<std::string>>* values) override {
    values->clear();
    for (const std::string& key : keys) {
      const auto row = rows_.find(key);
      values->push_back(row == rows_.end() ? std::nullopt : std::optional(row->second));
    }
    return OkStatus();
  }

  Status ReadPrefix(std::string_view prefix,
                    std::vector<std::pair<std::string, std::string>>* rows) override {
    for (auto row = rows_.lower_bound(prefix); row != rows_.end() && row->first.starts_with(prefix);
         ++row) {
      rows->emplace_back(*row);
    }
    return OkStatus();
  }

  Status DeletePrefix(std::string_view prefix) override {
    auto row = rows_.lower_bound(prefix);
    while (row != rows_.end() && row->first.starts_with(prefix)) {
      row = rows_.erase(row);
    }
    return OkStatus();
  }

  Status Ingest(const std::filesystem::path& run) override {
    return Unimplemented("A spill in memory does not take in run files: " + run.string());
  }

 private:
  std::map<std::string, std::string, std::less<>> rows_;
};

class MemorySpillFactory final : public state::SpillFactory {
 public:
  StatusOr<std::unique_ptr<state::SpillStore>> Open(std::string_view /*name*/) override {
    return std::make_unique<MemorySpill>();
  }
};

}  // namespace

std::unique_ptr<state::SpillFactory> MakeMemorySpill() {
  return std::make_unique<MemorySpillFactory>();
}

}  // namespace thalweg::testing
