// SPDX-License-Identifier: Apache-2.0
//
// Times to and from text by patterns, and seconds since 1970.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "columnar/time_text.h"
#include "runtime/expr/function_registry.h"
#include "runtime/expr/time_pattern.h"
#include "runtime/expr/time_unit.h"
#include "runtime/expr/type_rules.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::DataType;
using columnar::StringRef;
using columnar::TypeKind;

constexpr std::string_view kDefaultPattern = "yyyy-MM-dd HH:mm:ss";

/// The pattern of each row: compiled once when constant, else when it changes.
class PatternReader {
 public:
  /// `argument` may be behind the last one: then the default pattern counts.
  PatternReader(const KernelFrame& frame, std::size_t argument)
      : column_(argument < frame.argument_count() ? &frame.argument(argument) : nullptr) {}

  StatusOr<const TimePattern*> At(std::size_t row) {
    const std::string_view text = column_ == nullptr ? kDefaultPattern : column_->StringAt(row);
    if (!compiled_.has_value() || text != text_) {
      ASSIGN_OR_RETURN(compiled_, TimePattern::Compile(text));
      text_ = text;
    }
    return &*compiled_;
  }

 private:
  const Column* column_;
  std::optional<TimePattern> compiled_;
  std::string text_;
};

/// Refuses a wrong constant pattern before any row.
Status CheckConstantPattern(const BindInput& input, std::size_t argument) {
  if (argument < input.constants.size() && input.constants[argument] != nullptr &&
      !input.constants[argument]->IsNull(0)) {
    return TimePattern::Compile(input.constants[argument]->StringAt(0)).status();
  }
  return OkStatus();
}

template <std::size_t pattern_at, Status (*run)(KernelFrame&)>
StatusOr<Kernel> BindPatterned(const BindInput& input) {
  RETURN_IF_ERROR(CheckConstantPattern(input, pattern_at));
  return Kernel(run);
}

/// Writes texts by pattern; neighbours that the pattern cannot tell apart share one.
class PatternWriter {
 public:
  PatternWriter(KernelFrame& frame, std::size_t pattern_at)
      : frame_(frame), patterns_(frame, pattern_at) {}

  Status Put(std::size_t row, LocalTime time, std::int64_t offset, std::string_view zone) {
    StringRef& out = frame_.Out<StringRef>()[row];
    out = StringRef();
    if (!frame_.IsLive(row)) {
      return OkStatus();
    }
    const StatusOr<const TimePattern*> pattern = patterns_.At(row);
    if (!pattern.ok()) {
      return frame_.Fail(row, MessageOf(pattern.status()));
    }
    const std::int64_t grain = (*pattern)->grain();
    const LocalTime key = {time.days, time.nanos / grain};
    // The pattern's text decides too, where it comes from a column.
    const bool same =
        known_ && constant_pattern_ && Compare(key, last_key_) == 0 && offset == last_offset_;
    if (!same) {
      text_.clear();
      (*pattern)->Format(time, offset, zone, &text_);
      last_ = frame_.heap().Add(text_);
      last_key_ = key;
      last_offset_ = offset;
      known_ = true;
    }
    out = last_;
    return OkStatus();
  }
  void SetConstantPattern(bool constant) { constant_pattern_ = constant; }

 private:
  KernelFrame& frame_;
  PatternReader patterns_;
  bool constant_pattern_ = false;
  bool known_ = false;
  LocalTime last_key_;
  std::int64_t last_offset_ = 0;
  StringRef last_;
  std::string text_;
};

StatusOr<CallTypes> DateFormatTypes(std::span<const DataType> arguments,
                                    const DataType& /*wanted*/) {
  const DataType& time = arguments[0];
  if ((!time.IsTimestamp() && !time.IsCharacter() && time.kind() != TypeKind::kDate) ||
      !arguments[1].IsCharacter()) {
    return InvalidArgument("it takes a timestamp, or a text like one, and a pattern");
  }
  const DataType read = time.IsCharacter() || time.kind() == TypeKind::kDate
                            ? DataType::Timestamp(3).WithNullable(time.nullable())
                            : time;
  return CallTypes{{read, arguments[1]}, DataType::String().WithNullable(AnyNullable(arguments))};
}

