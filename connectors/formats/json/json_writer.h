// SPDX-License-Identifier: Apache-2.0
//
// Column batches into JSON lines, one object per row, fields in the order of the schema.
//
// As Flink's format writes them: timestamps without trailing zeros of the fraction, DECIMAL as a
// number, BYTES in base64, NaN and infinities as strings. One difference: a decimal is never in
// scientific notation.
#ifndef THALWEG_CONNECTORS_FORMATS_JSON_JSON_WRITER_H_
#define THALWEG_CONNECTORS_FORMATS_JSON_JSON_WRITER_H_

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "columnar/batch.h"
#include "columnar/type.h"
#include "connectors/formats/json/json_options.h"

namespace thalweg::connectors {

/// Writes for one task; not thread-safe.
class JsonWriter {
 public:
  /// `change_kind_field` is the name of a first field for the change kind; empty: none. What is to
  /// be read back needs CheckJsonSchema(schema): keys of a MAP that are no characters are written
  /// as the text that CAST makes of them.
  JsonWriter(columnar::SchemaPtr schema,
             const JsonOptions& options,
             std::string_view change_kind_field = {});
  ~JsonWriter();

  /// Appends a line per row. kInvalidArgument: a MAP has a NULL key and 'map-null-key.mode' is
  /// FAIL; `out` then ends with the row before.
  Status Append(const columnar::Batch& batch, std::string* out);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FORMATS_JSON_JSON_WRITER_H_
