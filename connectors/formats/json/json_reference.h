// SPDX-License-Identifier: Apache-2.0
//
// What a line means, decoded slowly by a library that shares no code with the decoder under test.
#ifndef THALWEG_CONNECTORS_FORMATS_JSON_JSON_REFERENCE_H_
#define THALWEG_CONNECTORS_FORMATS_JSON_JSON_REFERENCE_H_

#include <optional>
#include <string_view>

#include "columnar/datum.h"
#include "columnar/type.h"

namespace thalweg::connectors {

/// The values of the line's row, or nullopt when it is no row of the schema.
std::optional<columnar::Datum> ReferenceDecode(const columnar::Schema& schema,
                                               std::string_view line);

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FORMATS_JSON_JSON_REFERENCE_H_
