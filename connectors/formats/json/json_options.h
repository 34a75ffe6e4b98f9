// SPDX-License-Identifier: Apache-2.0
//
// Options of the format "json", by Flink's names:
//
//   'json.fail-on-missing-field'      [false]  else a missing field is NULL
//   'json.ignore-parse-errors'        [false]  a field that does not fit its type is NULL; a line
//                                              that is no JSON object is skipped and counted
//   'json.timestamp-format.standard'  [SQL]    or ISO-8601
//   'json.map-null-key.mode'          [FAIL]   writer: or DROP, LITERAL
//   'json.map-null-key.literal'       [null]
//   'json.encode.ignore-null-fields'  [false]  writer: leave NULL fields out
//   'json.encode.decimal-as-plain-number'      taken, without effect: decimals always are
#ifndef THALWEG_CONNECTORS_FORMATS_JSON_JSON_OPTIONS_H_
#define THALWEG_CONNECTORS_FORMATS_JSON_JSON_OPTIONS_H_

#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/status.h"
#include "columnar/type.h"
#include "proto/connectors.pb.h"

namespace thalweg::connectors {

using JsonOptions = proto::JsonSpec;

/// The keys above, for checks of a table's options.
const std::vector<std::string_view>& JsonOptionKeys();

/// Reads the keys above; others are left alone. kInvalidArgument names the key.
StatusOr<JsonOptions> ParseJsonOptions(const Configuration& options);

/// Whether JSON can carry these columns: kUnimplemented for a MAP whose key is no character type.
Status CheckJsonSchema(const columnar::Schema& schema);

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FORMATS_JSON_JSON_OPTIONS_H_
