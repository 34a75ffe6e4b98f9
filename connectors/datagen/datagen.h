// SPDX-License-Identifier: Apache-2.0
//
// The connector "datagen": rows made up from a seed.
//
// Every value is a pure function of (seed, field, row number), so any reader can make any row
// again, in any order: a restore repeats exactly what was lost. A split is every 64th row; a reader
// merges its splits by row number, so that sequences and event time rise in each reader.
//
//   'rows-per-second'          [10000]    0: as fast as possible
//   'number-of-rows'           [endless]
//   'seed'                     [0]
//   'fields.NAME.kind'         [random]   or sequence
//   'fields.NAME.min', '.max'             inclusive bounds of random numbers, dates and times
//   'fields.NAME.length'       [100]      of strings and bytes, [3] of lists
//   'fields.NAME.var-len'      [false]    length between 1 and 'length'
//   'fields.NAME.null-rate'    [0]
//   'fields.NAME.max-past'     [0]        random timestamps: at most so long before 'start'
//   'fields.NAME.start', '.end'           of a sequence, inclusive; the source ends with the first
//   'fields.NAME.step'         [1]        of a sequence; milliseconds for timestamps
//
// Timestamps start at 2020-01-01 00:00:00 unless 'start' says otherwise (a timestamp, or
// milliseconds since 1970): the time of day has no part in a row. Parts of rows and elements of
// lists are named by dots: 'fields.bid.price.max', 'fields.tags.element.length'.
#ifndef THALWEG_CONNECTORS_DATAGEN_DATAGEN_H_
#define THALWEG_CONNECTORS_DATAGEN_DATAGEN_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "columnar/type.h"
#include "proto/connectors.pb.h"
#include "runtime/connector/source.h"

namespace thalweg::connectors {

/// Typed options, for plans made in C++. Fields not set up here are random over their whole type.
struct DatagenOptions {
  std::uint64_t seed = 0;
  std::uint64_t row_count = 0;              // 0: without end.
  std::uint64_t rows_per_second = 0;        // 0: as fast as possible.
  std::vector<proto::DatagenField> fields;  // One per column of the schema, from DefaultField().
};

/// What a field of this type is made of unless told otherwise.
proto::DatagenField DefaultField(const columnar::DataType& type);

/// The spec for these options. REQUIRES: one field per column.
std::string DatagenSpecOf(const DatagenOptions& options);

std::unique_ptr<runtime::SourceConnector> MakeDatagenSource();

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_DATAGEN_DATAGEN_H_
