// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_SHAPE_OF_H_
#define THALWEG_STATE_SHAPE_OF_H_

#include "state/frozen_part.h"
#include "state/table_spec.h"

namespace thalweg::state {

/// Bytes of each sub-key that OrderedTable::Append() makes: a running number, big-endian.
inline constexpr std::size_t kSequenceBytes = 8;

/// The memory form of a table's rows.
ImageShape ShapeOfValues(const TableSpec& spec);
ImageShape ShapeOfOrdered(const TableSpec& spec);
ImageShape ShapeOfTimers(const TableSpec& spec);

}  // namespace thalweg::state

#endif  // THALWEG_STATE_SHAPE_OF_H_
