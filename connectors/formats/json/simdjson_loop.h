// SPDX-License-Identifier: Apache-2.0
//
// The usual way to read JSON lines with simdjson, as a yardstick: iterate each line, find the
// fields, copy the strings.
#ifndef THALWEG_CONNECTORS_FORMATS_JSON_SIMDJSON_LOOP_H_
#define THALWEG_CONNECTORS_FORMATS_JSON_SIMDJSON_LOOP_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace thalweg::connectors {

/// Reads lines of bids.
class SimdjsonLoop {
 public:
  SimdjsonLoop();
  ~SimdjsonLoop();

  /// Whole lines, followed by 64 readable bytes. `ordered`: the keys come in the order of the
  /// schema. Returns the number of rows.
  std::size_t Read(std::string_view lines, bool ordered);

  /// Of all values read, so that nothing can be left out.
  std::uint64_t sum() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FORMATS_JSON_SIMDJSON_LOOP_H_
