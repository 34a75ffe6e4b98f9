// SPDX-License-Identifier: Apache-2.0

#include "transport/grpc/channel_settings.h"

#include <string>
#include <utility>
#include <vector>

namespace thalweg::transport {
namespace {

constexpr int kWireFrameBytes = 1 << 20;
constexpr int kWindowBytes = 8 << 20;
// Beside the frame: what DecodeMessage() reads before it.
constexpr int kMaxMessageBytes = static_cast<int>(kMaxFrameBytes) + 1024;

/// For both ends. Measured at frames of 256 KiB: half the CPU of the defaults.
std::vector<std::pair<std::string, int>> CommonSettings(const GrpcOptions& options) {
  return {
      {"grpc.http2.max_frame_size", kWireFrameBytes},
      {"grpc.http2.lookahead_bytes", kWindowBytes},
      {"grpc.http2.write_buffer_size", kWireFrameBytes},
      {"grpc.http2.bdp_probe", 0},
      {"grpc.experimental.tcp_read_chunk_size", kWireFrameBytes},
      {"grpc.experimental.tcp_min_read_chunk_size", 256 << 10},
      {"grpc.experimental.tcp_max_read_chunk_size", 4 << 20},
      {GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(options.keepalive_interval.count())},
      {GRPC_ARG_KEEPALIVE_TIMEOUT_MS, static_cast<int>(options.keepalive_timeout.count())},
      {GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1},
      {GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0},
      {GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 50},
      {GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0},
  };
}

}  // namespace

std::string MethodOf(const std::string& service) {
  return "/thalweg.Transport/Connect" + service;
}

AddressParts Split(const Address& address) {
  const std::size_t slash = address.value.find('/');
  if (slash == std::string::npos) {
    return {address, ""};
  }
  return {Address{address.value.substr(0, slash)}, address.value.substr(slash + 1)};
}

grpc::ChannelArguments ClientSettings(const GrpcOptions& options) {
  grpc::ChannelArguments settings;
  for (const auto& [key, value] : CommonSettings(options)) {
    settings.SetInt(key, value);
  }
  settings.SetMaxReceiveMessageSize(kMaxMessageBytes);
  settings.SetMaxSendMessageSize(kMaxMessageBytes);
  // Channels with equal settings would share one TCP connection otherwise.
  settings.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  settings.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS,  // It bounds a single attempt, too.
                  static_cast<int>(options.connect_timeout.count()));
  settings.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);  // Parts of a cluster see each other.
  return settings;
}

void ApplyServerSettings(const GrpcOptions& options, grpc::ServerBuilder& builder) {
  for (const auto& [key, value] : CommonSettings(options)) {
    builder.AddChannelArgument(key, value);
  }
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetMaxSendMessageSize(kMaxMessageBytes);
  // Without it a second process on the port would silently get a share of the connections.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

}  // namespace thalweg::transport
