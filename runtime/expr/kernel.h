// SPDX-License-Identifier: Apache-2.0
//
// What a function's kernel is given and where it writes: whole columns, one call per batch.
#ifndef THALWEG_RUNTIME_EXPR_KERNEL_H_
#define THALWEG_RUNTIME_EXPR_KERNEL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "base/check.h"
#include "base/status.h"
#include "columnar/bitmap.h"
#include "columnar/buffer.h"
#include "columnar/column.h"
#include "columnar/string_ref.h"
#include "columnar/type.h"
#include "runtime/expr/evaluation_context.h"

namespace thalweg::runtime {

/// What NULL arguments do.
enum class NullRule {
  kPropagate,  // A NULL argument makes the result NULL. The evaluator sees to it; the kernel may
               // write anything for such rows, but must not fail on the zeroes it finds there.
  kOwn,        // The kernel looks at nulls and sets its own.
};

/// One evaluation of one function over `row_count` rows: arguments and the result being built.
/// Arguments are flat or constant; when all are constant, row_count() is 1. The result's buffer is
/// there already; a kernel writes every row of it, or gives a whole column with SetResult(). (Not
/// so for functions that give another value in each row: these are called for all rows.)
class KernelFrame {
 public:
  KernelFrame(std::span<const columnar::ColumnPtr> arguments,
              std::size_t row_count,
              const columnar::DataType& result_type,
              NullRule null_rule,
              const EvaluationContext& context);

  const EvaluationContext& context() const { return context_; }
  std::size_t row_count() const { return row_count_; }
  std::size_t argument_count() const { return arguments_.size(); }
  const columnar::Column& argument(std::size_t i) const { return *arguments_[i]; }
  const columnar::ColumnPtr& argument_ptr(std::size_t i) const { return arguments_[i]; }
  const columnar::DataType& result_type() const { return result_type_; }

  /// Whether the row's result may matter: kPropagate and no NULL among its arguments, or kOwn.
  bool IsLive(std::size_t row) const {
    return validity_ == nullptr || columnar::bitmap::Get(validity_->data(), row);
  }
  /// Bitmap of IsLive(), or nullptr when all rows are.
  const std::uint8_t* live() const { return validity_ == nullptr ? nullptr : validity_->data(); }

  /// The result's values, row_count() of them and not initialised. T as for Column::Values().
  template <class T>
  T* Out() {
    DCHECK_EQ(sizeof(T), columnar::WidthOf(result_type_.physical()));
    return values_->mutable_as<T>();
  }
  /// Long strings of the result.
  columnar::StringHeap& heap() { return heap_; }
  void SetNull(std::size_t row);
  /// Gives the bitmap of the result, 1 = valid; nullptr: no nulls. Only for kOwn.
  void SetValidity(columnar::MutableBufferPtr validity) { validity_ = std::move(validity); }
  void SetResult(columnar::ColumnPtr result) { result_ = std::move(result); }

  /// The error of a row, with the values of its arguments; the evaluator adds the expression's
  /// text.
  Status Fail(std::size_t row, std::string_view what) const;
  /// The first live row for which `bad(row)` holds.
  template <class Bad>
  std::optional<std::size_t> FindLive(Bad bad) const {
    for (std::size_t row = 0; row < row_count_; ++row) {
      if (bad(row) && IsLive(row)) {
        return row;
      }
    }
    return std::nullopt;
  }

  /// The result; values under nulls are zero.
  columnar::ColumnPtr Finish();

 private:
  std::span<const columnar::ColumnPtr> arguments_;
  std::size_t row_count_;
  const columnar::DataType& result_type_;
  const EvaluationContext& context_;
  columnar::MutableBufferPtr values_;
  columnar::MutableBufferPtr validity_;
  columnar::StringHeap heap_;
  columnar::ColumnPtr result_;
};

/// A function bound to its types. Called from any thread at once; keeps nothing between calls.
/// Errors come from KernelFrame::Fail().
using Kernel = std::function<Status(KernelFrame&)>;

/// out[row] = f(a[row]) for all rows. A and R as for Column::Values().
template <class A, class R, class F>
void UnaryLoop(KernelFrame& frame, F f) {
  const A* a = frame.argument(0).Values<A>().data();
  R* out = frame.Out<R>();
  // All-constant calls have one row, so the stride does not matter.
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    out[row] = f(a[row]);
  }
}

/// out[row] = f(a[row], b[row]), with a loop of its own for a constant on either side.
template <class A, class B, class R, class F>
void BinaryLoop(KernelFrame& frame, F f) {
  const A* a = frame.argument(0).Values<A>().data();
  const B* b = frame.argument(1).Values<B>().data();
  R* out = frame.Out<R>();
  const std::size_t count = frame.row_count();
  if (frame.argument(1).IsConstant()) {
    const B constant = b[0];
    const std::size_t stride = frame.argument(0).stride();
    if (stride == 0) {
      out[0] = f(a[0], constant);
      return;
    }
    for (std::size_t row = 0; row < count; ++row) {
      out[row] = f(a[row], constant);
    }
  } else if (frame.argument(0).IsConstant()) {
    const A constant = a[0];
    for (std::size_t row = 0; row < count; ++row) {
      out[row] = f(constant, b[row]);
    }
  } else {
    for (std::size_t row = 0; row < count; ++row) {
      out[row] = f(a[row], b[row]);
    }
  }
}

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_KERNEL_H_
