// SPDX-License-Identifier: Apache-2.0
//
// Most functions are told best for one row: a C++ function of plain values. This makes the rest
// from its signature: what SQL types it takes, the result's type, casts, NULLs and the loop.
//
//   bool StartsWith(std::string_view text, std::string_view prefix);
//   void Repeat(std::string& out, std::string_view text, std::int64_t count);
//
//   RowFunction<StartsWith>("STARTSWITH", ...), RowFunction<Repeat>("REPEAT", ...)
//
// Parameters: bool, std::int64_t (any integer), double (any number), std::string_view (text), Bytes
// (binary). Results: bool, std::int32_t, std::int64_t, double, std::string_view (text; a part of an
// argument is shared and not copied), or optionals of them, where nullopt is NULL. Or a text or
// binary value is appended to a first parameter std::string& or BinaryOut; a result of false then
// means NULL. Several C++ functions under one name are overloads: the first that fits is taken.
#ifndef THALWEG_RUNTIME_EXPR_ROW_FUNCTION_H_
#define THALWEG_RUNTIME_EXPR_ROW_FUNCTION_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "base/status.h"
#include "columnar/string_ref.h"
#include "runtime/expr/function_registry.h"
#include "runtime/expr/type_rules.h"

namespace thalweg::runtime {

/// A binary value.
struct Bytes {
  std::string_view view;
};
/// Where a binary result goes.
struct BinaryOut {
  std::string& bytes;
};

/// Puts strings into a result; what is a part of the first argument is shared.
class TextWriter {
 public:
  TextWriter(KernelFrame& frame, std::size_t source)
      : frame_(frame), source_(frame.argument(source)) {
    if (source_.heaps() != nullptr) {
      base_ = frame.heap().Adopt(source_.heaps());
    }
  }

  columnar::StringRef Put(std::size_t row, std::string_view text) {
    if (text.size() > columnar::StringRef::kInlineMax && source_.heaps() != nullptr) {
      const columnar::StringRef& ref =
          source_.Values<columnar::StringRef>()[row * source_.stride()];
      if (!ref.is_inline()) {
        const std::string_view whole = source_.View(ref);
        // Outside of the text the difference wraps around to something large.
        const auto skipped =
            static_cast<std::size_t>(reinterpret_cast<std::uintptr_t>(text.data()) -
                                     reinterpret_cast<std::uintptr_t>(whole.data()));
        if (skipped <= whole.size() && text.size() <= whole.size() - skipped) {
          return columnar::StringRef::Long(
              text, base_ + ref.heap(), ref.offset() + static_cast<std::uint32_t>(skipped));
        }
      }
    }
    return frame_.heap().Add(text);
  }

