// SPDX-License-Identifier: Apache-2.0
//
// How the failures of the world (network, disk, peer, the user's job) are reported: as values. The
// aliases and factories stand here so that nobody else names absl::Status, whose string_view is not
// std::string_view on every system that we build on. A broken invariant of ours is a CHECK, "not
// now" is an enum; neither is a Status.
//
// Each code has one meaning here:
//
//   kInvalidArgument     the user's job or options are wrong; the message names the operator or the
//   key kNotFound            no such job, file or key kAlreadyExists       put-if-absent lost:
//   somebody else wrote it first kFailedPrecondition  fenced, or the wrong state for this call; do
//   not retry kUnavailable         try the same again kAborted             this checkpoint is lost,
//   the job lives on kDataLoss            stored bytes fail their checksum, or bytes that must
//   exist are missing kResourceExhausted   a limit with a name is reached: memory, slots, disk
//   kDeadlineExceeded    no answer in time; the effect is unknown
//   kCancelled           the caller's own cancellation came through
//   kPermissionDenied    the system refuses access
//   kOutOfRange          a value does not fit its type or lies outside its bounds
//   kUnimplemented       not supported; the message says what is
//   kInternal            never made by hand
#ifndef THALWEG_BASE_STATUS_H_
#define THALWEG_BASE_STATUS_H_

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace thalweg {

using Status = absl::Status;
using StatusCode = absl::StatusCode;
template <class T>
using StatusOr = absl::StatusOr<T>;

inline Status OkStatus() {
  return {};
}

/// Builds a status of any code; for codes that arrive as numbers from the wire.
Status MakeStatus(StatusCode code, std::string_view message);

Status InvalidArgument(std::string_view message);
Status NotFound(std::string_view message);
Status AlreadyExists(std::string_view message);
Status FailedPrecondition(std::string_view message);
Status Unavailable(std::string_view message);
Status Aborted(std::string_view message);
Status DataLoss(std::string_view message);
Status ResourceExhausted(std::string_view message);
Status DeadlineExceeded(std::string_view message);
Status Cancelled(std::string_view message);
Status PermissionDenied(std::string_view message);
Status OutOfRange(std::string_view message);
Status Unimplemented(std::string_view message);

/// The message alone, without the code. Valid as long as `status` lives.
std::string_view MessageOf(const Status& status);

/// The same code with "prefix: " before the message; an OK status stays OK.
Status Annotate(const Status& status, std::string_view prefix);

}  // namespace thalweg

#define THALWEG_CONCAT_INNER(a, b) a##b
#define THALWEG_CONCAT(a, b) THALWEG_CONCAT_INNER(a, b)

/// Leaves the function with the status of `expr` unless it is OK.
#define RETURN_IF_ERROR(expr)                                              \
  do {                                                                     \
    if (::thalweg::Status status_of_expr = (expr); !status_of_expr.ok()) { \
      return status_of_expr;                                               \
    }                                                                      \
  } while (false)

/// ASSIGN_OR_RETURN(const Schema schema, Parse(text)): declares or assigns, or leaves with the
/// status. `decl` must not contain a comma outside of parentheses.
#define ASSIGN_OR_RETURN(decl, expr) \
  ASSIGN_OR_RETURN_INNER(THALWEG_CONCAT(status_or_, __LINE__), decl, expr)
// NOLINTBEGIN(bugprone-macro-parentheses): `decl` may be a declaration, which takes no parentheses.
#define ASSIGN_OR_RETURN_INNER(status_or, decl, expr) \
  auto status_or = (expr);                            \
  if (!status_or.ok()) {                              \
    return std::move(status_or).status();             \
  }                                                   \
  decl = *std::move(status_or)
// NOLINTEND(bugprone-macro-parentheses)

#endif  // THALWEG_BASE_STATUS_H_
