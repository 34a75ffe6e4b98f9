// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_CONNECTORS_VALUES_VALUES_H_
#define THALWEG_CONNECTORS_VALUES_VALUES_H_

#include <memory>
#include <string>

#include "columnar/batch.h"
#include "runtime/connector/source.h"

namespace thalweg::connectors {

/// The rows of a batch as the spec of a source 'values' of the batch's schema.
std::string ValuesSpecOf(const columnar::Batch& rows);

/// Gives out the rows of its spec once, in order: VALUES, and SELECT without FROM. It cannot be
/// declared as a table.
std::unique_ptr<runtime::SourceConnector> MakeValuesSource();

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_VALUES_VALUES_H_
