// SPDX-License-Identifier: Apache-2.0
//
// The connector "rows" of the SQL tests. As a source it gives the inputs of a test file, batch by
// batch, with time between them so that barriers fall there; as a sink it collects.
#ifndef THALWEG_TESTS_SQL_ROWS_CONNECTOR_H_
#define THALWEG_TESTS_SQL_ROWS_CONNECTOR_H_

#include <memory>
#include <string>

#include "base/time.h"
#include "connectors/collect/collect.h"
#include "runtime/connector/registry.h"
#include "tests/sql/test_file.h"

namespace thalweg::testing {

/// Between two batches of a reader.
inline constexpr Milliseconds kBatchPace{6};

/// Source and sink; option 'name': of the input, or of the collected result. `hub` outlives all.
void RegisterRows(runtime::ConnectorRegistry& registry,
                  std::shared_ptr<const TestInputs> inputs,
                  connectors::CollectHub& hub);

/// What the hub calls the rows of a table.
std::string RowsResultOf(const std::string& name);

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_SQL_ROWS_CONNECTOR_H_