Status RunDateFormat(KernelFrame& frame) {
  const Column& column = frame.argument(0);
  const TimeZone& zone = *frame.context().zone;
  const TimeReader read(column, zone);
  const bool moment = column.type().kind() == TypeKind::kTimestampLtz;
  const std::int64_t units = columnar::TimestampUnitsPerSecond(column.type());
  PatternWriter writer(frame, 1);
  writer.SetConstantPattern(frame.argument(1).IsConstant());
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    const std::int64_t offset = moment ? zone.OffsetAt(FloorDivide(read.Value(row), units)) : 0;
    RETURN_IF_ERROR(writer.Put(row, read(row), offset, zone.name()));
  }
  return OkStatus();
}

StatusOr<CallTypes> FromUnixTimeTypes(std::span<const DataType> arguments,
                                      const DataType& /*wanted*/) {
  if (!arguments[0].IsInteger() || (arguments.size() > 1 && !arguments[1].IsCharacter())) {
    return InvalidArgument("it takes seconds and a pattern");
  }
  CallTypes types{{arguments.begin(), arguments.end()},
                  DataType::String().WithNullable(AnyNullable(arguments))};
  types.arguments[0] = DataType::BigInt().WithNullable(arguments[0].nullable());
  return types;
}

/// Far outside of every calendar, where nothing overflows.
constexpr std::int64_t kMaxSeconds = std::int64_t{1} << 45U;

Status RunFromUnixTime(KernelFrame& frame) {
  const Column& column = frame.argument(0);
  const TimeZone& zone = *frame.context().zone;
  const std::int64_t* values = column.Values<std::int64_t>().data();
  PatternWriter writer(frame, 1);
  writer.SetConstantPattern(frame.argument_count() < 2 || frame.argument(1).IsConstant());
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    const std::int64_t seconds =
        std::clamp(values[row * column.stride()], -kMaxSeconds, kMaxSeconds);
    const std::int64_t offset = zone.OffsetAt(seconds);
    const std::int64_t days = FloorDivide(seconds + offset, kSecondsPerDay);
    const LocalTime time = {days, (seconds + offset - days * kSecondsPerDay) * kNanosPerSecond};
    RETURN_IF_ERROR(writer.Put(row, time, offset, zone.name()));
  }
  return OkStatus();
}

StatusOr<CallTypes> TextTypes(std::span<const DataType> arguments, const DataType& result) {
  for (const DataType& argument : arguments) {
    if (!argument.IsCharacter()) {
      return InvalidArgument("all must be texts");
    }
  }
  return CallTypes{{arguments.begin(), arguments.end()}, result};
}

/// Reads the texts of argument 0 by the pattern of argument 1, or without one as CAST does.
class TextReader {
 public:
  explicit TextReader(const KernelFrame& frame)
      : frame_(frame), patterns_(frame, 1), plain_(DataType::Timestamp(9)) {}

  StatusOr<std::optional<TimePattern::Parsed>> At(std::size_t row) {
    const std::string_view text = frame_.argument(0).StringAt(row);
    if (frame_.argument_count() > 1) {
      const StatusOr<const TimePattern*> pattern = patterns_.At(row);
      if (!pattern.ok()) {
        return frame_.Fail(row, MessageOf(pattern.status()));
      }
      return (*pattern)->Parse(text);
    }
    return Plain(text);
  }

