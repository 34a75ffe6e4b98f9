// SPDX-License-Identifier: Apache-2.0
//
// Runs that are small enough to travel inside an ack; the form is told in state/run_format.h.
#ifndef THALWEG_STATE_INLINE_RUN_H_
#define THALWEG_STATE_INLINE_RUN_H_

#include <string>
#include <string_view>

#include "base/status.h"

namespace thalweg::state {

std::string BeginInlineRun();
/// `last_key` is the key before, empty for the first row.
void AppendInlineRow(std::string_view last_key,
                     std::string_view key,
                     std::string_view value,
                     std::string* run);
void FinishInlineRun(std::string* run);

/// kDataLoss: not the bytes of a finished run. kUnimplemented: of a newer version.
Status CheckInlineRun(std::string_view run, std::string_view name);
/// The rows of a run that was checked.
std::string_view InlineRows(std::string_view run);

}  // namespace thalweg::state

#endif  // THALWEG_STATE_INLINE_RUN_H_
