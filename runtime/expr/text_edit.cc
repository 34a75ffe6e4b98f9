// SPDX-License-Identifier: Apache-2.0
//
// Texts made of others: CONCAT, REPLACE, LPAD and their like.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <unicode/uchar.h>

#include "runtime/expr/row_function.h"
#include "runtime/expr/text_limit.h"
#include "runtime/expr/utf8.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::DataType;
using columnar::StringRef;

StatusOr<CallTypes> ConcatTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  const bool binary = arguments[0].IsBinary();
  for (const DataType& argument : arguments) {
    if (binary ? !argument.IsBinary() : !argument.IsCharacter()) {
      return InvalidArgument("all must be texts, or all binary");
    }
  }
  return CallTypes{
      {arguments.begin(), arguments.end()},
      (binary ? DataType::Bytes() : DataType::String()).WithNullable(AnyNullable(arguments))};
}

Status RunConcat(KernelFrame& frame) {
  auto* out = frame.Out<StringRef>();
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < frame.argument_count(); ++i) {
      const Column& part = frame.argument(i);
      size += part.Values<StringRef>()[row * part.stride()].length;
    }
    char* const place = frame.heap().Reserve(size);
    char* to = place;
    for (std::size_t i = 0; i < frame.argument_count(); ++i) {
      const std::string_view part = frame.argument(i).StringAt(row);
      std::memcpy(to, part.data(), part.size());
      to += part.size();
    }
    out[row] = frame.heap().Commit(size);
  }
  return OkStatus();
}

StatusOr<CallTypes> ConcatWsTypes(std::span<const DataType> arguments, const DataType& wanted) {
  ASSIGN_OR_RETURN(CallTypes types, ConcatTypes(arguments, wanted));
  types.result = DataType::String().WithNullable(arguments[0].nullable());
  return types;
}

/// NULLs are left out, but a NULL separator makes all NULL.
Status RunConcatWs(KernelFrame& frame) {
  auto* out = frame.Out<StringRef>();
  std::string text;
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    out[row] = StringRef();
    if (frame.argument(0).IsNull(row)) {
      frame.SetNull(row);
      continue;
    }
    const std::string_view separator = frame.argument(0).StringAt(row);
    text.clear();
    bool first = true;
    for (std::size_t i = 1; i < frame.argument_count(); ++i) {
      if (!frame.argument(i).IsNull(row)) {
        text.append(first ? std::string_view() : separator).append(frame.argument(i).StringAt(row));
        first = false;
      }
    }
    out[row] = frame.heap().Add(text);
  }
  return OkStatus();
}

StatusOr<CallTypes> EltTypes(std::span<const DataType> arguments, const DataType& wanted) {
  if (!arguments[0].IsInteger()) {
    return InvalidArgument("the first must be an integer");
  }
  ASSIGN_OR_RETURN(CallTypes types, ConcatTypes(arguments.subspan(1), wanted));
  types.arguments.insert(types.arguments.begin(),
                         DataType::BigInt().WithNullable(arguments[0].nullable()));
  types.result = types.result.Nullable();
  return types;
}

Status RunElt(KernelFrame& frame) {
  const Column& index = frame.argument(0);
  const std::int64_t* values = index.Values<std::int64_t>().data();
  auto* out = frame.Out<StringRef>();
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    out[row] = StringRef();
    const std::int64_t at = values[row * index.stride()];
    const bool known = !index.IsNull(row) && at >= 1 &&
                       at < static_cast<std::int64_t>(frame.argument_count()) &&
                       !frame.argument(static_cast<std::size_t>(at)).IsNull(row);
    if (known) {
      out[row] = frame.heap().Add(frame.argument(static_cast<std::size_t>(at)).StringAt(row));
    } else {
      frame.SetNull(row);
    }
  }
  return OkStatus();
}

StatusOr<bool> Repeat(std::string& out, std::string_view text, std::int64_t count) {
  if (count <= 0 || text.empty()) {
    return true;
  }
  const auto times = static_cast<std::size_t>(count);
  RETURN_IF_ERROR(CheckGeneratedSize(times > kMaxGeneratedText ? times : times * text.size()));
  for (std::size_t i = 0; i < times; ++i) {
    out.append(text);
  }
  return true;
}

/// Characters of `pad`, again and again.
void AppendPad(std::string& out, std::string_view pad, std::int64_t count) {
  for (std::size_t at = 0; count > 0; --count) {
    const std::size_t next = utf8::Next(pad, at);
    out.append(pad.substr(at, next - at));
    at = next == pad.size() ? 0 : next;
  }
}

template <bool left>
StatusOr<bool> Pad(std::string& out,
                   std::string_view text,
                   std::int64_t length,
                   std::string_view pad) {
  if (length < 0 || pad.empty()) {
    return false;
  }
  RETURN_IF_ERROR(CheckGeneratedSize(static_cast<std::size_t>(length)));
  const std::int64_t missing = length - utf8::Count(text);
  if (left) {
    AppendPad(out, pad, missing);
  }
  out.append(text.substr(0, utf8::Skip(text, 0, length)));
  if (!left) {
    AppendPad(out, pad, missing);
  }
  return true;
}

