// SPDX-License-Identifier: Apache-2.0
//
// Texts and bytes in other spellings: base 64, hexadecimal, binary, URLs, character sets.
#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/expr/row_function.h"
#include "runtime/expr/utf8.h"

namespace thalweg::runtime {
namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kHex = "0123456789ABCDEF";

unsigned ByteAt(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

void ToBase64(std::string& out, std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    unsigned group = ByteAt(bytes, at) << 16U;
    group |= count > 1 ? ByteAt(bytes, at + 1) << 8U : 0U;
    group |= count > 2 ? ByteAt(bytes, at + 2) : 0U;
    for (std::size_t i = 0; i < 4; ++i) {
      out.push_back(i <= count ? kBase64[(group >> (18 - 6 * i)) & 63U] : '=');
    }
  }
}
void BytesToBase64(std::string& out, Bytes bytes) {
  ToBase64(out, bytes.view);
}

StatusOr<bool> FromBase64(std::string& out, std::string_view text) {
  while (text.ends_with('=')) {
    text.remove_suffix(1);
  }
  unsigned group = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const std::size_t value = kBase64.find(c);
    if (value == std::string_view::npos) {
      return InvalidArgument("This is no base 64");
    }
    group = (group << 6U) | static_cast<unsigned>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<char>(group >> bits));
    }
  }
  return bits == 6 ? StatusOr<bool>(InvalidArgument("This is no base 64")) : true;
}

void HexOfText(std::string& out, std::string_view bytes) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back(kHex[byte >> 4U]);
    out.push_back(kHex[byte & 15U]);
  }
}
void HexOfBytes(std::string& out, Bytes bytes) {
  HexOfText(out, bytes.view);
}
void HexOfInteger(std::string& out, std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  const int digits = std::max(1, (static_cast<int>(std::bit_width(bits)) + 3) / 4);
  for (int i = digits - 1; i >= 0; --i) {
    out.push_back(kHex[(bits >> (4U * static_cast<unsigned>(i))) & 15U]);
  }
}

void Bin(std::string& out, std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  for (int i = std::max(1, static_cast<int>(std::bit_width(bits))) - 1; i >= 0; --i) {
    out.push_back(static_cast<char>('0' + ((bits >> static_cast<unsigned>(i)) & 1U)));
  }
}

std::optional<unsigned> HexDigit(char c) {
  const std::size_t value =
      kHex.find(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  return value == std::string_view::npos ? std::nullopt
                                         : std::optional(static_cast<unsigned>(value));
}

bool Unhex(BinaryOut out, std::string_view text) {
  std::size_t at = 0;
  unsigned high = 0;
  if (text.size() % 2 != 0) {
    const auto low = HexDigit(text[at++]);  // As if a 0 stood before it.
    if (!low.has_value()) {
      return false;
    }
    out.bytes.push_back(static_cast<char>(*low));
  }
  for (; at < text.size(); at += 2) {
    const auto first = HexDigit(text[at]);
    const auto second = HexDigit(text[at + 1]);
    if (!first.has_value() || !second.has_value()) {
      return false;
    }
    high = *first << 4U;
    out.bytes.push_back(static_cast<char>(high | *second));
  }
  return true;
}

void UrlEncode(std::string& out, std::string_view text) {
  constexpr std::string_view kKept = ".-*_";
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 ||
        kKept.find(c) != std::string_view::npos) {
      out.push_back(c);
    } else if (c == ' ') {
      out.push_back('+');
    } else {
      out.push_back('%');
      HexOfText(out, {&c, 1});
    }
  }
}

bool UrlDecode(std::string& out, std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out.push_back(text[at] == '+' ? ' ' : text[at]);
      continue;
    }
    const auto high = at + 2 < text.size() ? HexDigit(text[at + 1]) : std::nullopt;
    const auto low = at + 2 < text.size() ? HexDigit(text[at + 2]) : std::nullopt;
    if (!high.has_value() || !low.has_value()) {
      return false;
    }
    out.push_back(static_cast<char>(*high << 4U | *low));
    at += 2;
  }
  return true;
}

/// The parts of a URL, scheme://user@host:port/path?query#ref.
struct Url {
  std::string_view protocol;
  std::string_view authority;
  std::string_view path;
  std::optional<std::string_view> query;
  std::optional<std::string_view> reference;
  std::string_view file;  // Path and query.

