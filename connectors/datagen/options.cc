// SPDX-License-Identifier: Apache-2.0
#include "connectors/datagen/options.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "columnar/datum.h"
#include "columnar/decimal.h"
#include "columnar/text.h"
#include "connectors/datagen/datagen.h"

namespace thalweg::connectors {
namespace {

using columnar::DataType;
using columnar::TypeKind;
using proto::DatagenField;

constexpr std::uint32_t kStringLength = 100;
constexpr std::uint32_t kListLength = 3;
constexpr std::int64_t kMillisPerDay = 86'400'000;
constexpr EventMillis kFirstTimestamp = 1'577'836'800'000;  // 2020-01-01 00:00:00.

inline constexpr Option<std::int64_t> kRowsPerSecond{.key = "rows-per-second",
                                                     .default_value = 10'000,
                                                     .min = 0,
                                                     .description = "0: as fast as possible."};
inline constexpr Option<std::int64_t> kNumberOfRows{
    .key = "number-of-rows", .default_value = 0, .min = 0, .description = "Without it: endless."};
inline constexpr Option<std::int64_t> kSeed{
    .key = "seed", .default_value = 0, .description = "Of all random values."};

Status BadOption(std::string_view key, std::string_view value, std::string_view what) {
  return InvalidArgument(fmt::format("Option '{}' is '{}': {}.", key, value, what));
}

bool IsReal(const DataType& type) {
  return type.kind() == TypeKind::kFloat || type.kind() == TypeKind::kDouble;
}

/// The whole range of an integer type, the digits of a decimal, a year of dates, all times of day.
std::pair<std::int64_t, std::int64_t> RangeOf(const DataType& type) {
  const auto of = []<class T>(T) {
    return std::pair<std::int64_t, std::int64_t>(std::numeric_limits<T>::min(),
                                                 std::numeric_limits<T>::max());
  };
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return {0, 1};
    case TypeKind::kTinyInt:
      return of(std::int8_t{});
    case TypeKind::kSmallInt:
      return of(std::int16_t{});
    case TypeKind::kInt:
      return of(std::int32_t{});
    case TypeKind::kDecimal: {
      const int digits = std::min(type.precision(), DataType::kMaxShortDecimalPrecision);
      const auto end = static_cast<std::int64_t>(columnar::PowerOfTen(digits));
      return {-end + 1, end - 1};
    }
    case TypeKind::kDate:
      return {kFirstTimestamp / kMillisPerDay, kFirstTimestamp / kMillisPerDay + 365};
    case TypeKind::kTime:
      return {0, kMillisPerDay - 1};
    case TypeKind::kIntervalYearMonth:
      return {0, 120'000};
    case TypeKind::kIntervalDayTime:
      return {0, kMillisPerDay};
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz: {
      const std::int64_t first = columnar::FromEventMillis(type, kFirstTimestamp);
      return {first, first};
    }
    default:
      return of(std::int64_t{});
  }
}

/// A bound in the physical unit of the type. Timestamps may be given in milliseconds since 1970.
StatusOr<std::int64_t> ParseBound(const DataType& type,
                                  std::string_view key,
                                  std::string_view text) {
  if (type.IsTimestamp()) {
    if (const auto millis = ParseInteger(text); millis.ok()) {
      return columnar::FromEventMillis(type, *millis);
    }
  }
  if (type.IsCharacter()) {  // A sequence of numbers as text.
    const auto value = ParseInteger(text);
    return value.ok() ? value : BadOption(key, text, "an integer was expected");
  }
  const StatusOr<columnar::Datum> value = columnar::ParseDatum(type, text);
  if (!value.ok()) {
    return BadOption(key, text, MessageOf(value.status()));
  }
  if (type.physical() == columnar::Physical::kInt128) {
    const columnar::Int128 wide = value->int128();
    if (wide > std::numeric_limits<std::int64_t>::max() ||
        wide < std::numeric_limits<std::int64_t>::min()) {
      return BadOption(key, text, "bounds of more than 18 digits are not supported");
    }
    return static_cast<std::int64_t>(wide);
  }
  return value->integer();
}

/// Reads the options of one field, whose names begin with `prefix`, and lists the names it knows.
class FieldParser {
 public:
  FieldParser(const Configuration& options, std::vector<std::string>& known)
      : options_(options), known_(known) {}

