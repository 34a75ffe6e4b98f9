// SPDX-License-Identifier: Apache-2.0
//
// Settings as the user writes them (text) and as the code reads them (typed, with bounds).
//
//   inline constexpr Option<Milliseconds> kInterval{
//       .key = "checkpoint.interval", .default_value = Milliseconds(1000), .min = Milliseconds(10),
//       .description = "From the start of a checkpoint to the start of the next."};
//   ASSIGN_OR_RETURN(const Milliseconds interval, configuration.Get(kInterval));
#ifndef THALWEG_BASE_CONFIG_H_
#define THALWEG_BASE_CONFIG_H_

#include <compare>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "base/time.h"

namespace thalweg {

/// A number of bytes as a setting.
struct ByteSize {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(const ByteSize&, const ByteSize&) = default;
};

/// "10 s", "100ms", "1 min", "2 h", "1 d", "5 us", "20" (milliseconds); below a millisecond is
/// rounded down.
StatusOr<Milliseconds> ParseDuration(std::string_view text);
/// "64mb", "1 gb", "512 kb", "100 bytes", "100"; a kb is 1,024 bytes.
StatusOr<ByteSize> ParseByteSize(std::string_view text);
StatusOr<std::int64_t> ParseInteger(std::string_view text);
StatusOr<double> ParseDouble(std::string_view text);
/// "true" or "false" in any case.
StatusOr<bool> ParseBool(std::string_view text);

/// A setting that the code knows. T is std::int64_t, double, bool, std::string_view, Milliseconds
/// or ByteSize.
template <class T>
struct Option {
  std::string_view key;
  T default_value{};
  std::optional<T> min = std::nullopt;  // Inclusive.
  std::optional<T> max = std::nullopt;  // Inclusive.
  std::string_view description;
};

/// Settings by key, sorted. Values are text until they are read.
class Configuration {
 public:
  using Map = std::map<std::string, std::string, std::less<>>;

  Configuration() = default;
  Configuration(std::initializer_list<Map::value_type> values) : values_(values) {}
  explicit Configuration(Map values) : values_(std::move(values)) {}

  void Set(std::string_view key, std::string_view value);
  /// The text of a key, unless it is not set. Valid until the configuration changes.
  std::optional<std::string_view> Find(std::string_view key) const;
  const Map& values() const { return values_; }

  /// The value, or the option's default. kInvalidArgument names key, value and what is allowed.
  StatusOr<std::int64_t> Get(const Option<std::int64_t>& option) const;
  StatusOr<double> Get(const Option<double>& option) const;
  StatusOr<bool> Get(const Option<bool>& option) const;
  StatusOr<std::string> Get(const Option<std::string_view>& option) const;
  StatusOr<Milliseconds> Get(const Option<Milliseconds>& option) const;
  StatusOr<ByteSize> Get(const Option<ByteSize>& option) const;

  /// kInvalidArgument for the first key that is not among `known`, with the nearest of them as a
  /// suggestion.
  Status CheckKeys(std::span<const std::string_view> known) const;

 private:
  Map values_;
};

/// The one of `candidates` that a misspelled `word` most likely meant; empty when none is near.
std::string_view NearestWord(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace thalweg

#endif  // THALWEG_BASE_CONFIG_H_