 private:
  std::optional<TimePattern::Parsed> Plain(std::string_view text) {
    // Nanoseconds end in 2262, so the parts are read apart.
    const auto days = columnar::ParseDate(text.substr(0, text.find_first_of(" T")));
    if (!days.has_value()) {
      return std::nullopt;
    }
    TimePattern::Parsed parsed;
    parsed.time.days = *days;
    const std::size_t clock = text.find_first_of(" T");
    if (clock != std::string_view::npos) {
      const std::string on_epoch = "1970-01-01 " + std::string(text.substr(clock + 1));
      const auto nanos = plain_.Parse(on_epoch);
      if (!nanos.has_value()) {
        return std::nullopt;
      }
      parsed.time.nanos = *nanos;
    }
    return parsed;
  }

  const KernelFrame& frame_;
  PatternReader patterns_;
  columnar::TimestampParser plain_;
};

StatusOr<CallTypes> ToDateTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  return TextTypes(arguments, DataType::Date());
}

Status RunToDate(KernelFrame& frame) {
  TextReader read(frame);
  auto* out = frame.Out<std::int32_t>();
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    out[row] = 0;
    if (!frame.IsLive(row)) {
      continue;
    }
    ASSIGN_OR_RETURN(const std::optional<TimePattern::Parsed> parsed, read.At(row));
    if (parsed.has_value()) {
      out[row] = static_cast<std::int32_t>(parsed->time.days);
    } else {
      frame.SetNull(row);
    }
  }
  return OkStatus();
}

StatusOr<CallTypes> ToTimestampTypes(std::span<const DataType> arguments,
                                     const DataType& /*wanted*/) {
  return TextTypes(arguments, DataType::Timestamp(3));
}

LocalTime ToMillis(LocalTime time) {
  return {time.days, time.nanos / kNanosPerMilli * kNanosPerMilli};
}

Status RunToTimestamp(KernelFrame& frame) {
  TextReader read(frame);
  const TimeCodec codec(frame.result_type(), TimeZone::Utc());
  auto* out = frame.Out<std::int64_t>();
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    out[row] = 0;
    if (!frame.IsLive(row)) {
      continue;
    }
    ASSIGN_OR_RETURN(const std::optional<TimePattern::Parsed> parsed, read.At(row));
    if (parsed.has_value()) {
      out[row] = codec.Write(ToMillis(parsed->time));
    } else {
      frame.SetNull(row);
    }
  }
  return OkStatus();
}

/// (number[, precision 0 or 3]) or (text[, pattern[, zone]]).
StatusOr<CallTypes> ToMomentTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  const DataType result = DataType::TimestampLtz(3);
  if (arguments[0].IsCharacter()) {
    return TextTypes(arguments, result);
  }
  if (!IsNumeric(arguments[0]) || arguments.size() > 2 ||
      (arguments.size() == 2 && !arguments[1].IsInteger())) {
    return InvalidArgument("it takes a number and a precision, or a text, a pattern and a zone");
  }
  CallTypes types{{arguments.begin(), arguments.end()},
                  result.WithNullable(AnyNullable(arguments))};
  types.arguments[0] = (arguments[0].IsInteger() ? DataType::BigInt() : DataType::Double())
                           .WithNullable(arguments[0].nullable());
  if (arguments.size() == 2) {
    types.arguments[1] = DataType::BigInt().WithNullable(arguments[1].nullable());
  }
  return types;
}

Status MomentOfNumber(KernelFrame& frame) {
  const Column& number = frame.argument(0);
  auto* out = frame.Out<std::int64_t>();
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    std::int64_t precision = 3;
    if (frame.argument_count() > 1) {
      const Column& column = frame.argument(1);
      precision = column.Values<std::int64_t>()[row * column.stride()];
      if (precision != 0 && precision != 3 && frame.IsLive(row)) {
        return frame.Fail(row, "The precision must be 0, for seconds, or 3, for milliseconds");
      }
    }
    const std::size_t at = row * number.stride();
    const std::int64_t scale = precision == 0 ? 1'000'000 : 1'000;
    if (number.physical() == columnar::Physical::kDouble) {
      const double micros = number.Values<double>()[at] * static_cast<double>(scale);
      constexpr double kBound = 9.2e18;
      const bool fits = micros > -kBound && micros < kBound;
      out[row] = fits ? FloorDivide(static_cast<std::int64_t>(micros), 1'000) * 1'000 : 0;
      if (!fits && frame.IsLive(row)) {
        frame.SetNull(row);
      }
    } else if (__builtin_mul_overflow(number.Values<std::int64_t>()[at], scale, &out[row])) {
      out[row] = 0;
      if (frame.IsLive(row)) {
        frame.SetNull(row);
      }
    }
  }
  return OkStatus();
}

