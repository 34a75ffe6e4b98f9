// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_OPERATORS_FINAL_KEYS_H_
#define THALWEG_RUNTIME_OPERATORS_FINAL_KEYS_H_

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "columnar/key_codec.h"
#include "state/sliced_table.h"

namespace thalweg::state {
class TaskState;
}  // namespace thalweg::state

namespace thalweg::runtime {

/// The only slice of tables whose rows leave when the input has ended.
inline constexpr std::int64_t kFinalSlice = kMaxWatermark;

/// The keys that a step has seen, to be walked once at the end of input: one slice that ends with
/// it. How far the walk has come is part of the state.
class FinalKeys {
 public:
  void Declare(state::TaskState& state,
               const OperatorId& operator_id,
               std::vector<columnar::Field> keys);

  /// Adds keys. kParked as for KeyedRows::Resolve(). REQUIRES: the walk has not begun.
  state::Residency Note(const columnar::EncodedKeys& keys, state::RowSelection selection = {});

  /// The next keys, at most `limit`. They count as done at the next barrier. After kEnd nothing is
  /// left to be walked.
  state::ScanResult Next(std::size_t limit, columnar::EncodedKeys* keys);

 private:
  std::size_t key_stride_ = 0;
  state::SlicedTable* table_ = nullptr;
  std::vector<state::SlotId> slots_;
  std::vector<std::string_view> views_;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_OPERATORS_FINAL_KEYS_H_
