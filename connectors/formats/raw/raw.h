// SPDX-License-Identifier: Apache-2.0
//
// The format "raw": a table of one STRING or BYTES column, whose value is the line.
#ifndef THALWEG_CONNECTORS_FORMATS_RAW_RAW_H_
#define THALWEG_CONNECTORS_FORMATS_RAW_RAW_H_

#include <memory>

#include "base/status.h"
#include "columnar/type.h"
#include "connectors/common/table_options.h"
#include "connectors/formats/records/records.h"

namespace thalweg::connectors {

/// Reads 'raw.charset' [UTF-8], which can be nothing else here.
Status ParseRawOptions(TableOptions& options);

/// kUnimplemented: it is not one column of characters or bytes.
Status CheckRawSchema(const columnar::Schema& schema);

/// REQUIRES: CheckRawSchema(schema), or a schema without columns.
std::unique_ptr<RecordDecoder> MakeRawDecoder(columnar::SchemaPtr schema);

/// A value with a line break in it cannot be written. REQUIRES: CheckRawSchema(schema).
std::unique_ptr<RecordEncoder> MakeRawEncoder(columnar::SchemaPtr schema);

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FORMATS_RAW_RAW_H_
