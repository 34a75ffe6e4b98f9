// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_CLIENT_CLI_VERSION_H_
#define THALWEG_CLIENT_CLI_VERSION_H_

namespace thalweg::client {

inline constexpr char kVersion[] = "0.1.0";

}  // namespace thalweg::client

#endif  // THALWEG_CLIENT_CLI_VERSION_H_
