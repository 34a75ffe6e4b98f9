// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/cast_text.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <simdjson.h>

#include "columnar/column_builder.h"
#include "columnar/text.h"
#include "columnar/time_text.h"
#include "runtime/expr/cast_time.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::DataType;
using columnar::Physical;
using columnar::StringRef;
using columnar::TypeKind;

/// The bytes of the first `count` code points (or bytes, of binary), and how many there are.
std::size_t PrefixBytes(std::string_view text, std::size_t limit, bool binary, std::size_t* count) {
  std::size_t at = 0;
  *count = 0;
  while (at < text.size() && *count < limit) {
    ++at;
    while (!binary && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) {
      ++at;
    }
    ++*count;
  }
  return at;
}

/// Cuts to the type's length; CHAR and BINARY are filled up to it.
void Fit(const DataType& type, std::string* text) {
  if (type.length() == DataType::kMaxLength) {
    return;
  }
  std::size_t count = 0;
  text->resize(PrefixBytes(*text, type.length(), type.IsBinary(), &count));
  if (type.kind() == TypeKind::kChar) {
    text->append(type.length() - count, ' ');
  } else if (type.kind() == TypeKind::kBinary) {
    text->append(type.length() - count, '\0');
  }
}

/// Appends the text of a row to `out`.
using RowWriter = std::function<void(std::size_t row, std::string* out)>;

Status WriteTexts(KernelFrame& frame, const RowWriter& write) {
  auto* out = frame.Out<StringRef>();
  std::string text;
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    text.clear();
    if (frame.IsLive(row)) {
      write(row, &text);
      Fit(frame.result_type(), &text);
    }
    out[row] = frame.heap().Add(text);
  }
  return OkStatus();
}

Status ToText(KernelFrame& frame) {
  const Column& argument = frame.argument(0);
  return WriteTexts(frame, [&argument](std::size_t row, std::string* out) {
    columnar::AppendText(argument, row, out);
  });
}

Status TimestampToText(KernelFrame& frame) {
  const Column& argument = frame.argument(0);
  const DataType& type = argument.type();
  const std::int64_t* values = argument.Values<std::int64_t>().data();
  columnar::TimestampFormatter formatter(type, {.trim_zeros = false});
  const std::int64_t units = columnar::TimestampUnitsPerSecond(type);
  const TimeZone* zone =
      type.kind() == TypeKind::kTimestampLtz ? frame.context().zone : &TimeZone::Utc();
  return WriteTexts(frame, [&](std::size_t row, std::string* out) {
    formatter.Append(MomentToLocal(values[row * argument.stride()], units, *zone), out);
  });
}

/// The same type with TIMESTAMP for each TIMESTAMP_LTZ.
DataType Local(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kTimestampLtz:
      return DataType::Timestamp(type.precision()).WithNullable(type.nullable());
    case TypeKind::kArray:
      return DataType::Array(Local(type.fields()[0].type)).WithNullable(type.nullable());
    case TypeKind::kMap:
      return DataType::Map(Local(type.fields()[0].type), Local(type.fields()[1].type))
          .WithNullable(type.nullable());
    case TypeKind::kRow: {
      std::vector<columnar::Field> fields;
      for (const columnar::Field& field : type.fields()) {
        fields.push_back({field.name, Local(field.type)});
      }
      return DataType::Row(std::move(fields)).WithNullable(type.nullable());
    }
    default:
      return type;
  }
}

/// Moments inside are shown on the clock of the session.
Kernel NestedToText(const DataType& from) {
  const DataType local = Local(from);
  if (local == from) {
    return ToText;
  }
  return [local, cast = BindCast(from, local, OnBadValue::kError)](KernelFrame& frame) -> Status {
    ASSIGN_OR_RETURN(const columnar::ColumnPtr shown,
                     ApplyCast(cast, frame.argument_ptr(0), local, frame.context()));
    return WriteTexts(frame, [&shown](std::size_t row, std::string* out) {
      columnar::AppendText(*shown, row, out);
    });
  };
}

