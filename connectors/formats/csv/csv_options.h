// SPDX-License-Identifier: Apache-2.0
//
// Options of the format "csv", by Flink's names but for the last, which is ours:
//
//   'csv.field-delimiter'          [,]      one ASCII character, as all of these; '\t' is a tab
//   'csv.quote-character'          ["]
//   'csv.disable-quote-character'  [false]  there are no quotes
//   'csv.allow-comments'           [false]  lines that begin with '#' are no records
//   'csv.ignore-parse-errors'      [false]  a field that does not fit is NULL; a record that cannot
//                                           be taken apart is skipped and counted
//   'csv.array-element-delimiter'  [;]      between the parts of an ARRAY or a ROW
//   'csv.escape-character'         [none]   the character behind it stands for itself
//   'csv.null-literal'             [none]   what stands, without quotes, for NULL
//   'csv.ignore-first-line'        [false]  a file's first record has the names; a sink writes it
#ifndef THALWEG_CONNECTORS_FORMATS_CSV_CSV_OPTIONS_H_
#define THALWEG_CONNECTORS_FORMATS_CSV_CSV_OPTIONS_H_

#include "base/status.h"
#include "columnar/type.h"
#include "connectors/common/table_options.h"
#include "proto/connectors.pb.h"

namespace thalweg::connectors {

using CsvOptions = proto::CsvSpec;

/// What is written and read without options.
CsvOptions DefaultCsvOptions();

StatusOr<CsvOptions> ParseCsvOptions(TableOptions& options);

/// Whether CSV can carry these columns: kUnimplemented for a MAP, and for what is nested deeper
/// than an ARRAY or a ROW of plain values.
Status CheckCsvSchema(const columnar::Schema& schema);

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FORMATS_CSV_CSV_OPTIONS_H_
