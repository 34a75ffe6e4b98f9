// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_TEXT_H_
#define THALWEG_COLUMNAR_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "base/status.h"
#include "columnar/datum.h"
#include "columnar/type.h"

// Values to and from the text that CAST to and from STRING gives.
namespace thalweg::columnar {

class Column;
class ColumnBuilder;

/// As Java prints them: `1.0`, `1.0E10`, `-0.0`, `NaN`, `Infinity`; the shortest digits that read
/// back as the same number.
void AppendDouble(double value, std::string* out);
void AppendFloat(float value, std::string* out);

/// The value of one row: NULL as `NULL`; DECIMAL with full scale; BOOLEAN `TRUE` or `FALSE`;
/// TIMESTAMP with all digits of its precision; binary as the bytes themselves; intervals
/// `+1-02` and `+1 02:03:04.005`; `(a, b)`, `[a, b]`, `{k=v, k=v}`.
void AppendText(const Column& column, std::size_t row, std::string* out);
std::string TextAt(const Column& column, std::size_t row);

/// Reads a value of `type` from text (blanks around it are allowed, except in character and binary
/// types) and appends it. Integers and decimals of the wrong size are kOutOfRange, other trouble is
/// kInvalidArgument; the message quotes the text and names the type. ROW, ARRAY and MAP:
/// kUnimplemented, as their text has no unique reading.
Status ParseText(std::string_view text, ColumnBuilder* out);
StatusOr<Datum> ParseDatum(const DataType& type, std::string_view text);

}  // namespace thalweg::columnar

#endif  // THALWEG_COLUMNAR_TEXT_H_
