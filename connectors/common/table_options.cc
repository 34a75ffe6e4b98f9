// SPDX-License-Identifier: Apache-2.0
#include "connectors/common/table_options.h"

#include <fmt/format.h>

namespace thalweg::connectors {

StatusOr<std::string> TableOptions::Require(std::string_view key, std::string_view example) {
  const std::string_view text = Find(key).value_or("");
  if (text.empty()) {
    return InvalidArgument(
        fmt::format("{} needs the option '{}', such as '{}'.", Place(), key, example));
  }
  return std::string(text);
}

Status TableOptions::Bad(std::string_view key, std::string_view text, std::string_view what) const {
  return InvalidArgument(
      fmt::format("Option '{}' of connector '{}' is '{}'; {}.", key, connector_, text, what));
}

Status TableOptions::Refuse(std::span<const std::string_view> keys, std::string_view why) {
  for (const std::string_view key : keys) {
    if (options_.Find(key)) {
      return Unimplemented(
          fmt::format("Option '{}' of connector '{}' is not supported. {}", key, connector_, why));
    }
  }
  return OkStatus();
}

Status TableOptions::CheckNoOthers() const {
  const std::vector<std::string_view> known(known_.begin(), known_.end());
  return Annotate(options_.CheckKeys(known), Place());
}

std::string TableOptions::Place() const {
  return fmt::format("Connector '{}'", connector_);
}

Status TableOptions::BadChoice(std::string_view key,
                               std::string_view text,
                               std::span<const std::string_view> names) const {
  std::string allowed;
  for (std::size_t i = 0; i < names.size(); ++i) {
    allowed += i == 0 ? "" : i + 1 == names.size() ? " or " : ", ";
    allowed += fmt::format("'{}'", names[i]);
  }
  return Bad(key, text, "it may be " + allowed);
}

}  // namespace thalweg::connectors
