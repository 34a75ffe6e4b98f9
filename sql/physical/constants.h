// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_SQL_PHYSICAL_CONSTANTS_H_
#define THALWEG_SQL_PHYSICAL_CONSTANTS_H_

#include <vector>

#include "base/status.h"
#include "columnar/type.h"
#include "proto/connectors.pb.h"
#include "sql/expression/expression.h"
#include "sql/physical/job_settings.h"

namespace thalweg::sql {

/// Rows of constant expressions, computed. kInvalidArgument: one has no value, such as 1 / 0.
StatusOr<proto::ValuesSpec> EncodeValues(const std::vector<ExprList>& rows,
                                         const columnar::Schema& schema,
                                         const JobSettings& settings);

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_PHYSICAL_CONSTANTS_H_