  Status Parse(const std::string& prefix, const DataType& type, DatagenField& field) {
    RETURN_IF_ERROR(Read(prefix, "null-rate", [&](auto key, auto text) -> Status {
      const auto rate = ParseDouble(text);
      if (!rate.ok() || *rate < 0 || *rate > 1) {
        return BadOption(key, text, "a number from 0 to 1 was expected");
      }
      if (*rate > 0 && !type.nullable()) {
        return BadOption(key, text, "the field is NOT NULL");
      }
      field.set_null_rate(*rate);
      return OkStatus();
    }));
    if (type.kind() == TypeKind::kRow) {
      return ParseParts(prefix, type, field);
    }
    if (type.kind() == TypeKind::kArray || type.kind() == TypeKind::kMap) {
      RETURN_IF_ERROR(ParseLength(prefix, type, field));
      return ParseParts(prefix, type, field);
    }
    if (type.kind() == TypeKind::kBoolean) {
      return OkStatus();
    }
    RETURN_IF_ERROR(ParseKind(prefix, type, field));
    if (field.kind() == proto::DATAGEN_SEQUENCE) {
      return ParseSequence(prefix, type, field);
    }
    if (type.IsCharacter() || type.IsBinary()) {
      return ParseLength(prefix, type, field);
    }
    return type.IsTimestamp() ? ParsePast(prefix, type, field) : ParseRange(prefix, type, field);
  }

 private:
  using Reading = std::function<Status(std::string_view key, std::string_view text)>;

  /// Calls `read` when the option is set.
  Status Read(const std::string& prefix, std::string_view name, const Reading& read) {
    known_.push_back(fmt::format("{}.{}", prefix, name));
    const std::string& key = known_.back();
    const auto text = options_.Find(key);
    return text ? read(std::string(key), *text) : OkStatus();
  }

  Status ReadBound(const std::string& prefix,
                   std::string_view name,
                   const DataType& type,
                   const std::function<void(std::int64_t)>& set) {
    return Read(prefix, name, [&](auto key, auto text) -> Status {
      ASSIGN_OR_RETURN(const std::int64_t value, ParseBound(type, key, text));
      set(value);
      return OkStatus();
    });
  }

  Status ParseKind(const std::string& prefix, const DataType& type, DatagenField& field) {
    return Read(prefix, "kind", [&](auto key, auto text) -> Status {
      if (text != "random" && text != "sequence") {
        return BadOption(key, text, "it may be random or sequence");
      }
      if (text == "sequence" && type.IsBinary()) {
        return BadOption(key, text, "there is no sequence of bytes");
      }
      field.set_kind(text == "random" ? proto::DATAGEN_RANDOM : proto::DATAGEN_SEQUENCE);
      return OkStatus();
    });
  }

  Status ParseSequence(const std::string& prefix, const DataType& type, DatagenField& field) {
    const DataType number = IsReal(type) ? DataType::BigInt() : type;
    field.set_start(type.IsTimestamp() ? columnar::FromEventMillis(type, kFirstTimestamp) : 0);
    field.set_end(std::numeric_limits<std::int64_t>::max());
    RETURN_IF_ERROR(
        ReadBound(prefix, "start", number, [&](auto value) { field.set_start(value); }));
    RETURN_IF_ERROR(ReadBound(prefix, "end", number, [&](auto value) { field.set_end(value); }));
    const std::int64_t unit =
        type.IsTimestamp() ? columnar::TimestampUnitsPerSecond(type) / 1000 : 1;
    field.set_step(unit);
    RETURN_IF_ERROR(Read(prefix, "step", [&](auto key, auto text) -> Status {
      const auto step = ParseInteger(text);
      if (!step.ok() || *step < 0) {
        return BadOption(key, text, "an integer of at least 0 was expected");
      }
      field.set_step(*step * unit);
      return OkStatus();
    }));
    return field.end() >= field.start()
               ? OkStatus()
               : InvalidArgument(fmt::format("Options '{0}.start' and '{0}.end': the sequence ends "
                                             "before it starts.",
                                             prefix));
  }

  Status ParseRange(const std::string& prefix, const DataType& type, DatagenField& field) {
    if (IsReal(type)) {
      RETURN_IF_ERROR(ReadReal(prefix, "min", [&](double value) { field.set_real_min(value); }));
      RETURN_IF_ERROR(ReadReal(prefix, "max", [&](double value) { field.set_real_max(value); }));
    } else {
      RETURN_IF_ERROR(ReadBound(prefix, "min", type, [&](auto value) { field.set_min(value); }));
      RETURN_IF_ERROR(ReadBound(prefix, "max", type, [&](auto value) { field.set_max(value); }));
    }
    if (field.max() < field.min() || field.real_max() < field.real_min()) {
      return InvalidArgument(
          fmt::format("Options '{0}.min' and '{0}.max': the range is empty.", prefix));
    }
    return OkStatus();
  }

  Status ReadReal(const std::string& prefix,
                  std::string_view name,
                  const std::function<void(double)>& set) {
    return Read(prefix, name, [&](auto key, auto text) -> Status {
      const auto value = ParseDouble(text);
      if (!value.ok()) {
        return BadOption(key, text, "a number was expected");
      }
      set(*value);
      return OkStatus();
    });
  }

