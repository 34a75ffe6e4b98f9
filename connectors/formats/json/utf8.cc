// SPDX-License-Identifier: Apache-2.0
//
// The only file that includes simdjson.
#include <simdjson.h>

#include "connectors/formats/json/scan.h"

namespace thalweg::connectors::json {

bool IsUtf8(std::string_view bytes) {
  return simdjson::validate_utf8(bytes.data(), bytes.size());
}

}  // namespace thalweg::connectors::json
