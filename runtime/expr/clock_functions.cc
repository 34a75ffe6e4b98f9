// SPDX-License-Identifier: Apache-2.0
//
// What the clock, or chance, says: values that come from the context of an evaluation.
#include <algorithm>
#include <cstdint>
#include <string>

#include "runtime/expr/function_registry.h"
#include "runtime/expr/time_unit.h"
#include "runtime/expr/type_rules.h"

namespace thalweg::runtime {
namespace {

using columnar::DataType;
using columnar::StringRef;

std::int64_t MillisNow(const KernelFrame& frame) {
  return frame.context().now.time_since_epoch().count();
}

/// Milliseconds that the session's clock shows.
std::int64_t LocalMillisNow(const KernelFrame& frame) {
  const std::int64_t now = MillisNow(frame);
  return now + frame.context().zone->OffsetAt(FloorDivide(now, 1'000)) * 1'000;
}

template <class Make>
StatusOr<CallTypes> NoArguments(std::span<const DataType> /*arguments*/,
                                const DataType& /*wanted*/) {
  return CallTypes{{}, Make()().NotNull()};
}
struct DateType {
  DataType operator()() const { return DataType::Date(); }
};
struct TimeType {
  DataType operator()() const { return DataType::Time(0); }
};
struct TimestampType {
  DataType operator()() const { return DataType::Timestamp(3); }
};
struct MomentType {
  DataType operator()() const { return DataType::TimestampLtz(3); }
};
struct TextType {
  DataType operator()() const { return DataType::String(); }
};

template <class T, auto F>
StatusOr<Kernel> BindNow(const BindInput& /*input*/) {
  return Kernel([](KernelFrame& frame) {
    std::fill_n(frame.Out<T>(), frame.row_count(), static_cast<T>(F(frame)));
    return OkStatus();
  });
}

std::int64_t DateNow(const KernelFrame& frame) {
  return FloorDivide(LocalMillisNow(frame), kMillisPerDay);
}
std::int64_t TimeNow(const KernelFrame& frame) {
  const std::int64_t of_day = LocalMillisNow(frame) - DateNow(frame) * kMillisPerDay;
  return of_day - of_day % 1'000;
}
std::int64_t LocalNow(const KernelFrame& frame) {
  return LocalMillisNow(frame) * 1'000;
}
std::int64_t MomentNow(const KernelFrame& frame) {
  return MillisNow(frame) * 1'000;
}

constexpr ScalarFunction Clock(std::string_view name,
                               std::string_view signature,
                               std::string_view documentation,
                               TypeRule types,
                               Binder bind) {
  return {name,
          signature,
          documentation,
          0,
          0,
          NullRule::kOwn,
          Evaluation::kStrict,
          types,
          bind,
          Stability::kBatch};
}

StatusOr<Random*> RandomOf(const KernelFrame& frame) {
  if (frame.context().random == nullptr) {
    return Unimplemented("There are no random numbers here; compute this in a column of its own");
  }
  return frame.context().random;
}

/// All integers, as BIGINT.
CallTypes IntegerTypes(std::span<const DataType> arguments, const DataType& result) {
  CallTypes types{{}, result.WithNullable(AnyNullable(arguments))};
  for (const DataType& argument : arguments) {
    types.arguments.push_back(DataType::BigInt().WithNullable(argument.nullable()));
  }
  return types;
}

StatusOr<CallTypes> RandTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  if (!arguments.empty() && !arguments[0].IsInteger()) {
    return InvalidArgument("the seed must be an integer");
  }
  return IntegerTypes(arguments, DataType::Double().NotNull());
}

StatusOr<CallTypes> RandIntegerTypes(std::span<const DataType> arguments,
                                     const DataType& /*wanted*/) {
  for (const DataType& argument : arguments) {
    if (!argument.IsInteger()) {
      return InvalidArgument("seed and bound must be integers");
    }
  }
  return IntegerTypes(arguments, DataType::Int().NotNull());
}

/// Mixes a seed that a user gave with the task's own numbers: rows of a batch differ, and a seed
/// alone decides nothing across tasks.
std::uint64_t SeededNext(Random& random, const columnar::Column* seed, std::size_t row) {
  const std::uint64_t next = random.Next();
  if (seed == nullptr) {
    return next;
  }
  const auto value = static_cast<std::uint64_t>(seed->Values<std::int64_t>()[row * seed->stride()]);
  return SeededRandom(value ^ next).Next();
}

StatusOr<Kernel> BindRand(const BindInput& /*input*/) {
  return Kernel([](KernelFrame& frame) -> Status {
    ASSIGN_OR_RETURN(Random* const random, RandomOf(frame));
    const columnar::Column* seed = frame.argument_count() > 0 ? &frame.argument(0) : nullptr;
    auto* out = frame.Out<double>();
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      out[row] = static_cast<double>(SeededNext(*random, seed, row) >> 11U) * 0x1.0p-53;
    }
    return OkStatus();
  });
}

StatusOr<Kernel> BindRandInteger(const BindInput& /*input*/) {
  return Kernel([](KernelFrame& frame) -> Status {
    ASSIGN_OR_RETURN(Random* const random, RandomOf(frame));
    const columnar::Column* seed = frame.argument_count() > 1 ? &frame.argument(0) : nullptr;
    const columnar::Column& bound = frame.argument(frame.argument_count() - 1);
    auto* out = frame.Out<std::int32_t>();
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      out[row] = 0;
      if (!frame.IsLive(row)) {
        continue;
      }
      const std::int64_t limit = bound.Values<std::int64_t>()[row * bound.stride()];
      if (limit <= 0 || limit > (std::int64_t{1} << 31U)) {
        return frame.Fail(row, "The bound must be between 1 and 2147483648");
      }
      const std::uint64_t number = SeededNext(*random, seed, row) >> 32U;
      out[row] = static_cast<std::int32_t>((number * static_cast<std::uint64_t>(limit)) >> 32U);
    }
    return OkStatus();
  });
}

/// Of version 4: random but for six bits.
std::string MakeUuid(Random& random) {
  const std::uint64_t high = (random.Next() & ~std::uint64_t{0xF000}) | 0x4000;
  const std::uint64_t low =
      (random.Next() & ~(std::uint64_t{3} << 62U)) | (std::uint64_t{2} << 62U);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (int digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) {
      text.push_back('-');
    }
    const std::uint64_t word = digit < 16 ? high : low;
    text.push_back(kDigits[(word >> (60U - 4U * static_cast<unsigned>(digit % 16))) & 15U]);
  }
  return text;
}

