// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/kernel.h"

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "columnar/text.h"

namespace thalweg::runtime {
namespace {

using columnar::Buffer;
using columnar::Column;
using columnar::ColumnPtr;
using columnar::MutableBufferPtr;
namespace bitmap = columnar::bitmap;

/// Longer values of an argument are cut in messages.
constexpr std::size_t kMaxQuoted = 100;

MutableBufferPtr AllValid(std::size_t count) {
  MutableBufferPtr bits = Buffer::Allocate(bitmap::BytesFor(count));
  std::memset(bits->mutable_data(), 0xFF, bits->size());
  return bits;
}

/// AND of the arguments' validity; null when no argument may be null. Constant NULLs do not come
/// here: the evaluator answers for them.
MutableBufferPtr CommonValidity(std::span<const ColumnPtr> arguments, std::size_t count) {
  MutableBufferPtr common;
  for (const ColumnPtr& argument : arguments) {
    if (!argument->MayHaveNulls() || argument->IsConstant()) {
      continue;
    }
    if (common == nullptr) {
      common = AllValid(count);
    }
    bitmap::And(common->data(), argument->validity(), count, common->mutable_data());
  }
  return common;
}

void ZeroNulls(std::uint8_t* values,
               std::size_t width,
               const std::uint8_t* valid,
               std::size_t count) {
  for (std::size_t begin = 0; begin < count; begin += 8) {
    if (valid[begin / 8] == 0xFF) {
      continue;
    }
    for (std::size_t row = begin; row < std::min(begin + 8, count); ++row) {
      if (!bitmap::Get(valid, row)) {
        std::memset(values + row * width, 0, width);
      }
    }
  }
}

}  // namespace

KernelFrame::KernelFrame(std::span<const ColumnPtr> arguments,
                         std::size_t row_count,
                         const columnar::DataType& result_type,
                         NullRule null_rule,
                         const EvaluationContext& context)
    : arguments_(arguments), row_count_(row_count), result_type_(result_type), context_(context) {
  const std::size_t width = columnar::WidthOf(result_type.physical());
  const bool flat_values = result_type.physical() != columnar::Physical::kList && width > 0;
  if (flat_values) {
    values_ = Buffer::Allocate(width * row_count);
  }
  if (null_rule == NullRule::kPropagate) {
    validity_ = CommonValidity(arguments, row_count);
  }
}

void KernelFrame::SetNull(std::size_t row) {
  if (validity_ == nullptr) {
    validity_ = AllValid(row_count_);
  }
  bitmap::Clear(validity_->mutable_data(), row);
}

Status KernelFrame::Fail(std::size_t row, std::string_view what) const {
  std::string message(what);
  for (std::size_t i = 0; i < arguments_.size(); ++i) {
    std::string text = columnar::TextAt(*arguments_[i], row);
    if (text.size() > kMaxQuoted) {
      text = text.substr(0, kMaxQuoted) + "...";
    }
    message += (i == 0 ? " for '" : ", '") + text + "'";
  }
  return InvalidArgument(message);
}

ColumnPtr KernelFrame::Finish() {
  if (result_ != nullptr) {
    return std::move(result_);
  }
  CHECK(values_ != nullptr);
  if (validity_ != nullptr) {
    ZeroNulls(values_->mutable_data(),
              columnar::WidthOf(result_type_.physical()),
              validity_->data(),
              row_count_);
  }
  Column::Parts parts;
  parts.validity = std::move(validity_);
  parts.values = std::move(values_);
  if (result_type_.physical() == columnar::Physical::kString) {
    parts.heaps = heap_.Finish();
  }
  return Column::Flat(result_type_, row_count_, std::move(parts));
}

}  // namespace thalweg::runtime