/// Zones by name, looked up when another one comes.
class ZoneReader {
 public:
  /// Null: there is none of that name.
  const TimeZone* Find(std::string_view name) {
    if (!known_ || name != name_) {
      known_ = true;
      name_ = name;
      StatusOr<TimeZone> zone = TimeZone::Load(name);
      zone_ = zone.ok() ? std::optional(*std::move(zone)) : std::nullopt;
    }
    return zone_.has_value() ? &*zone_ : nullptr;
  }

 private:
  bool known_ = false;
  std::string name_;
  std::optional<TimeZone> zone_;
};

Status MomentOfText(KernelFrame& frame) {
  TextReader read(frame);
  ZoneReader zones;
  auto* out = frame.Out<std::int64_t>();
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    out[row] = 0;
    if (!frame.IsLive(row)) {
      continue;
    }
    const TimeZone* zone = &TimeZone::Utc();
    if (frame.argument_count() > 2) {
      zone = zones.Find(frame.argument(2).StringAt(row));
      if (zone == nullptr) {
        return frame.Fail(row, "There is no time zone of that name");
      }
    }
    ASSIGN_OR_RETURN(const std::optional<TimePattern::Parsed> parsed, read.At(row));
    if (!parsed.has_value()) {
      frame.SetNull(row);
      continue;
    }
    const TimeCodec codec(frame.result_type(),
                          parsed->offset.has_value() ? TimeZone::Utc() : *zone);
    const LocalTime time = ToMillis(parsed->time);
    out[row] = codec.Write(AddNanos(time, -parsed->offset.value_or(0) * kNanosPerSecond));
  }
  return OkStatus();
}

StatusOr<Kernel> BindToMoment(const BindInput& input) {
  if (!input.types.arguments[0].IsCharacter()) {
    return Kernel(MomentOfNumber);
  }
  RETURN_IF_ERROR(CheckConstantPattern(input, 1));
  return Kernel(MomentOfText);
}

StatusOr<CallTypes> UnixTimestampTypes(std::span<const DataType> arguments,
                                       const DataType& /*wanted*/) {
  return TextTypes(arguments, DataType::BigInt().WithNullable(AnyNullable(arguments)));
}

