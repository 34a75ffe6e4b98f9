// SPDX-License-Identifier: Apache-2.0
#include "sql/config/settings.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"

namespace thalweg::sql {
namespace {

using Text = Option<std::string_view>;

constexpr std::array<std::string_view, 3> kRuntimeModes = {"streaming", "batch", "automatic"};
constexpr std::array<std::string_view, 1> kCheckpointModes = {"EXACTLY_ONCE"};
constexpr std::array<std::string_view, 3> kRestartStrategies = {
    "exponential-delay", "fixed-delay", "none"};
constexpr std::array<std::string_view, 2> kNotNullEnforcers = {"ERROR", "DROP"};
constexpr std::array<std::string_view, 3> kMaterialize = {"AUTO", "NONE", "FORCE"};
constexpr std::array<std::string_view, 3> kPhases = {"AUTO", "ONE_PHASE", "TWO_PHASE"};

constexpr std::array<std::string_view, 4> kResultModes = {"table", "tableau", "changelog", "jsonl"};

struct Ignored {
  std::string_view key;
  std::string_view why;
};

constexpr std::string_view kAlwaysBatched =
    "batches form by arrival, so updates of a key that come together are always folded";

/// Flink's keys that mean nothing here. Their values are not looked at.
constexpr Ignored kIgnored[] = {
    {"execution.checkpointing.dir", "checkpoints lie in --state-dir"},
    {"execution.checkpointing.externalized-checkpoint-retention", "the newest checkpoint is kept"},
    {"execution.checkpointing.incremental", "checkpoints are always incremental"},
    {"execution.checkpointing.num-retained", "the newest checkpoint is kept"},
    {"execution.checkpointing.savepoint-dir", "checkpoints lie in --state-dir"},
    {"execution.checkpointing.storage", "checkpoints lie in --state-dir"},
    {"execution.checkpointing.tolerable-failed-checkpoints",
     "a failed checkpoint never fails a job"},
    {"execution.checkpointing.unaligned.enabled", "barriers are aligned"},
    {"execution.target", "jobs run in this process"},
    {"pipeline.object-reuse", "rows are columns, which are shared and never copied"},
    {"pipeline.operator-chaining.enabled", "operators are chained where the edge allows it"},
    {"restart-strategy", "it is called restart-strategy.type"},
    {"sql-client.verbose", "messages always have their place and cause"},
    {"state.backend", "there is one kind of state"},
    {"state.backend.incremental", "checkpoints are always incremental"},
    {"state.backend.type", "there is one kind of state"},
    {"state.checkpoints.dir", "checkpoints lie in --state-dir"},
    {"state.checkpoints.num-retained", "the newest checkpoint is kept"},
    {"state.savepoints.dir", "checkpoints lie in --state-dir"},
    {"table.dml-sync", "INSERT statements run to their end"},
    {"table.dynamic-table-options.enabled", "OPTIONS hints are always read"},
    {"table.exec.mini-batch.allow-latency", kAlwaysBatched},
    {"table.exec.mini-batch.size", kAlwaysBatched},
    {"table.exec.rank.topn-cache-size", "ranks read their state in order and need no cache"},
    {"table.exec.resource.default-parallelism", "it is called parallelism.default"},
    {"table.exec.sink.type-length-enforcer", "texts are written as they are"},
    {"table.optimizer.distinct-agg.split.bucket-num", "distinct aggregates are not split"},
    {"table.optimizer.distinct-agg.split.enabled", "distinct aggregates are not split"},
    {"table.optimizer.join-reorder-enabled", "joins run in the order they are written in"},
    {"table.optimizer.multi-join.enabled", "joins are of two inputs"},
    {"table.optimizer.non-deterministic-update.strategy", "nothing is rewritten"},
    {"taskmanager.memory.process.size", "memory is not divided among processes"},
    {"taskmanager.numberOfTaskSlots", "slots follow the parallelism"},
};

std::vector<Setting> MakeSettings() {
  using namespace setting;  // NOLINT(google-build-using-namespace): the table below names them all.
  std::vector<Setting> all = {
      {kParallelism},
      {kMaxParallelism},
      {kPipelineName},
      {kAutoWatermarkInterval},
      {kRuntimeMode, kRuntimeModes},
      {kCheckpointInterval},
      {kCheckpointTimeout},
      {kCheckpointMinPause},
      {kMaxConcurrentCheckpoints},
      {kCheckpointMode, kCheckpointModes},
      {kRestartStrategy, kRestartStrategies},
      {kFixedDelayAttempts},
      {kFixedDelay},
      {kExponentialAttempts},
      {kExponentialInitial},
      {kExponentialMultiplier},
      {kExponentialReset},
      {kExponentialMax},
      {kStateTtl},
      {kIdleTimeout},
      {kMiniBatch},
      {kNotNullEnforcer, kNotNullEnforcers},
      {kUpsertMaterialize, kMaterialize},
      {kAggregatePhases, kPhases},
      {kReuseSubPlans},
      {kReuseSources},
      {kLocalTimeZone},
      {kResultMode, kResultModes},
  };
  for (const Ignored& ignored : kIgnored) {
    Text option;
    option.key = ignored.key;
    all.push_back({option, {}, ignored.why});
  }
  std::sort(
      all.begin(), all.end(), [](const Setting& a, const Setting& b) { return a.key() < b.key(); });
  return all;
}

const Setting* Find(std::string_view key) {
  const std::vector<Setting>& all = AllSettings();
  const auto at = std::lower_bound(
      all.begin(), all.end(), key, [](const Setting& each, std::string_view wanted) {
        return each.key() < wanted;
      });
  return at != all.end() && at->key() == key ? &*at : nullptr;
}

Status UnknownKey(std::string_view key) {
  std::vector<std::string_view> keys;
  for (const Setting& each : AllSettings()) {
    keys.push_back(each.key());
  }
  const std::string_view nearest = NearestWord(key, keys);
  return InvalidArgument(
      nearest.empty() ? fmt::format("There is no setting '{}'. SET without a key lists them.", key)
                      : fmt::format("There is no setting '{}'. Did you mean '{}'?", key, nearest));
}

std::string LowerOf(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return lower;
}

std::string Joined(std::span<const std::string_view> values) {
  return fmt::format("{}", fmt::join(values, ", "));
}

std::string DurationText(Milliseconds duration) {
  const std::int64_t millis = duration.count();
  if (millis != 0 && millis % 60'000 == 0) {
    return fmt::format("{} min", millis / 60'000);
  }
  return millis != 0 && millis % 1000 == 0 ? fmt::format("{} s", millis / 1000)
                                           : fmt::format("{} ms", millis);
}

/// The value's spelling among the allowed ones, in whatever case it was written.
StatusOr<std::string> Normalize(const Setting& setting, std::string_view value) {
  if (setting.values.empty()) {
    return std::string(value);
  }
  for (const std::string_view allowed : setting.values) {
    if (LowerOf(allowed) == LowerOf(value)) {
      return std::string(allowed);
    }
  }
  return InvalidArgument(fmt::format("'{}' is not a value of '{}'. It is one of {}.",
                                     value,
                                     setting.key(),
                                     Joined(setting.values)));
}

}  // namespace

std::string_view Setting::key() const {
  return std::visit([](const auto& each) { return each.key; }, option);
}

std::string_view Setting::description() const {
  return std::visit([](const auto& each) { return each.description; }, option);
}

std::string Setting::TypeName() const {
  static constexpr std::string_view kNames[] = {
      "integer", "number", "true or false", "text", "duration", "size"};
  return values.empty() ? std::string(kNames[option.index()])
                        : fmt::format("one of {}", Joined(values));
}

std::string Setting::DefaultText() const {
  struct Writer {
    std::string operator()(const Option<std::int64_t>& each) const {
      return std::to_string(each.default_value);
    }
    std::string operator()(const Option<double>& each) const {
      return fmt::format("{}", each.default_value);
    }
    std::string operator()(const Option<bool>& each) const {
      return each.default_value ? "true" : "false";
    }
    std::string operator()(const Text& each) const { return std::string(each.default_value); }
    std::string operator()(const Option<Milliseconds>& each) const {
      return DurationText(each.default_value);
    }
    std::string operator()(const Option<ByteSize>& each) const {
      return fmt::format("{} bytes", each.default_value.value);
    }
  };
  return std::visit(Writer(), option);
}

const std::vector<Setting>& AllSettings() {
  static const std::vector<Setting> all = MakeSettings();
  return all;
}

StatusOr<std::string> SessionSettings::Set(std::string_view key, std::string_view value) {
  const Setting* const setting = Find(key);
  if (setting == nullptr) {
    return UnknownKey(key);
  }
  if (!setting->no_effect.empty()) {
    values_.Set(key, value);
    return fmt::format("'{}' has no effect here: {}.", key, setting->no_effect);
  }
  ASSIGN_OR_RETURN(const std::string normal, Normalize(*setting, value));
  Configuration trial;
  trial.Set(key, normal);
  RETURN_IF_ERROR(
      std::visit([&](const auto& option) { return trial.Get(option).status(); }, setting->option));
  values_.Set(key, normal);
  return std::string();
}

Status SessionSettings::Reset(std::string_view key) {
  if (Find(key) == nullptr) {
    return UnknownKey(key);
  }
  Configuration::Map kept = values_.values();
  kept.erase(std::string(key));
  values_ = Configuration(std::move(kept));
  return OkStatus();
}

// Values were checked when they were set.
std::int64_t SessionSettings::Get(const Option<std::int64_t>& option) const {
  const auto value = values_.Get(option);
  CHECK(value.ok());
  return *value;
}
double SessionSettings::Get(const Option<double>& option) const {
  const auto value = values_.Get(option);
  CHECK(value.ok());
  return *value;
}
bool SessionSettings::Get(const Option<bool>& option) const {
  const auto value = values_.Get(option);
  CHECK(value.ok());
  return *value;
}
std::string SessionSettings::Get(const Option<std::string_view>& option) const {
  auto value = values_.Get(option);
  CHECK(value.ok());
  return *std::move(value);
}
Milliseconds SessionSettings::Get(const Option<Milliseconds>& option) const {
  const auto value = values_.Get(option);
  CHECK(value.ok());
  return *value;
}

std::string SettingsTable() {
  std::string table = "| key | type | default | what it does |\n| --- | --- | --- | --- |\n";
  for (const Setting& each : AllSettings()) {
    const bool works = each.no_effect.empty();
    table += fmt::format(
        "| `{}` | {} | {} | {} |\n",
        each.key(),
        works ? each.TypeName() : "",
        works ? each.DefaultText() : "",
        works ? std::string(each.description()) : fmt::format("Nothing here: {}.", each.no_effect));
  }
  return table;
}

}  // namespace thalweg::sql
