// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_TRANSPORT_GRPC_CHANNEL_SETTINGS_H_
#define THALWEG_TRANSPORT_GRPC_CHANNEL_SETTINGS_H_

#include <string>

#include <grpcpp/server_builder.h>
#include <grpcpp/support/channel_arguments.h>

#include "transport/grpc/grpc_transport.h"

namespace thalweg::transport {

/// The method by which a service is dialled; "" is a service too.
std::string MethodOf(const std::string& service);

/// An address in its parts.
struct AddressParts {
  Address host_and_port;
  std::string service;  // What follows the slash, or "".
};
AddressParts Split(const Address& address);

/// What both ends of a stream agree on: sizes for frames of 256 KiB, and who is asked whether he is
/// alive, how often. Benchmarks of bare streams take the same.
grpc::ChannelArguments ClientSettings(const GrpcOptions& options);
void ApplyServerSettings(const GrpcOptions& options, grpc::ServerBuilder& builder);

}  // namespace thalweg::transport

#endif  // THALWEG_TRANSPORT_GRPC_CHANNEL_SETTINGS_H_
