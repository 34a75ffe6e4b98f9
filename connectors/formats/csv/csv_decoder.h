// SPDX-License-Identifier: Apache-2.0
//
// CSV into column batches. Columns are found by their place in the record; those that are not
// wanted are only taken apart.
#ifndef THALWEG_CONNECTORS_FORMATS_CSV_CSV_DECODER_H_
#define THALWEG_CONNECTORS_FORMATS_CSV_CSV_DECODER_H_

#include <memory>

#include "base/status.h"
#include "columnar/type.h"
#include "connectors/formats/csv/csv_options.h"
#include "connectors/formats/records/records.h"

namespace thalweg::connectors {

/// `records` are all columns of a record in their order, `wanted` some of them, by name. NotFound:
/// a wanted one is not among them. REQUIRES: CheckCsvSchema(wanted).
StatusOr<std::unique_ptr<RecordDecoder>> MakeCsvDecoder(const columnar::Schema& records,
                                                        columnar::SchemaPtr wanted,
                                                        const CsvOptions& options);

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FORMATS_CSV_CSV_DECODER_H_
