// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_TRANSPORT_GRPC_FRAME_BUFFER_H_
#define THALWEG_TRANSPORT_GRPC_FRAME_BUFFER_H_

#include <optional>

#include <grpcpp/support/byte_buffer.h>

#include "base/status.h"
#include "transport/transport.h"

namespace thalweg::transport {

/// One message of a stream: a frame, or the reason why its sender ends the connection.
///
///   frame   0x00, head length (4 bytes, little endian), head, body
///   end     0x01, status code (4 bytes), message
struct WireMessage {
  Frame frame;
  std::optional<Status> end;  // Set: what the receiver's OnClosed() is to say.
};

/// The body is shared with the buffer and not copied.
grpc::ByteBuffer EncodeFrame(Frame frame);
grpc::ByteBuffer EncodeEnd(const Status& status);

/// Copies the body once, into one piece. kInvalidArgument: bytes that this program never writes.
StatusOr<WireMessage> DecodeMessage(const grpc::ByteBuffer& buffer);

}  // namespace thalweg::transport

#endif  // THALWEG_TRANSPORT_GRPC_FRAME_BUFFER_H_