  static std::optional<Url> Parse(std::string_view text) {
    Url url;
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0 ||
        !std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon), [](char c) {
          return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' ||
                 c == '.';
        })) {
      return std::nullopt;
    }
    url.protocol = text.substr(0, colon);
    text.remove_prefix(colon + 1);
    if (const std::size_t hash = text.find('#'); hash != std::string_view::npos) {
      url.reference = text.substr(hash + 1);
      text = text.substr(0, hash);
    }
    if (text.starts_with("//")) {
      text.remove_prefix(2);
      const std::size_t end = std::min(text.find_first_of("/?"), text.size());
      url.authority = text.substr(0, end);
      text.remove_prefix(end);
    }
    url.file = text;
    if (const std::size_t mark = text.find('?'); mark != std::string_view::npos) {
      url.query = text.substr(mark + 1);
      text = text.substr(0, mark);
    }
    url.path = text;
    return url;
  }
};

std::optional<std::string_view> ParseUrl(std::string_view text, std::string_view part) {
  const std::optional<Url> url = Url::Parse(text);
  if (!url.has_value()) {
    return std::nullopt;
  }
  const std::size_t at_sign = url->authority.rfind('@');
  if (part == "HOST") {
    const std::string_view host =
        at_sign == std::string_view::npos ? url->authority : url->authority.substr(at_sign + 1);
    const std::size_t port = host.find(':', host.starts_with('[') ? host.find(']') : 0);
    return host.substr(0, port);
  }
  if (part == "USERINFO") {
    return at_sign == std::string_view::npos ? std::nullopt
                                             : std::optional(url->authority.substr(0, at_sign));
  }
  if (part == "PROTOCOL") {
    return url->protocol;
  }
  if (part == "AUTHORITY") {
    return url->authority;
  }
  if (part == "PATH") {
    return url->path;
  }
  if (part == "FILE") {
    return url->file;
  }
  if (part == "QUERY") {
    return url->query;
  }
  return part == "REF" ? url->reference : std::nullopt;
}

std::optional<std::string_view> ParseUrlQuery(std::string_view text,
                                              std::string_view part,
                                              std::string_view key) {
  std::optional<std::string_view> query = ParseUrl(text, part);
  if (part != "QUERY" || !query.has_value()) {
    return std::nullopt;
  }
  for (std::string_view rest = *query;;) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    if (pair.starts_with(key) && pair.substr(key.size()).starts_with('=')) {
      return pair.substr(key.size() + 1);
    }
    if (end == rest.size()) {
      return std::nullopt;
    }
    rest.remove_prefix(end + 1);
  }
}

enum class Charset { kUtf8, kAscii, kLatin1, kUtf16, kUtf16Be, kUtf16Le };

StatusOr<Charset> CharsetOf(std::string_view name) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) {
    return static_cast<char>(std::toupper(c));
  });
  constexpr std::pair<std::string_view, Charset> kKnown[] = {{"UTF-8", Charset::kUtf8},
                                                             {"US-ASCII", Charset::kAscii},
                                                             {"ISO-8859-1", Charset::kLatin1},
                                                             {"UTF-16", Charset::kUtf16},
                                                             {"UTF-16BE", Charset::kUtf16Be},
                                                             {"UTF-16LE", Charset::kUtf16Le}};
  for (const auto& [known, charset] : kKnown) {
    if (upper == known) {
      return charset;
    }
  }
  return InvalidArgument("There is no character set '" + std::string(name) +
                         "'; take UTF-8, US-ASCII, ISO-8859-1, UTF-16, UTF-16BE or UTF-16LE");
}

void PutUnit(std::string& out, unsigned unit, bool little) {
  const char high = static_cast<char>(unit >> 8U);
  const char low = static_cast<char>(unit & 0xFFU);
  out.push_back(little ? low : high);
  out.push_back(little ? high : low);
}

StatusOr<bool> Encode(BinaryOut out, std::string_view text, std::string_view charset_name) {
  ASSIGN_OR_RETURN(const Charset charset, CharsetOf(charset_name));
  if (charset == Charset::kUtf8) {
    out.bytes.append(text);
    return true;
  }
  if (charset == Charset::kUtf16) {
    out.bytes.append("\xFE\xFF");
  }
  for (std::size_t at = 0; at < text.size();) {
    const std::int32_t decoded = utf8::Decode(text, &at);
    const auto code = static_cast<unsigned>(decoded < 0 ? '?' : decoded);
    if (charset == Charset::kAscii || charset == Charset::kLatin1) {
      const unsigned limit = charset == Charset::kAscii ? 0x80 : 0x100;
      out.bytes.push_back(code < limit ? static_cast<char>(code) : '?');
      continue;
    }
    const bool little = charset == Charset::kUtf16Le;
    if (code >= 0x10000) {
      PutUnit(out.bytes, 0xD800U + ((code - 0x10000U) >> 10U), little);
      PutUnit(out.bytes, 0xDC00U + ((code - 0x10000U) & 0x3FFU), little);
    } else {
      PutUnit(out.bytes, code, little);
    }
  }
  return true;
}

