// SPDX-License-Identifier: Apache-2.0
#include "tests/sql/test_file.h"

#include <sstream>
#include <utility>

namespace thalweg::testing {
namespace {

struct Section {
  std::string head;  // Between the brackets.
  std::size_t line = 0;
  std::vector<std::string> lines;  // Without blank ones at the end.
};

std::vector<Section> SectionsOf(const std::string& text, Status* status) {
  std::vector<Section> sections;
  std::istringstream stream(text);
  std::string line;
  for (std::size_t number = 1; std::getline(stream, line); ++number) {
    if (line.starts_with('[') && line.ends_with(']') &&
        (line.starts_with("[input ") || line == "[sql]" || line.starts_with("[expect"))) {
      sections.push_back({.head = line.substr(1, line.size() - 2), .line = number, .lines = {}});
    } else if (!sections.empty()) {
      sections.back().lines.push_back(line);
    } else if (!line.empty() && !line.starts_with('#')) {
      *status = InvalidArgument("line " + std::to_string(number) + ": a section is expected first");
    }
  }
  for (Section& section : sections) {
    while (!section.lines.empty() && section.lines.back().empty()) {
      section.lines.pop_back();
    }
  }
  return sections;
}

std::vector<InputBatch> BatchesOf(const Section& section) {
  std::vector<InputBatch> batches(1);
  for (const std::string& line : section.lines) {
    if (line.starts_with('#')) {
      continue;
    }
    if (!line.empty()) {
      batches.back() += line + '\n';
    } else if (!batches.back().empty()) {
      batches.emplace_back();
    }
  }
  if (batches.back().empty()) {
    batches.pop_back();
  }
  return batches;
}

StatusOr<Expectation> ExpectationOf(const Section& section) {
  Expectation expectation;
  expectation.lines = section.lines;
  expectation.line = section.line;
  constexpr std::string_view kTablePrefix = "expect table ";
  if (section.head == "expect") {
    expectation.kind = Expectation::Kind::kRows;
  } else if (section.head == "expect changelog") {
    expectation.kind = Expectation::Kind::kChangelog;
  } else if (section.head == "expect error") {
    expectation.kind = Expectation::Kind::kError;
  } else if (section.head.starts_with(kTablePrefix)) {
    expectation.kind = Expectation::Kind::kTable;
    expectation.table = section.head.substr(kTablePrefix.size());
  } else {
    return InvalidArgument("line " + std::to_string(section.line) + ": [" + section.head +
                           "] is no section");
  }
  return expectation;
}

}  // namespace

StatusOr<TestFile> ParseTestFile(const std::string& text) {
  Status status;
  const std::vector<Section> sections = SectionsOf(text, &status);
  RETURN_IF_ERROR(status);
  TestFile file;
  TestInputs inputs;
  for (const Section& section : sections) {
    if (section.head.starts_with("input ")) {
      inputs[section.head.substr(6)].push_back(BatchesOf(section));
    } else if (section.head == "sql") {
      TestBlock block;
      block.line = section.line;
      for (const std::string& line : section.lines) {
        block.sql += line + '\n';
      }
      file.blocks.push_back(std::move(block));
    } else {
      ASSIGN_OR_RETURN(Expectation expectation, ExpectationOf(section));
      if (file.blocks.empty()) {
        return InvalidArgument("line " + std::to_string(section.line) + ": there is no [sql] yet");
      }
      file.blocks.back().expectations.push_back(std::move(expectation));
    }
  }
  file.inputs = std::make_shared<const TestInputs>(std::move(inputs));
  return file;
}

}  // namespace thalweg::testing
