// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_CLIENT_CLI_SCRIPT_COMPILER_H_
#define THALWEG_CLIENT_CLI_SCRIPT_COMPILER_H_

#include "base/status.h"
#include "proto/client.pb.h"
#include "proto/plan.pb.h"

namespace thalweg::runtime {
class ConnectorRegistry;
}  // namespace thalweg::runtime

namespace thalweg::client {

/// The one job of a submitted script: its INSERT or statement set. Any thread.
///
/// kInvalidArgument: the text or a setting is wrong, and where, or it has no job or several.
/// kUnimplemented: what it asks is not supported, a SELECT on a cluster among it.
StatusOr<proto::JobGraph> CompileScript(const proto::SubmitJob& submission,
                                        const runtime::ConnectorRegistry& connectors);

}  // namespace thalweg::client

#endif  // THALWEG_CLIENT_CLI_SCRIPT_COMPILER_H_
