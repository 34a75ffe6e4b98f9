// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_CONNECTORS_FILESYSTEM_PATTERN_H_
#define THALWEG_CONNECTORS_FILESYSTEM_PATTERN_H_

#include <memory>
#include <string_view>
#include <utility>

#include "base/status.h"

struct pcre2_real_code_8;

namespace thalweg::connectors {

/// A regular expression that whole texts match. Immutable; any thread.
class Pattern {
 public:
  /// kInvalidArgument says what is wrong and where.
  static StatusOr<Pattern> Compile(std::string_view text);

  /// kResourceExhausted: the expression tries too many ways.
  StatusOr<bool> Matches(std::string_view text) const;

 private:
  struct Free {
    void operator()(pcre2_real_code_8* code) const;
  };
  using Code = std::unique_ptr<pcre2_real_code_8, Free>;

  explicit Pattern(Code code) : code_(std::move(code)) {}

  Code code_;
};

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FILESYSTEM_PATTERN_H_