constexpr std::int32_t kReplacement = 0xFFFD;  // What cannot be read.

void DecodeUtf16(std::string& out, std::string_view bytes, bool little) {
  const auto unit = [&](std::size_t at) {
    return little ? ByteAt(bytes, at) | ByteAt(bytes, at + 1) << 8U
                  : ByteAt(bytes, at) << 8U | ByteAt(bytes, at + 1);
  };
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) {
    const unsigned first = unit(at);
    if (first < 0xD800 || first > 0xDFFF) {
      utf8::Append(static_cast<std::int32_t>(first), &out);
      continue;
    }
    const unsigned second = at + 3 < bytes.size() ? unit(at + 2) : 0;
    if (first < 0xDC00 && second >= 0xDC00 && second <= 0xDFFF) {
      const unsigned code = 0x10000U + ((first - 0xD800U) << 10U) + (second - 0xDC00U);
      utf8::Append(static_cast<std::int32_t>(code), &out);
      at += 2;
    } else {
      utf8::Append(kReplacement, &out);
    }
  }
  if (bytes.size() % 2 != 0) {
    utf8::Append(kReplacement, &out);
  }
}

StatusOr<bool> Decode(std::string& out, Bytes bytes, std::string_view charset_name) {
  ASSIGN_OR_RETURN(const Charset charset, CharsetOf(charset_name));
  switch (charset) {
    case Charset::kUtf8:
      for (std::size_t at = 0; at < bytes.view.size();) {
        const std::int32_t code = utf8::Decode(bytes.view, &at);
        utf8::Append(code < 0 ? kReplacement : code, &out);
      }
      break;
    case Charset::kAscii:
    case Charset::kLatin1:
      for (const char c : bytes.view) {
        const auto code = static_cast<std::int32_t>(static_cast<unsigned char>(c));
        utf8::Append(charset == Charset::kAscii && code > 127 ? kReplacement : code, &out);
      }
      break;
    case Charset::kUtf16: {
      const bool little = bytes.view.starts_with("\xFF\xFE");
      const bool marked = little || bytes.view.starts_with("\xFE\xFF");
      DecodeUtf16(out, bytes.view.substr(marked ? 2 : 0), little);
      break;
    }
    case Charset::kUtf16Be:
    case Charset::kUtf16Le:
      DecodeUtf16(out, bytes.view, charset == Charset::kUtf16Le);
      break;
  }
  return true;
}

}  // namespace

std::span<const ScalarFunction> TextCodecFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      RowFunction<ToBase64, BytesToBase64>(
          "TO_BASE64", "TO_BASE64(text)", "The text, or binary value, in base 64."),
      RowFunction<FromBase64>(
          "FROM_BASE64", "FROM_BASE64(text)", "The text that base 64 stands for."),
      RowFunction<HexOfInteger, HexOfText, HexOfBytes>(
          "HEX", "HEX(value)", "An integer, or the bytes of a text, in hexadecimal."),
      RowFunction<Unhex>(
          "UNHEX", "UNHEX(text)", "The bytes that hexadecimal stands for; NULL when it is none."),
      RowFunction<Bin>("BIN", "BIN(integer)", "The integer in binary digits."),
      RowFunction<UrlEncode>(
          "URL_ENCODE", "URL_ENCODE(text)", "The text as part of a URL's query, in UTF-8."),
      RowFunction<UrlDecode>("URL_DECODE",
                             "URL_DECODE(text)",
                             "The text that part of a URL stands for; NULL when it is none."),
      RowFunction<ParseUrl, ParseUrlQuery>(
          "PARSE_URL",
          "PARSE_URL(url, part[, key])",
          "A part of a URL: PROTOCOL, AUTHORITY, USERINFO, HOST, PATH, FILE, QUERY or REF; of a "
          "QUERY the value of a key."),
      RowFunction<Encode>(
          "ENCODE", "ENCODE(text, charset)", "The text as bytes of a character set."),
      RowFunction<Decode>(
          "DECODE", "DECODE(bytes, charset)", "The text that bytes of a character set mean."),
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