  /// A random timestamp lies at most 'max-past' before 'start'.
  Status ParsePast(const std::string& prefix, const DataType& type, DatagenField& field) {
    RETURN_IF_ERROR(ReadBound(prefix, "start", type, [&](auto value) { field.set_max(value); }));
    field.set_min(field.max());
    return Read(prefix, "max-past", [&](auto key, auto text) -> Status {
      const auto past = ParseDuration(text);
      if (!past.ok()) {
        return BadOption(key, text, MessageOf(past.status()));
      }
      field.set_min(field.max() - past->count() * (columnar::TimestampUnitsPerSecond(type) / 1000));
      return OkStatus();
    });
  }

  Status ParseLength(const std::string& prefix, const DataType& type, DatagenField& field) {
    RETURN_IF_ERROR(Read(prefix, "length", [&](auto key, auto text) -> Status {
      const auto length = ParseInteger(text);
      const std::int64_t max = type.length() == 0 ? 65'536 : type.length();
      if (!length.ok() || *length < 1 || *length > max) {
        return BadOption(key, text, fmt::format("a length from 1 to {} was expected", max));
      }
      field.set_length(static_cast<std::uint32_t>(*length));
      return OkStatus();
    }));
    return Read(prefix, "var-len", [&](auto key, auto text) -> Status {
      const auto variable = ParseBool(text);
      if (!variable.ok()) {
        return BadOption(key, text, "true or false was expected");
      }
      field.set_variable_length(*variable);
      return OkStatus();
    });
  }

  Status ParseParts(const std::string& prefix, const DataType& type, DatagenField& field) {
    for (std::size_t i = 0; i < type.fields().size(); ++i) {
      const columnar::Field& part = type.fields()[i];
      RETURN_IF_ERROR(Parse(fmt::format("{}.{}", prefix, part.name),
                            part.type,
                            *field.mutable_parts(static_cast<int>(i))));
    }
    return OkStatus();
  }

  const Configuration& options_;
  std::vector<std::string>& known_;
};

std::uint64_t RowsOf(const DatagenField& field) {
  std::uint64_t rows = std::numeric_limits<std::uint64_t>::max();
  for (const DatagenField& part : field.parts()) {
    rows = std::min(rows, RowsOf(part));
  }
  if (field.kind() == proto::DATAGEN_SEQUENCE && field.step() > 0 &&
      field.end() != std::numeric_limits<std::int64_t>::max()) {
    const std::uint64_t width =
        static_cast<std::uint64_t>(field.end()) - static_cast<std::uint64_t>(field.start());
    rows = std::min(rows, width / static_cast<std::uint64_t>(field.step()) + 1);
  }
  return rows;
}

}  // namespace

DatagenField DefaultField(const DataType& type) {
  DatagenField field;
  if (type.kind() == TypeKind::kRow || type.physical() == columnar::Physical::kList) {
    field.set_length(type.kind() == TypeKind::kRow ? 0 : kListLength);
    for (const columnar::Field& part : type.fields()) {
      *field.add_parts() = DefaultField(part.type);
    }
  } else if (type.IsCharacter() || type.IsBinary()) {
    field.set_length(std::min(type.length(), kStringLength));
  } else if (IsReal(type)) {
    field.set_real_min(0);
    field.set_real_max(1);
  } else {
    const auto [min, max] = RangeOf(type);
    field.set_min(min);
    field.set_max(max);
  }
  return field;
}

void BoundRows(proto::DatagenSpec& spec) {
  std::uint64_t rows =
      spec.row_count() == 0 ? std::numeric_limits<std::uint64_t>::max() : spec.row_count();
  for (const DatagenField& field : spec.fields()) {
    rows = std::min(rows, RowsOf(field));
  }
  spec.set_row_count(rows == std::numeric_limits<std::uint64_t>::max() ? 0 : rows);
}

StatusOr<proto::DatagenSpec> ParseDatagenOptions(const Configuration& options,
                                                 const columnar::Schema& schema) {
  proto::DatagenSpec spec;
  ASSIGN_OR_RETURN(const std::int64_t rows_per_second, options.Get(kRowsPerSecond));
  ASSIGN_OR_RETURN(const std::int64_t row_count, options.Get(kNumberOfRows));
  ASSIGN_OR_RETURN(const std::int64_t seed, options.Get(kSeed));
  spec.set_rows_per_second(static_cast<std::uint64_t>(rows_per_second));
  spec.set_row_count(static_cast<std::uint64_t>(row_count));
  spec.set_seed(static_cast<std::uint64_t>(seed));

  std::vector<std::string> known = {
      std::string(kRowsPerSecond.key), std::string(kNumberOfRows.key), std::string(kSeed.key)};
  FieldParser parser(options, known);
  for (const columnar::Field& field : schema.fields()) {
    DatagenField* const parsed = spec.add_fields();
    *parsed = DefaultField(field.type);
    RETURN_IF_ERROR(parser.Parse("fields." + field.name, field.type, *parsed));
  }
  const std::vector<std::string_view> keys(known.begin(), known.end());
  RETURN_IF_ERROR(Annotate(options.CheckKeys(keys), "Connector 'datagen'"));
  BoundRows(spec);
  return spec;
}

}  // namespace thalweg::connectors
