// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

#include "base/counters.h"
#include "runtime/expr/predicate.h"
#include "runtime/operators/map_steps.h"

namespace thalweg::runtime {
namespace {

class NotNull final : public MapStep {
 public:
  NotNull(NotNullOptions options, const columnar::Schema& input)
      : columns_(std::move(options.columns)),
        drops_(options.drops),
        dropped_(options.metrics == nullptr ? nullptr
                                            : &options.metrics->AddCounter("null_rows_dropped")) {
    for (const std::uint32_t column : columns_) {
      names_.push_back(input.field(column).name);
    }
  }

  StatusOr<StepResult> Process(const columnar::Batch& input, Output& output) override {
    if (input.empty()) {
      return StepResult::kDone;
    }
    if (!HasNulls(input)) {
      output.Emit(input);
      return StepResult::kDone;
    }
    kept_.clear();
    for (std::uint32_t row = 0; row < input.row_count(); ++row) {
      bool null = false;
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (!input.column(columns_[i])->IsNull(row)) {
          continue;
        }
        if (!drops_) {
          return InvalidArgument("Column '" + names_[i] +
                                 "' is NOT NULL, but a row for the sink has NULL there. Filter "
                                 "such rows, or set 'table.exec.sink.not-null-enforcer' to 'drop'");
        }
        null = true;
      }
      if (!null) {
        kept_.push_back(row);
      }
    }
    if (dropped_ != nullptr) {
      dropped_->Add(input.row_count() - kept_.size());
    }
    if (!kept_.empty()) {
      output.Emit(input.Take(kept_));
    }
    return StepResult::kDone;
  }

 private:
  bool HasNulls(const columnar::Batch& input) const {
    for (const std::uint32_t column : columns_) {
      if (input.column(column)->MayHaveNulls() && input.column(column)->CountNulls() > 0) {
        return true;
      }
    }
    return false;
  }

  const std::vector<std::uint32_t> columns_;
  const bool drops_;
  Counter* const dropped_;
  std::vector<std::string> names_;
  Selection kept_;
};

}  // namespace

std::unique_ptr<MapStep> MakeNotNull(NotNullOptions options, const columnar::Schema& input) {
  return std::make_unique<NotNull>(std::move(options), input);
}

}  // namespace thalweg::runtime