Status RunUnixTimestamp(KernelFrame& frame) {
  auto* out = frame.Out<std::int64_t>();
  if (frame.argument_count() == 0) {
    std::fill_n(
        out, frame.row_count(), FloorDivide(frame.context().now.time_since_epoch().count(), 1'000));
    return OkStatus();
  }
  TextReader read(frame);
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    out[row] = 0;
    if (!frame.IsLive(row)) {
      continue;
    }
    ASSIGN_OR_RETURN(const std::optional<TimePattern::Parsed> parsed, read.At(row));
    if (!parsed.has_value()) {
      out[row] = std::numeric_limits<std::int64_t>::min();  // As documented.
      continue;
    }
    const std::int64_t local = Extract(TimeUnit::kEpoch, parsed->time);
    out[row] = local - (parsed->offset.has_value() ? *parsed->offset
                                                   : frame.context().zone->OffsetAtLocal(local));
  }
  return OkStatus();
}

StatusOr<CallTypes> ConvertZoneTypes(std::span<const DataType> arguments,
                                     const DataType& /*wanted*/) {
  return TextTypes(arguments, DataType::String());
}

Status RunConvertZone(KernelFrame& frame) {
  ASSIGN_OR_RETURN(const TimePattern pattern, TimePattern::Compile(kDefaultPattern));
  ZoneReader from_zones;
  ZoneReader to_zones;
  auto* out = frame.Out<StringRef>();
  std::string text;
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    out[row] = StringRef();
    if (!frame.IsLive(row)) {
      continue;
    }
    const TimeZone* from = from_zones.Find(frame.argument(1).StringAt(row));
    const TimeZone* to = to_zones.Find(frame.argument(2).StringAt(row));
    const auto parsed = pattern.Parse(frame.argument(0).StringAt(row));
    if (from == nullptr || to == nullptr || !parsed.has_value()) {
      frame.SetNull(row);
      continue;
    }
    const std::int64_t local = Extract(TimeUnit::kEpoch, parsed->time);
    const std::int64_t moment = local - from->OffsetAtLocal(local);
    const std::int64_t shift = moment + to->OffsetAt(moment) - local;
    text.clear();
    pattern.Format(AddNanos(parsed->time, shift * kNanosPerSecond), 0, "", &text);
    out[row] = frame.heap().Add(text);
  }
  return OkStatus();
}

}  // namespace

std::span<const ScalarFunction> TimeTextFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      {"DATE_FORMAT",
       "DATE_FORMAT(timestamp, pattern)",
       "The timestamp written by a pattern of Java's DateTimeFormatter.",
       2,
       2,
       NullRule::kPropagate,
       Evaluation::kStrict,
       DateFormatTypes,
       BindPatterned<1, RunDateFormat>},
      {"TO_DATE",
       "TO_DATE(text[, pattern])",
       "The date that the text tells by the pattern; NULL when it does not.",
       1,
       2,
       NullRule::kPropagate,
       Evaluation::kStrict,
       ToDateTypes,
       BindPatterned<1, RunToDate>},
      {"TO_TIMESTAMP",
       "TO_TIMESTAMP(text[, pattern])",
       "The TIMESTAMP(3) that the text tells by the pattern; NULL when it does not.",
       1,
       2,
       NullRule::kPropagate,
       Evaluation::kStrict,
       ToTimestampTypes,
       BindPatterned<1, RunToTimestamp>},
      {"TO_TIMESTAMP_LTZ",
       "TO_TIMESTAMP_LTZ(number[, precision]), TO_TIMESTAMP_LTZ(text[, pattern[, zone]])",
       "The moment so many milliseconds, or seconds with precision 0, after 1970, or that a text "
       "tells by the pattern, in UTC if not told otherwise.",
       1,
       3,
       NullRule::kPropagate,
       Evaluation::kStrict,
       ToMomentTypes,
       BindToMoment},
      {"FROM_UNIXTIME",
       "FROM_UNIXTIME(seconds[, pattern])",
       "The moment so many seconds after 1970, written by the pattern in the session's time zone.",
       1,
       2,
       NullRule::kPropagate,
       Evaluation::kStrict,
       FromUnixTimeTypes,
       BindPatterned<1, RunFromUnixTime>,
       Stability::kSession},
      {"UNIX_TIMESTAMP",
       "UNIX_TIMESTAMP([text[, pattern]])",
       "Seconds since 1970, now or at the time that the text tells in the session's time zone.",
       0,
       2,
       NullRule::kPropagate,
       Evaluation::kStrict,
       UnixTimestampTypes,
       BindPatterned<1, RunUnixTimestamp>,
       Stability::kBatch},
      {"CONVERT_TZ",
       "CONVERT_TZ(text, from, to)",
       "A time like 'yyyy-MM-dd HH:mm:ss' in another time zone; NULL when it cannot be read.",
       3,
       3,
       NullRule::kPropagate,
       Evaluation::kStrict,
       ConvertZoneTypes,
       [](const BindInput& /*input*/) -> StatusOr<Kernel> { return Kernel(RunConvertZone); }},
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
