// SPDX-License-Identifier: Apache-2.0
//
// Paths into JSON: [lax | strict] $ .name ."name" ['name'] [0] [-1] [*] .* ..name
#ifndef THALWEG_RUNTIME_EXPR_JSON_PATH_H_
#define THALWEG_RUNTIME_EXPR_JSON_PATH_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "base/status.h"

namespace thalweg::runtime {

inline constexpr std::size_t kMaxJsonPathSteps = 64;

/// What a path leads to.
struct JsonMatch {
  enum class Kind {
    kMissing,  // Nothing is there.
    kOne,      // The path leads to one place, which is `values[0]`.
    kMany,     // It has wildcards: none, one or more values.
  };
  Kind kind = Kind::kMissing;
  std::vector<simdjson::dom::element> values = {};
};

class JsonPath {
 public:
  /// kInvalidArgument: where the path cannot be read, or has what is not supported.
  static StatusOr<JsonPath> Compile(std::string_view text);

  /// Whether what is missing is an error, not just nothing. Without a word for it, it is.
  bool strict() const { return strict_; }
  JsonMatch Find(simdjson::dom::element root) const;

 private:
  struct Step {
    enum class Kind { kName, kIndex, kAll, kDeep };
    Kind kind;
    std::string name = {};
    std::int64_t index = 0;
  };
  class Parser;

  static void Collect(const Step& step,
                      simdjson::dom::element from,
                      std::vector<simdjson::dom::element>* found);

  bool strict_ = true;
  bool definite_ = true;
  std::vector<Step> steps_;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_JSON_PATH_H_
