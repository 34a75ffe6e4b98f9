// SPDX-License-Identifier: Apache-2.0
//
// All formats, for connectors whose records are lines of text: 'format' = json, csv or raw.
#ifndef THALWEG_CONNECTORS_FORMATS_FORMATS_H_
#define THALWEG_CONNECTORS_FORMATS_FORMATS_H_

#include <memory>
#include <string_view>

#include "base/status.h"
#include "columnar/type.h"
#include "connectors/common/table_options.h"
#include "connectors/formats/records/records.h"
#include "proto/connectors.pb.h"

namespace thalweg::connectors {

/// Reads 'format' and the options of the format that it names.
StatusOr<proto::FormatSpec> ParseFormat(TableOptions& options);

/// Whether the format can carry these columns.
Status CheckFormatSchema(const proto::FormatSpec& format, const columnar::Schema& schema);

/// A decoder for `wanted` columns of the records; the others are skipped. `records` are all columns
/// of a record, which formats that have no names in them need.
StatusOr<std::unique_ptr<RecordDecoder>> MakeDecoder(const proto::FormatSpec& format,
                                                     const columnar::Schema& records,
                                                     columnar::SchemaPtr wanted);

/// `change_kind_field` is the name of a first field for the change kind; empty: none.
/// kUnimplemented: the format has no place for it.
StatusOr<std::unique_ptr<RecordEncoder>> MakeEncoder(const proto::FormatSpec& format,
                                                     columnar::SchemaPtr schema,
                                                     std::string_view change_kind_field);

/// Whether a record can have line breaks in it, so that a file cannot be read from its middle.
bool HasLongRecords(const proto::FormatSpec& format);

/// Whether columns and parts of rows are found by their names.
bool FindsByName(const proto::FormatSpec& format);

/// ".jsonl", ".csv", ".txt".
std::string_view FileSuffix(const proto::FormatSpec& format);

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FORMATS_FORMATS_H_
