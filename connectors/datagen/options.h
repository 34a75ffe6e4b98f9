// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_CONNECTORS_DATAGEN_OPTIONS_H_
#define THALWEG_CONNECTORS_DATAGEN_OPTIONS_H_

#include "base/config.h"
#include "base/status.h"
#include "columnar/type.h"
#include "proto/connectors.pb.h"

namespace thalweg::connectors {

/// The spec that a table's options ask for; datagen.h lists them. kInvalidArgument names the
/// option, its value and what is allowed.
StatusOr<proto::DatagenSpec> ParseDatagenOptions(const Configuration& options,
                                                 const columnar::Schema& schema);

/// Completes a spec: the first sequence that ends bounds the number of rows.
void BoundRows(proto::DatagenSpec& spec);

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_DATAGEN_OPTIONS_H_