 private:
  KernelFrame& frame_;
  const columnar::Column& source_;
  std::uint32_t base_ = 0;
};

namespace row_function {

template <class T>
struct Parameter;

template <class T>
struct FixedParameter {
  explicit FixedParameter(const columnar::Column& column)
      : values(column.Values<T>().data()), stride(column.stride()) {}
  const T* values;
  std::size_t stride;
};
template <>
struct Parameter<bool> : FixedParameter<std::uint8_t> {
  using FixedParameter::FixedParameter;
  static bool Takes(const columnar::DataType& type) {
    return type.kind() == columnar::TypeKind::kBoolean;
  }
  static columnar::DataType Type(const columnar::DataType& type) { return type; }
  bool operator()(std::size_t row) const { return values[row * stride] != 0; }
};
template <>
struct Parameter<std::int64_t> : FixedParameter<std::int64_t> {
  using FixedParameter::FixedParameter;
  static bool Takes(const columnar::DataType& type) { return type.IsInteger(); }
  static columnar::DataType Type(const columnar::DataType& type) {
    return columnar::DataType::BigInt().WithNullable(type.nullable());
  }
  std::int64_t operator()(std::size_t row) const { return values[row * stride]; }
};
template <>
struct Parameter<double> : FixedParameter<double> {
  using FixedParameter::FixedParameter;
  static bool Takes(const columnar::DataType& type) { return IsNumeric(type); }
  static columnar::DataType Type(const columnar::DataType& type) {
    return columnar::DataType::Double().WithNullable(type.nullable());
  }
  double operator()(std::size_t row) const { return values[row * stride]; }
};
template <>
struct Parameter<std::string_view> {
  explicit Parameter(const columnar::Column& from) : column(from) {}
  static bool Takes(const columnar::DataType& type) { return type.IsCharacter(); }
  static columnar::DataType Type(const columnar::DataType& type) { return type; }
  std::string_view operator()(std::size_t row) const { return column.StringAt(row); }
  const columnar::Column& column;
};
template <>
struct Parameter<Bytes> {
  explicit Parameter(const columnar::Column& from) : column(from) {}
  static bool Takes(const columnar::DataType& type) { return type.IsBinary(); }
  static columnar::DataType Type(const columnar::DataType& type) { return type; }
  Bytes operator()(std::size_t row) const { return {column.StringAt(row)}; }
  const columnar::Column& column;
};

template <class R>
struct Result {
  using Value = R;
  static constexpr bool kNullable = false;
};
template <class R>
struct Result<std::optional<R>> {
  using Value = R;
  static constexpr bool kNullable = true;
};

template <class R>
columnar::DataType ResultType() {
  if constexpr (std::is_same_v<R, bool>) {
    return columnar::DataType::Boolean();
  } else if constexpr (std::is_same_v<R, std::int32_t>) {
    return columnar::DataType::Int();
  } else if constexpr (std::is_same_v<R, std::int64_t>) {
    return columnar::DataType::BigInt();
  } else if constexpr (std::is_same_v<R, double>) {
    return columnar::DataType::Double();
  } else {
    static_assert(std::is_same_v<R, std::string_view>);
    return columnar::DataType::String();
  }
}

/// Index of the first text among the parameters, whose parts may be shared.
template <class... Args>
constexpr std::size_t FirstText() {
  constexpr bool kTexts[] = {std::is_same_v<Args, std::string_view>...};
  return static_cast<std::size_t>(std::find(std::begin(kTexts), std::end(kTexts), true) -
                                  std::begin(kTexts));
}

/// What all forms have in common.
template <class... Args>
struct Call {
  static constexpr std::size_t kArity = sizeof...(Args);
  using Readers = std::tuple<Parameter<Args>...>;

  static bool Takes(std::span<const columnar::DataType> types) {
    return types.size() == kArity && TakesEach(types, std::index_sequence_for<Args...>());
  }
  static CallTypes Types(std::span<const columnar::DataType> types,
                         const columnar::DataType& result,
                         bool nullable) {
    return {Wanted(types, std::index_sequence_for<Args...>()),
            result.WithNullable(nullable || AnyNullable(types))};
  }
  static Readers Read(KernelFrame& frame) {
    return Read(frame, std::index_sequence_for<Args...>());
  }

 private:
  template <std::size_t... I>
  static bool TakesEach([[maybe_unused]] std::span<const columnar::DataType> types,
                        std::index_sequence<I...>) {
    return (Parameter<Args>::Takes(types[I]) && ...);
  }
  template <std::size_t... I>
  static std::vector<columnar::DataType> Wanted(
      [[maybe_unused]] std::span<const columnar::DataType> types, std::index_sequence<I...>) {
    return {Parameter<Args>::Type(types[I])...};
  }
  template <std::size_t... I>
  static Readers Read([[maybe_unused]] KernelFrame& frame, std::index_sequence<I...>) {
    return Readers(Parameter<Args>(frame.argument(I))...);
  }
};

template <class F>
struct Shape;

/// Results by value.
template <class R, class... Args>
struct Shape<R (*)(Args...)> : Call<Args...> {
  using Base = Call<Args...>;
  using Value = typename Result<R>::Value;
  static columnar::DataType ResultOf() { return ResultType<Value>(); }
  static constexpr bool kNullable = Result<R>::kNullable;

  template <auto F>
  static Status Run(KernelFrame& frame) {
    const auto readers = Base::Read(frame);
    const auto at = [&readers](std::size_t row) -> R {
      return std::apply([row](const auto&... reader) { return F(reader(row)...); }, readers);
    };
    if constexpr (std::is_same_v<Value, std::string_view>) {
      auto* out = frame.Out<columnar::StringRef>();
      TextWriter writer(frame, FirstText<Args...>());
      Loop(frame, out, at, [&](std::size_t row, std::string_view text) {
        return writer.Put(row, text);
      });
    } else {
      using Stored = std::conditional_t<std::is_same_v<Value, bool>, std::uint8_t, Value>;
      Loop(frame, frame.Out<Stored>(), at, [](std::size_t /*row*/, Value value) {
        return static_cast<Stored>(value);
      });
    }
    return OkStatus();
  }