StatusOr<Kernel> BindUuid(const BindInput& /*input*/) {
  return Kernel([](KernelFrame& frame) -> Status {
    ASSIGN_OR_RETURN(Random* const random, RandomOf(frame));
    auto* out = frame.Out<StringRef>();
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      out[row] = frame.heap().Add(MakeUuid(*random));
    }
    return OkStatus();
  });
}

}  // namespace

std::span<const ScalarFunction> ClockFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      Clock("CURRENT_DATE",
            "CURRENT_DATE",
            "Today in the session's time zone.",
            NoArguments<DateType>,
            BindNow<std::int32_t, DateNow>),
      Clock("CURRENT_TIME",
            "CURRENT_TIME",
            "The time of day in the session's time zone.",
            NoArguments<TimeType>,
            BindNow<std::int32_t, TimeNow>),
      Clock("LOCALTIME",
            "LOCALTIME",
            "The time of day in the session's time zone.",
            NoArguments<TimeType>,
            BindNow<std::int32_t, TimeNow>),
      Clock("LOCALTIMESTAMP",
            "LOCALTIMESTAMP",
            "Date and time in the session's time zone, a TIMESTAMP(3).",
            NoArguments<TimestampType>,
            BindNow<std::int64_t, LocalNow>),
      Clock("CURRENT_TIMESTAMP",
            "CURRENT_TIMESTAMP",
            "This moment, a TIMESTAMP_LTZ(3).",
            NoArguments<MomentType>,
            BindNow<std::int64_t, MomentNow>),
      Clock("CURRENT_ROW_TIMESTAMP",
            "CURRENT_ROW_TIMESTAMP()",
            "This moment, a TIMESTAMP_LTZ(3).",
            NoArguments<MomentType>,
            BindNow<std::int64_t, MomentNow>),
      Clock("NOW",
            "NOW()",
            "This moment, a TIMESTAMP_LTZ(3).",
            NoArguments<MomentType>,
            BindNow<std::int64_t, MomentNow>),
      Clock("PROCTIME",
            "PROCTIME()",
            "This moment, a TIMESTAMP_LTZ(3) that windows of processing time can use.",
            NoArguments<MomentType>,
            BindNow<std::int64_t, MomentNow>),
  };
  return kFunctions;
}

std::span<const ScalarFunction> RandomFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      {"RAND",
       "RAND([seed])",
       "A random DOUBLE, at least 0 and less than 1; another one in each row.",
       0,
       1,
       NullRule::kPropagate,
       Evaluation::kStrict,
       RandTypes,
       BindRand,
       Stability::kRow},
      {"RAND_INTEGER",
       "RAND_INTEGER([seed, ]bound)",
       "A random INT, at least 0 and less than the bound; another one in each row.",
       1,
       2,
       NullRule::kPropagate,
       Evaluation::kStrict,
       RandIntegerTypes,
       BindRandInteger,
       Stability::kRow},
      {"UUID",
       "UUID()",
       "A random UUID of version 4; another one in each row.",
       0,
       0,
       NullRule::kPropagate,
       Evaluation::kStrict,
       NoArguments<TextType>,
       BindUuid,
       Stability::kRow},
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
