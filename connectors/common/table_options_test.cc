// SPDX-License-Identifier: Apache-2.0
#include "connectors/common/table_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::connectors {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

inline constexpr Option<Milliseconds> kDelay{
    .key = "delay", .default_value = Milliseconds(5), .min = Milliseconds(1), .description = ""};
inline constexpr Option<ByteSize> kSize{
    .key = "file-size", .default_value = ByteSize{7}, .description = ""};
inline constexpr Option<bool> kFlag{.key = "flag", .default_value = false, .description = ""};

enum class Color { kRed, kBlue };

std::string MessageOf(const Status& status) {
  return std::string(thalweg::MessageOf(status));
}

TEST(TableOptionsTest, ReadsFlinksTexts) {
  const Configuration values{{"delay", "30 min"}, {"file-size", "128 MB"}, {"flag", "TRUE"}};
  TableOptions options("files", values);
  EXPECT_EQ(*options.Get(kDelay), Milliseconds(1'800'000));
  EXPECT_EQ(options.Get(kSize)->value, 128U << 20);
  EXPECT_TRUE(*options.Get(kFlag));
  EXPECT_TRUE(options.CheckNoOthers().ok());
}

TEST(TableOptionsTest, GivesDefaultsForWhatIsNotSet) {
  const Configuration values;
  TableOptions options("files", values);
  EXPECT_EQ(*options.Get(kDelay), Milliseconds(5));
  EXPECT_EQ(options.GetChoice<Color>("color", {{"red", Color::kRed}}, Color::kBlue).value(),
            Color::kBlue);
  EXPECT_EQ(options.Find("other"), std::nullopt);
}

TEST(TableOptionsTest, NamesConnectorOptionAndValueOfWhatIsWrong) {
  const Configuration values{{"delay", "soon"}, {"color", "green"}};
  TableOptions options("files", values);
  EXPECT_THAT(MessageOf(options.Get(kDelay).status()),
              AllOf(HasSubstr("'files'"), HasSubstr("'delay'"), HasSubstr("'soon'")));
  const auto color = options.GetChoice<Color>(
      "color", {{"red", Color::kRed}, {"blue", Color::kBlue}}, Color::kRed);
  EXPECT_EQ(MessageOf(color.status()),
            "Option 'color' of connector 'files' is 'green'; it may be 'red' or 'blue'.");
}

TEST(TableOptionsTest, SaysWhatIsMissing) {
  const Configuration values{{"path", ""}};
  TableOptions options("files", values);
  EXPECT_EQ(MessageOf(options.Require("path", "/data/in").status()),
            "Connector 'files' needs the option 'path', such as '/data/in'.");
}

TEST(TableOptionsTest, SuggestsTheNearestOptionThatWasAskedFor) {
  const Configuration values{{"file-sise", "1"}};
  TableOptions options("files", values);
  options.Get(kDelay).status().IgnoreError();
  options.Get(kSize).status().IgnoreError();
  const Status status = options.CheckNoOthers();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(MessageOf(status), HasSubstr("did you mean 'file-size'?"));
}

TEST(TableOptionsTest, RefusesOptionsOfFlinkThatHaveNoMeaningHere) {
  const Configuration values{{"b", "1"}};
  TableOptions options("files", values);
  constexpr std::string_view kKeys[] = {"a", "b"};
  const Status status = options.Refuse(kKeys, "Leave it out.");
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_THAT(MessageOf(status), AllOf(HasSubstr("'b'"), HasSubstr("Leave it out.")));
}

}  // namespace
}  // namespace thalweg::connectors
