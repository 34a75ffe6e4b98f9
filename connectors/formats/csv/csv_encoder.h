// SPDX-License-Identifier: Apache-2.0
//
// Column batches into CSV, one record per row. A text is quoted when it would be read as something
// else: it has a delimiter, a quote or a line break in it, is empty, or is the null literal.
#ifndef THALWEG_CONNECTORS_FORMATS_CSV_CSV_ENCODER_H_
#define THALWEG_CONNECTORS_FORMATS_CSV_CSV_ENCODER_H_

#include <memory>
#include <string_view>

#include "columnar/type.h"
#include "connectors/formats/csv/csv_options.h"
#include "connectors/formats/records/records.h"

namespace thalweg::connectors {

/// `change_kind_field` is the name of a first field for the change kind; empty: none. REQUIRES:
/// CheckCsvSchema(schema).
std::unique_ptr<RecordEncoder> MakeCsvEncoder(columnar::SchemaPtr schema,
                                              const CsvOptions& options,
                                              std::string_view change_kind_field = {});

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FORMATS_CSV_CSV_ENCODER_H_
