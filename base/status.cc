// SPDX-License-Identifier: Apache-2.0
#include "base/status.h"

#include <string>

namespace thalweg {

Status MakeStatus(StatusCode code, std::string_view message) {
  return {code, absl::string_view(message.data(), message.size())};
}

Status InvalidArgument(std::string_view message) {
  return MakeStatus(StatusCode::kInvalidArgument, message);
}
Status NotFound(std::string_view message) {
  return MakeStatus(StatusCode::kNotFound, message);
}
Status AlreadyExists(std::string_view message) {
  return MakeStatus(StatusCode::kAlreadyExists, message);
}
Status FailedPrecondition(std::string_view message) {
  return MakeStatus(StatusCode::kFailedPrecondition, message);
}
Status Unavailable(std::string_view message) {
  return MakeStatus(StatusCode::kUnavailable, message);
}
Status Aborted(std::string_view message) {
  return MakeStatus(StatusCode::kAborted, message);
}
Status DataLoss(std::string_view message) {
  return MakeStatus(StatusCode::kDataLoss, message);
}
Status ResourceExhausted(std::string_view message) {
  return MakeStatus(StatusCode::kResourceExhausted, message);
}
Status DeadlineExceeded(std::string_view message) {
  return MakeStatus(StatusCode::kDeadlineExceeded, message);
}
Status Cancelled(std::string_view message) {
  return MakeStatus(StatusCode::kCancelled, message);
}
Status PermissionDenied(std::string_view message) {
  return MakeStatus(StatusCode::kPermissionDenied, message);
}
Status OutOfRange(std::string_view message) {
  return MakeStatus(StatusCode::kOutOfRange, message);
}
Status Unimplemented(std::string_view message) {
  return MakeStatus(StatusCode::kUnimplemented, message);
}

std::string_view MessageOf(const Status& status) {
  const auto message = status.message();
  return {message.data(), message.size()};
}

Status Annotate(const Status& status, std::string_view prefix) {
  if (status.ok()) {
    return status;
  }
  std::string message(prefix);
  message.append(": ").append(MessageOf(status));
  return MakeStatus(status.code(), message);
}

}  // namespace thalweg
