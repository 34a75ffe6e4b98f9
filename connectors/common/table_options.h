// SPDX-License-Identifier: Apache-2.0
//
// A connector's view of a table's options: typed, with the connector's name in every complaint, and
// a list of what has been asked for, so that at the end whatever else is set is unknown.
//
//   TableOptions options("filesystem", table.options);
//   ASSIGN_OR_RETURN(const std::string path, options.Require("path", "/data/in"));
//   ASSIGN_OR_RETURN(const Milliseconds delay, options.Get(kDelay));
//   ASSIGN_OR_RETURN(const Mode mode, options.GetChoice<Mode>("mode", {{"a", Mode::kA}},
//   Mode::kA)); RETURN_IF_ERROR(options.CheckNoOthers());
#ifndef THALWEG_CONNECTORS_COMMON_TABLE_OPTIONS_H_
#define THALWEG_CONNECTORS_COMMON_TABLE_OPTIONS_H_

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/config.h"
#include "base/status.h"

namespace thalweg::connectors {

/// Of one Plan() call. All errors are kInvalidArgument unless said otherwise.
class TableOptions {
 public:
  /// Both outlive this object.
  TableOptions(std::string_view connector, const Configuration& options)
      : connector_(connector), options_(options) {}

  std::string_view connector() const { return connector_; }
  const Configuration& values() const { return options_; }

  /// The value, or the option's default.
  template <class T>
  auto Get(const Option<T>& option) -> decltype(std::declval<Configuration>().Get(option)) {
    Know(option.key);
    auto value = options_.Get(option);
    if (!value.ok()) {
      return Annotate(value.status(), Place());
    }
    return value;
  }

  /// The text, unless it is not set.
  std::optional<std::string_view> Find(std::string_view key) {
    Know(key);
    return options_.Find(key);
  }

  /// The text; missing or empty: an error with `example`.
  StatusOr<std::string> Require(std::string_view key, std::string_view example);

  /// The one of `choices` that is named.
  template <class T>
  StatusOr<T> GetChoice(std::string_view key,
                        std::initializer_list<std::pair<std::string_view, T>> choices,
                        T default_value) {
    const std::optional<std::string_view> text = Find(key);
    if (!text) {
      return default_value;
    }
    std::vector<std::string_view> names;
    for (const auto& [name, value] : choices) {
      if (name == *text) {
        return value;
      }
      names.push_back(name);
    }
    return BadChoice(key, *text, names);
  }

  /// An error about an option that is set.
  Status Bad(std::string_view key, std::string_view text, std::string_view what) const;

  /// kUnimplemented when one of `keys` is set; `why` is a sentence.
  Status Refuse(std::span<const std::string_view> keys, std::string_view why);

  /// These keys are read elsewhere.
  void Know(std::string_view key) { known_.emplace_back(key); }
  void Know(std::span<const std::string_view> keys) {
    known_.insert(known_.end(), keys.begin(), keys.end());
  }

  /// An error for the first option that nobody has asked for, with the nearest one that somebody
  /// has.
  Status CheckNoOthers() const;

 private:
  std::string Place() const;
  Status BadChoice(std::string_view key,
                   std::string_view text,
                   std::span<const std::string_view> names) const;

  const std::string_view connector_;
  const Configuration& options_;
  std::vector<std::string> known_;
};

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_COMMON_TABLE_OPTIONS_H_
