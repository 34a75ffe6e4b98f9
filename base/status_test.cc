// SPDX-License-Identifier: Apache-2.0
#include "base/status.h"

#include <memory>

#include <gtest/gtest.h>

namespace thalweg {
namespace {

TEST(StatusTest, FactoriesGiveTheirCodeAndMessage) {
  EXPECT_EQ(InvalidArgument("m").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(NotFound("m").code(), StatusCode::kNotFound);
  EXPECT_EQ(AlreadyExists("m").code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(FailedPrecondition("m").code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Unavailable("m").code(), StatusCode::kUnavailable);
  EXPECT_EQ(Aborted("m").code(), StatusCode::kAborted);
  EXPECT_EQ(DataLoss("m").code(), StatusCode::kDataLoss);
  EXPECT_EQ(ResourceExhausted("m").code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(DeadlineExceeded("m").code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Cancelled("m").code(), StatusCode::kCancelled);
  EXPECT_EQ(PermissionDenied("m").code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(OutOfRange("m").code(), StatusCode::kOutOfRange);
  EXPECT_EQ(Unimplemented("m").code(), StatusCode::kUnimplemented);
  EXPECT_EQ(MessageOf(NotFound("no such file: a/b")), "no such file: a/b");
}

TEST(StatusTest, AnnotateKeepsTheCodeAndPutsThePrefixFirst) {
  const Status status = Annotate(DataLoss("checksum differs"), "runs/7");
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_EQ(MessageOf(status), "runs/7: checksum differs");
  EXPECT_TRUE(Annotate(OkStatus(), "runs/7").ok());
}

StatusOr<int> ParseDigit(char c) {
  if (c < '0' || c > '9') {
    return InvalidArgument("not a digit");
  }
  return c - '0';
}

Status AddDigits(char a, char b, int& sum) {
  ASSIGN_OR_RETURN(const int left, ParseDigit(a));
  ASSIGN_OR_RETURN(sum, ParseDigit(b));
  sum += left;
  return OkStatus();
}

TEST(StatusTest, AssignOrReturnDeclaresAssignsAndLeaves) {
  int sum = -1;
  EXPECT_TRUE(AddDigits('3', '4', sum).ok());
  EXPECT_EQ(sum, 7);
  EXPECT_EQ(AddDigits('x', '4', sum).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(sum, 7);
}

StatusOr<std::unique_ptr<int>> Boxed(int value) {
  return std::make_unique<int>(value);
}

TEST(StatusTest, AssignOrReturnMovesWhatCannotBeCopied) {
  const auto unbox = []() -> StatusOr<int> {
    ASSIGN_OR_RETURN(const std::unique_ptr<int> box, Boxed(9));
    return *box;
  };
  EXPECT_EQ(*unbox(), 9);
}

TEST(StatusTest, ReturnIfErrorGoesOnWhenOk) {
  int calls = 0;
  const auto twice = [&](const Status& first) -> Status {
    RETURN_IF_ERROR(first);
    ++calls;
    return OkStatus();
  };
  EXPECT_TRUE(twice(OkStatus()).ok());
  EXPECT_EQ(twice(Aborted("lost")).code(), StatusCode::kAborted);
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace thalweg