Status BinaryToText(KernelFrame& frame) {
  const Column& argument = frame.argument(0);
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    const std::string_view bytes = argument.StringAt(row);
    if (!simdjson::validate_utf8(bytes.data(), bytes.size())) {
      return frame.Fail(row, "These bytes are no UTF-8");
    }
  }
  return ToText(frame);
}

Status FromText(OnBadValue bad, KernelFrame& frame) {
  const Column& argument = frame.argument(0);
  columnar::ColumnBuilder builder(frame.result_type().Nullable(), frame.row_count());
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    if (!frame.IsLive(row)) {
      builder.AppendNull();
      continue;
    }
    const Status status = columnar::ParseText(argument.StringAt(row), &builder);
    if (!status.ok() && bad == OnBadValue::kError) {
      return frame.Fail(row, MessageOf(status));
    }
    if (!status.ok()) {
      builder.AppendNull();
    }
  }
  frame.SetResult(columnar::WithType(builder.Finish(), frame.result_type()));
  return OkStatus();
}

std::string_view Trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

/// A moment without a zone of its own is one of the session's clock.
Status TimestampFromText(OnBadValue bad, KernelFrame& frame) {
  const DataType& type = frame.result_type();
  const bool moment = type.kind() == TypeKind::kTimestampLtz;
  const std::int64_t units = columnar::TimestampUnitsPerSecond(type);
  columnar::TimestampParser local(DataType::Timestamp(type.precision()));
  columnar::TimestampParser zoned(DataType::TimestampLtz(type.precision()));
  auto* out = frame.Out<std::int64_t>();
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    out[row] = 0;
    if (!frame.IsLive(row)) {
      continue;
    }
    const std::string_view text = Trim(frame.argument(0).StringAt(row));
    std::optional<std::int64_t> value = local.Parse(text);
    if (moment) {
      value = value.has_value() ? LocalToMoment(*value, units, *frame.context().zone)
                                : zoned.Parse(text);
    }
    if (value.has_value()) {
      out[row] = *value;
    } else if (bad == OnBadValue::kNull) {
      frame.SetNull(row);
    } else {
      return frame.Fail(row, "Not a " + type.Nullable().ToString());
    }
  }
  return OkStatus();
}

/// Same bytes: shared unless they may have to be cut or filled.
Status StringToString(KernelFrame& frame) {
  const DataType& from = frame.argument(0).type();
  const DataType& to = frame.result_type();
  const bool fills = to.kind() == TypeKind::kChar || to.kind() == TypeKind::kBinary;
  if (to.length() == DataType::kMaxLength || (!fills && from.length() <= to.length())) {
    frame.SetResult(columnar::WithType(frame.argument_ptr(0), to));
    return OkStatus();
  }
  return ToText(frame);
}

bool IsString(const DataType& type) {
  return type.physical() == Physical::kString;
}

}  // namespace

bool CanCastText(const DataType& from, const DataType& to) {
  if (IsString(from) && IsString(to)) {
    return true;
  }
  if (to.IsCharacter()) {
    return true;
  }
  return from.IsCharacter() && to.physical() != Physical::kRow && to.physical() != Physical::kList;
}

Kernel BindTextCast(const DataType& from, const DataType& to, OnBadValue bad) {
  if (IsString(from) && IsString(to)) {
    return from.IsBinary() && to.IsCharacter() ? Kernel(BinaryToText) : Kernel(StringToString);
  }
  if (to.IsCharacter()) {
    return from.IsTimestamp()              ? Kernel(TimestampToText)
           : from.kind() >= TypeKind::kRow ? NestedToText(from)
                                           : Kernel(ToText);
  }
  if (to.IsTimestamp()) {
    return [bad](KernelFrame& frame) { return TimestampFromText(bad, frame); };
  }
  return [bad](KernelFrame& frame) { return FromText(bad, frame); };
}

}  // namespace thalweg::runtime
