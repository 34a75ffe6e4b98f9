// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/cast_text.h"

#include <string>

#include "columnar/column_builder.h"
#include "columnar/text.h"

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

Status ToText(KernelFrame& frame) {
  const Column& argument = frame.argument(0);
  auto* out = frame.Out<StringRef>();
  std::string text;
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    text.clear();
    if (frame.IsLive(row)) {
      columnar::AppendText(argument, row, &text);
      Fit(frame.result_type(), &text);
    }
    out[row] = frame.heap().Add(text);
  }
  return OkStatus();
}

Status FromText(KernelFrame& frame) {
  const Column& argument = frame.argument(0);
  columnar::ColumnBuilder builder(frame.result_type(), frame.row_count());
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    if (!frame.IsLive(row)) {
      builder.AppendNull();
      continue;
    }
    const Status status = columnar::ParseText(argument.StringAt(row), &builder);
    if (!status.ok()) {
      return frame.Fail(row, MessageOf(status));
    }
  }
  frame.SetResult(builder.Finish());
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
    return from.IsCharacter() == to.IsCharacter();
  }
  return to.IsCharacter() || (from.IsCharacter() && to.physical() != Physical::kRow &&
                              to.physical() != Physical::kList);
}

Kernel BindTextCast(const DataType& from, const DataType& to) {
  if (IsString(from) && IsString(to)) {
    return StringToString;
  }
  return to.IsCharacter() ? ToText : FromText;
}

}  // namespace thalweg::runtime
