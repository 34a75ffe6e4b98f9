// SPDX-License-Identifier: Apache-2.0
//
// The settings of a session: Flink's keys, each with its type, default, bounds and a line that says
// what it does. docs/operations.md is made from this registry.
//
//   SessionSettings settings;
//   ASSIGN_OR_RETURN(const std::string note, settings.Set("parallelism.default", "4"));
//   const std::int64_t parallelism = settings.Get(setting::kParallelism);
#ifndef THALWEG_SQL_CONFIG_SETTINGS_H_
#define THALWEG_SQL_CONFIG_SETTINGS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/config.h"
#include "base/status.h"
#include "base/time.h"

namespace thalweg::sql {

namespace setting {

inline constexpr Option<std::int64_t> kParallelism{
    .key = "parallelism.default",
    .default_value = 1,
    .min = 1,
    .max = 1024,
    .description = "Parallel instances of each operator of a job."};
inline constexpr Option<std::int64_t> kMaxParallelism{
    .key = "pipeline.max-parallelism",
    .default_value = 1024,
    .min = 1,
    .max = 32768,
    .description =
        "Key groups of a job, the highest parallelism it can ever have. Fixed when a job "
        "first starts."};
inline constexpr Option<std::string_view> kPipelineName{
    .key = "pipeline.name",
    .default_value = "",
    .description = "Name of the next job. Empty: made from its statement."};
inline constexpr Option<Milliseconds> kAutoWatermarkInterval{
    .key = "pipeline.auto-watermark-interval",
    .default_value = Milliseconds(200),
    .min = Milliseconds(0),
    .description = "How far event time moves on before the next watermark; 0: after every row."};
inline constexpr Option<std::string_view> kRuntimeMode{
    .key = "execution.runtime-mode",
    .default_value = "streaming",
    .description = "In batch mode bounded queries emit their result once, at the end."};

inline constexpr Option<Milliseconds> kCheckpointInterval{
    .key = "execution.checkpointing.interval",
    .default_value = Milliseconds(1000),
    .min = Milliseconds(10),
    .description = "From the start of a checkpoint to the start of the next."};
inline constexpr Option<Milliseconds> kCheckpointTimeout{
    .key = "execution.checkpointing.timeout",
    .default_value = Milliseconds(600'000),
    .min = Milliseconds(1),
    .description = "After this a checkpoint is given up; the job goes on."};
inline constexpr Option<Milliseconds> kCheckpointMinPause{
    .key = "execution.checkpointing.min-pause",
    .default_value = Milliseconds(0),
    .min = Milliseconds(0),
    .description = "From the end of a checkpoint to the start of the next, at least."};
inline constexpr Option<std::int64_t> kMaxConcurrentCheckpoints{
    .key = "execution.checkpointing.max-concurrent-checkpoints",
    .default_value = 1,
    .min = 1,
    .max = 8,
    .description = "Checkpoints that may run at once."};
inline constexpr Option<std::string_view> kCheckpointMode{
    .key = "execution.checkpointing.mode",
    .default_value = "EXACTLY_ONCE",
    .description = "Checkpoints are always exact."};

inline constexpr Option<std::string_view> kRestartStrategy{
    .key = "restart-strategy.type",
    .default_value = "exponential-delay",
    .description = "What happens to a job that fails."};
inline constexpr Option<std::int64_t> kFixedDelayAttempts{
    .key = "restart-strategy.fixed-delay.attempts",
    .default_value = 3,
    .min = 0,
    .description = "Restarts before the job is given up."};
inline constexpr Option<Milliseconds> kFixedDelay{.key = "restart-strategy.fixed-delay.delay",
                                                  .default_value = Milliseconds(1000),
                                                  .min = Milliseconds(0),
                                                  .description = "Wait before each restart."};
inline constexpr Option<std::int64_t> kExponentialAttempts{
    .key = "restart-strategy.exponential-delay.attempts-before-reset-backoff",
    .default_value = 0,
    .min = 0,
    .description = "Restarts in a row before the job is given up; 0: never."};
inline constexpr Option<Milliseconds> kExponentialInitial{
    .key = "restart-strategy.exponential-delay.initial-backoff",
    .default_value = Milliseconds(50),
    .min = Milliseconds(1),
    .description = "Wait before the first restart."};
inline constexpr Option<double> kExponentialMultiplier{
    .key = "restart-strategy.exponential-delay.backoff-multiplier",
    .default_value = 1.5,
    .min = 1.0,
    .max = 100.0,
    .description = "By how much each wait is longer than the one before."};
inline constexpr Option<Milliseconds> kExponentialReset{
    .key = "restart-strategy.exponential-delay.reset-backoff-threshold",
    .default_value = Milliseconds(3'600'000),
    .min = Milliseconds(1),
    .description = "After this long without a failure the first wait is short again."};
inline constexpr Option<Milliseconds> kExponentialMax{
    .key = "restart-strategy.exponential-delay.max-backoff",
    .default_value = Milliseconds(60'000),
    .min = Milliseconds(0),
    .description = "Longest wait before a restart."};

inline constexpr Option<Milliseconds> kStateTtl{
    .key = "table.exec.state.ttl",
    .default_value = Milliseconds(0),
    .min = Milliseconds(0),
    .description = "State of a key that was not touched for this long is forgotten; 0: never."};
inline constexpr Option<Milliseconds> kIdleTimeout{
    .key = "table.exec.source.idle-timeout",
    .default_value = Milliseconds(0),
    .min = Milliseconds(0),
    .description = "A source that is silent for this long does not hold watermarks back; 0: off."};
inline constexpr Option<bool> kMiniBatch{
    .key = "table.exec.mini-batch.enabled",
    .default_value = false,
    .description =
        "Set to false explicitly, updating operators emit a change for every row instead "
        "of one for every key and batch."};
inline constexpr Option<std::string_view> kNotNullEnforcer{
    .key = "table.exec.sink.not-null-enforcer",
    .default_value = "ERROR",
    .description = "What a sink does with NULL in a column that is NOT NULL."};
inline constexpr Option<std::string_view> kUpsertMaterialize{
    .key = "table.exec.sink.upsert-materialize",
    .default_value = "AUTO",
    .description = "Whether changes are put in order by the key of the sink before they reach it."};
inline constexpr Option<std::string_view> kAggregatePhases{
    .key = "table.optimizer.agg-phase-strategy",
    .default_value = "AUTO",
    .description =
        "Aggregate in one phase, or in two: local before the exchange, global behind it."};
inline constexpr Option<bool> kReuseSubPlans{
    .key = "table.optimizer.reuse-sub-plan-enabled",
    .default_value = true,
    .description = "Parts of a plan that are equal run once."};
inline constexpr Option<bool> kReuseSources{
    .key = "table.optimizer.reuse-source-enabled",
    .default_value = true,
    .description = "A table that is read in several places is read once."};
inline constexpr Option<std::string_view> kLocalTimeZone{
    .key = "table.local-time-zone",
    .default_value = "UTC",
    .description = "Time zone in which TIMESTAMP_LTZ is shown and read."};

inline constexpr Option<std::string_view> kResultMode{
    .key = "sql-client.execution.result-mode",
    .default_value = "table",
    .description = "How rows of a query are printed, unless --output says so: tableau is table."};

}  // namespace setting

/// One entry of the registry.
struct Setting {
  using AnyOption = std::variant<Option<std::int64_t>,
                                 Option<double>,
                                 Option<bool>,
                                 Option<std::string_view>,
                                 Option<Milliseconds>,
                                 Option<ByteSize>>;

  AnyOption option;
  std::span<const std::string_view> values = {};  // Of a text: what it may be; empty: anything.
  /// Flink knows the key and it does nothing here; the text says why. Empty: it has its effect.
  std::string_view no_effect = {};

  std::string_view key() const;
  std::string_view description() const;
  std::string TypeName() const;     // "duration", "integer", "one of a, b".
  std::string DefaultText() const;  // As a user would write it.
};

/// All, sorted by key.
const std::vector<Setting>& AllSettings();

/// The values of one session: what was set, else the defaults. Not thread-safe.
class SessionSettings {
 public:
  /// Checks and sets. Returns a note for the user when the key is known and does nothing here, else
  /// an empty text. kInvalidArgument: the key is unknown (with the nearest one that is not), or the
  /// value is not of its type or outside its bounds.
  StatusOr<std::string> Set(std::string_view key, std::string_view value);
  Status Reset(std::string_view key);
  void ResetAll() { values_ = Configuration(); }

  std::int64_t Get(const Option<std::int64_t>& option) const;
  double Get(const Option<double>& option) const;
  bool Get(const Option<bool>& option) const;
  std::string Get(const Option<std::string_view>& option) const;
  Milliseconds Get(const Option<Milliseconds>& option) const;

  /// Whether it was set explicitly.
  bool IsSet(std::string_view key) const { return values_.Find(key).has_value(); }
  /// What was set, by key.
  const Configuration& values() const { return values_; }

 private:
  Configuration values_;
};

/// The table of docs/operations.md: one row for each setting.
std::string SettingsTable();

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_CONFIG_SETTINGS_H_
