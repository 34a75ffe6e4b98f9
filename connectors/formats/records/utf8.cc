// SPDX-License-Identifier: Apache-2.0
//
// The only file that includes simdjson.
#include "connectors/formats/records/utf8.h"

#include <simdjson.h>

namespace thalweg::connectors {

bool IsUtf8(std::string_view bytes) {
  return simdjson::validate_utf8(bytes.data(), bytes.size());
}

}  // namespace thalweg::connectors
