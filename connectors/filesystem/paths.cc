// SPDX-License-Identifier: Apache-2.0
#include "connectors/filesystem/paths.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "storage/store.h"

namespace thalweg::connectors {
namespace {

bool IsPlain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '_' || c == '.' || c == '+' || c == ',' || c == '@' || c == '~';
}

std::string Escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (IsPlain(c)) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

int HexDigit(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                : -1;
}

std::string Unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = high >= 0 ? HexDigit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// Without '.', '..' and doubled slashes; absent: it leads out at the top.
std::optional<std::string> Resolve(std::string_view path) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    begin = end + 1;
    if (part == "..") {
      if (parts.empty()) {
        return std::nullopt;
      }
      parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  return fmt::format("{}", fmt::join(parts, "/"));
}

}  // namespace

StatusOr<std::string> KeyOfPath(const std::string& path, const std::string& folder) {
  std::string_view rest = path;
  if (rest.starts_with("file:")) {
    rest.remove_prefix(5);
  } else if (const std::size_t scheme = rest.find("://"); scheme != std::string_view::npos) {
    return Unimplemented(fmt::format("Path '{}': files of '{}' are not supported; there is 'file'.",
                                     path,
                                     rest.substr(0, scheme)));
  }
  const std::string whole =
      rest.starts_with('/') ? std::string(rest) : fmt::format("{}/{}", folder, rest);
  const std::optional<std::string> key = Resolve(whole);
  if (!key.has_value()) {
    return InvalidArgument(fmt::format(
        "Option 'path' of connector 'filesystem' is '{}', which leads out of '/'.", path));
  }
  RETURN_IF_ERROR(Annotate(storage::ValidateKey(*key), "Option 'path' of connector 'filesystem'"));
  return *key;
}

std::string PartitionFolder(std::string_view column, std::string_view value) {
  return fmt::format("{}={}", Escape(column), Escape(value));
}

std::optional<std::string> PartitionValue(std::string_view relative, std::string_view column) {
  for (std::size_t begin = 0;;) {
    const std::size_t end = relative.find('/', begin);
    if (end == std::string_view::npos) {
      return std::nullopt;  // What follows is the file.
    }
    const std::string_view part = relative.substr(begin, end - begin);
    const std::size_t equals = part.find('=');
    if (equals != std::string_view::npos && Unescape(part.substr(0, equals)) == column) {
      return Unescape(part.substr(equals + 1));
    }
    begin = end + 1;
  }
}

}  // namespace thalweg::connectors
