// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_TESTS_TESTING_RANDOM_BATCH_H_
#define THALWEG_TESTS_TESTING_RANDOM_BATCH_H_

#include <cstddef>
#include <vector>

#include "base/random.h"
#include "columnar/batch.h"
#include "columnar/datum.h"

namespace thalweg::testing {

/// One of each kind of type, with every physical layout and some nesting.
std::vector<columnar::DataType> AllTypes();

/// Columns c0, c1, ... of these types.
columnar::SchemaPtr SchemaOf(const std::vector<columnar::DataType>& types);

/// A value of `type`: NULL now and then where it may be, often one at the edge of its range (NaN,
/// -0.0, 12 and 13 bytes, 38 digits).
columnar::Datum RandomDatum(const columnar::DataType& type, Random& random);

/// Flat, constant, or a slice of a longer column.
columnar::ColumnPtr RandomColumn(const columnar::DataType& type, std::size_t rows, Random& random);

/// With change kinds and marks now and then.
columnar::Batch RandomBatch(const columnar::SchemaPtr& schema, std::size_t rows, Random& random);

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_TESTING_RANDOM_BATCH_H_