void OverlayFor(std::string& out,
                std::string_view text,
                std::string_view replacement,
                std::int64_t start,
                std::int64_t length) {
  const std::int64_t size = utf8::Count(text);
  if (start <= 0 || start > size) {
    out.append(text);
    return;
  }
  const std::size_t begin = utf8::Skip(text, 0, start - 1);
  out.append(text.substr(0, begin)).append(replacement);
  if (length > 0 && length <= size - start) {
    out.append(text.substr(utf8::Skip(text, begin, length)));
  }
}

void Overlay(std::string& out,
             std::string_view text,
             std::string_view replacement,
             std::int64_t start) {
  OverlayFor(out, text, replacement, start, utf8::Count(replacement));
}

StatusOr<bool> Replace(std::string& out,
                       std::string_view text,
                       std::string_view wanted,
                       std::string_view replacement) {
  std::size_t at = 0;
  for (;;) {
    // An empty text is found before each character, and at the end.
    const std::size_t found = text.find(wanted, at);
    if (found == std::string_view::npos) {
      break;
    }
    out.append(text.substr(at, found - at)).append(replacement);
    RETURN_IF_ERROR(CheckGeneratedSize(out.size()));
    at = found + wanted.size();
    if (wanted.empty()) {
      if (at == text.size()) {
        break;
      }
      const std::size_t next = utf8::Next(text, at);
      out.append(text.substr(at, next - at));
      at = next;
    }
  }
  out.append(text.substr(at));
  return true;
}

/// Character i of `from` becomes character i of `to`, or goes when there is none.
void Translate(std::string& out,
               std::string_view text,
               std::string_view from,
               std::string_view to) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t next = utf8::Next(text, at);
    const std::string_view character = text.substr(at, next - at);
    at = next;
    const std::size_t found = from.find(character);
    if (found == std::string_view::npos) {
      out.append(character);
      continue;
    }
    const std::size_t target = utf8::Skip(to, 0, utf8::Count(from.substr(0, found)));
    if (target < to.size()) {
      out.append(to.substr(target, utf8::Next(to, target) - target));
    }
  }
}

void InitCap(std::string& out, std::string_view text) {
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const std::int32_t character = utf8::Decode(text, &at);
    if (character < 0) {
      out.append(text.substr(begin, at - begin));
      inside = false;
      continue;
    }
    utf8::Append(inside ? u_tolower(character) : u_toupper(character), &out);
    inside = u_isalnum(character) != 0;
  }
}

void Reverse(std::string& out, std::string_view text) {
  for (std::size_t end = text.size(); end > 0;) {
    const std::size_t begin = utf8::Previous(text, end);
    out.append(text.substr(begin, end - begin));
    end = begin;
  }
}

void Chr(std::string& out, std::int64_t code) {
  if (code >= 0) {
    utf8::Append(static_cast<std::int32_t>(code & 0xFF), &out);
  }
}

}  // namespace

std::span<const ScalarFunction> TextEditFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      {"||",
       "text || text",
       "One text behind the other.",
       2,
       2,
       NullRule::kPropagate,
       Evaluation::kStrict,
       ConcatTypes,
       [](const BindInput& /*input*/) -> StatusOr<Kernel> { return Kernel(RunConcat); }},
      {"CONCAT",
       "CONCAT(text, ...)",
       "All texts behind each other; NULL when one of them is.",
       1,
       kAnyNumber,
       NullRule::kPropagate,
       Evaluation::kStrict,
       ConcatTypes,
       [](const BindInput& /*input*/) -> StatusOr<Kernel> { return Kernel(RunConcat); }},
      {"CONCAT_WS",
       "CONCAT_WS(separator, text, ...)",
       "All texts that are not NULL, with the separator between them.",
       1,
       kAnyNumber,
       NullRule::kOwn,
       Evaluation::kStrict,
       ConcatWsTypes,
       [](const BindInput& /*input*/) -> StatusOr<Kernel> { return Kernel(RunConcatWs); }},
      {"ELT",
       "ELT(index, text, ...)",
       "The text with that index, counted from 1; NULL when there is none.",
       2,
       kAnyNumber,
       NullRule::kOwn,
       Evaluation::kStrict,
       EltTypes,
       [](const BindInput& /*input*/) -> StatusOr<Kernel> { return Kernel(RunElt); }},
      RowFunction<Repeat>("REPEAT", "REPEAT(text, count)", "The text so many times."),
      RowFunction<Pad<true>>("LPAD",
                             "LPAD(text, length, pad)",
                             "The text cut, or filled up at its start, to a length."),
      RowFunction<Pad<false>>(
          "RPAD", "RPAD(text, length, pad)", "The text cut, or filled up at its end, to a length."),
      RowFunction<Overlay, OverlayFor>(
          "OVERLAY",
          "OVERLAY(text PLACING replacement FROM position [FOR length])",
          "The text with a part replaced, as long as the replacement if not told otherwise."),
      RowFunction<Replace>("REPLACE",
                           "REPLACE(text, wanted, replacement)",
                           "The text with each occurrence of the wanted one replaced."),
      RowFunction<Translate>("TRANSLATE",
                             "TRANSLATE(text, from, to)",
                             "The text with characters replaced by those at the same place."),
      RowFunction<InitCap>(
          "INITCAP", "INITCAP(text)", "Each word with a capital first and small other letters."),
      RowFunction<Reverse>("REVERSE", "REVERSE(text)", "The characters in the opposite order."),
      RowFunction<Chr>(
          "CHR", "CHR(code)", "The character of a code; only the lowest eight bits count."),
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
