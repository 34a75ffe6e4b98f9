// SPDX-License-Identifier: Apache-2.0
//
// Every tests/sql/**/*.test runs straight through, then killed and restored after every checkpoint,
// then at parallelism 2 and 3, with a rescale between them: always the same answer.
//
// The same holds for the pages of docs/sql: their fences marked "sql test" are the file.
//
//   sql_text_test [PART_OF_A_NAME]...     # Only the files whose path has one of the parts in it.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "tests/sql/test_file.h"
#include "tests/sql/test_run.h"

namespace thalweg::testing {
namespace {

namespace fs = std::filesystem;

/// A job that takes more checkpoints than this is killed after the first of them only.
constexpr std::size_t kMaxKills = 12;

std::vector<fs::path> FilesUnder(const fs::path& root, const std::vector<std::string>& parts) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const std::string path = entry.path().string();
    const bool wanted =
        parts.empty() || std::any_of(parts.begin(), parts.end(), [&](const auto& part) {
          return path.find(part) != std::string::npos;
        });
    const fs::path extension = entry.path().extension();
    if (entry.is_regular_file() && (extension == ".test" || extension == ".md") && wanted) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// What stands in the fences of a page that are marked so, in the lines where it stands.
std::string FencedOf(const std::string& page) {
  std::istringstream stream(page);
  std::string text;
  bool inside = false;
  for (std::string line; std::getline(stream, line);) {
    const bool fence = line.starts_with("```");
    text += (inside && !fence ? line : "") + '\n';
    inside = fence ? line == "```sql test" : inside;
  }
  return text;
}

/// Problems of the first run that has any; later ones would say the same again.
std::vector<std::string> ProblemsOf(const TestFile& file) {
  const RunResult straight = RunTest(file, {}, /*exact=*/true);
  if (!straight.problems.empty()) {
    return straight.problems;
  }
  std::vector<RunMode> modes;
  for (std::size_t k = 1; k <= std::min(straight.most_checkpoints, kMaxKills); ++k) {
    modes.push_back({.parallelism = 1, .kill_after = k});
  }
  modes.push_back({.parallelism = 2});
  modes.push_back({.parallelism = 3});
  modes.push_back({.parallelism = 2, .kill_after = 1});
  modes.push_back({.parallelism = 2, .rescale_to = 3});
  modes.push_back({.parallelism = 3, .rescale_to = 1});
  for (const RunMode& mode : modes) {
    const RunResult result = RunTest(file, mode, /*exact=*/false);
    if (!result.problems.empty()) {
      return result.problems;
    }
  }
  return {};
}

bool Passes(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  const auto file = ParseTestFile(path.extension() == ".md" ? FencedOf(text) : text);
  if (!file.ok()) {
    std::printf("FAILED %s: %s\n", path.c_str(), std::string(MessageOf(file.status())).c_str());
    return false;
  }
  const std::vector<std::string> problems = ProblemsOf(*file);
  for (const std::string& problem : problems) {
    std::printf("FAILED %s, %s\n", path.c_str(), problem.c_str());
  }
  std::fflush(stdout);
  return problems.empty();
}

}  // namespace
}  // namespace thalweg::testing

int main(int argc, char** argv) {
  const std::vector<std::string> parts(argv + 1, argv + argc);
  std::vector<std::filesystem::path> files;
  for (const char* root : {THALWEG_SQL_TESTS, THALWEG_SQL_PAGES}) {
    const auto found = thalweg::testing::FilesUnder(root, parts);
    files.insert(files.end(), found.begin(), found.end());
  }
  std::size_t failed = 0;
  for (const auto& file : files) {
    failed += thalweg::testing::Passes(file) ? 0 : 1;
  }
  std::printf("%zu files, %zu failed\n", files.size(), failed);
  return files.empty() || failed > 0 ? 1 : 0;
}