 private:
  template <class Stored, class At, class Store>
  static void Loop(KernelFrame& frame, Stored* out, At at, Store store) {
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      if (!frame.IsLive(row)) {
        out[row] = Stored{};
        continue;
      }
      if constexpr (Result<R>::kNullable) {
        const R value = at(row);
        if (value.has_value()) {
          out[row] = store(row, *value);
        } else {
          out[row] = Stored{};
          frame.SetNull(row);
        }
      } else {
        out[row] = store(row, at(row));
      }
    }
  }
};

/// Results appended to a string.
template <class Sink, class R, class... Args>
struct AppendingShape : Call<Args...> {
  using Base = Call<Args...>;
  static constexpr bool kNullable = std::is_same_v<R, bool> || std::is_same_v<R, StatusOr<bool>>;
  static columnar::DataType ResultOf() {
    return std::is_same_v<Sink, BinaryOut> ? columnar::DataType::Bytes()
                                           : columnar::DataType::String();
  }

  template <auto F>
  static Status Run(KernelFrame& frame) {
    const auto readers = Base::Read(frame);
    auto* out = frame.Out<columnar::StringRef>();
    std::string scratch;
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      out[row] = columnar::StringRef();
      if (!frame.IsLive(row)) {
        continue;
      }
      scratch.clear();
      const auto call = [&](const auto&... reader) { return F(Sink{scratch}, reader(row)...); };
      if constexpr (std::is_void_v<R>) {
        std::apply(call, readers);
      } else {
        const StatusOr<bool> is_value = std::apply(call, readers);
        if (!is_value.ok()) {
          return frame.Fail(row, MessageOf(is_value.status()));
        }
        if (!*is_value) {
          frame.SetNull(row);
          continue;
        }
      }
      out[row] = frame.heap().Add(scratch);
    }
    return OkStatus();
  }
};
struct TextOut {
  std::string& text;
  operator std::string&() const { return text; }  // NOLINT(google-explicit-constructor)
};
template <class R, class... Args>
struct Shape<R (*)(std::string&, Args...)> : AppendingShape<TextOut, R, Args...> {};
template <class R, class... Args>
struct Shape<R (*)(BinaryOut, Args...)> : AppendingShape<BinaryOut, R, Args...> {};

template <auto F>
using ShapeOf = Shape<decltype(F)>;

template <auto... Fs>
StatusOr<CallTypes> Types(std::span<const columnar::DataType> arguments,
                          const columnar::DataType& /*wanted*/) {
  std::optional<CallTypes> types;
  const auto match = [&]<auto F>() {
    using S = ShapeOf<F>;
    if (S::Takes(arguments)) {
      types = S::Types(arguments, S::ResultOf(), S::kNullable);
    }
    return types.has_value();
  };
  if ((match.template operator()<Fs>() || ...)) {
    return *std::move(types);
  }
  return InvalidArgument("the types of the arguments do not fit");
}

template <auto... Fs>
StatusOr<Kernel> Bind(const BindInput& input) {
  Kernel kernel;
  const auto match = [&]<auto F>() {
    using S = ShapeOf<F>;
    if (S::Takes(input.types.arguments)) {
      kernel = S::template Run<F>;
    }
    return kernel != nullptr;
  };
  if ((match.template operator()<Fs>() || ...)) {
    return kernel;
  }
  return InvalidArgument("the types of the arguments do not fit");
}

}  // namespace row_function

/// A line of a function table. The C++ functions have external or internal linkage, but a name.
template <auto... Fs>
constexpr ScalarFunction RowFunction(std::string_view name,
                                     std::string_view signature,
                                     std::string_view documentation) {
  return {name,
          signature,
          documentation,
          static_cast<std::uint32_t>(std::min({row_function::ShapeOf<Fs>::kArity...})),
          static_cast<std::uint32_t>(std::max({row_function::ShapeOf<Fs>::kArity...})),
          NullRule::kPropagate,
          Evaluation::kStrict,
          row_function::Types<Fs...>,
          row_function::Bind<Fs...>};
}

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_ROW_FUNCTION_H_
