// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_CLIENT_CLI_FOLDED_ROWS_H_
#define THALWEG_CLIENT_CLI_FOLDED_ROWS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace thalweg::client {

/// The rows that are left of a changelog, in the order in which they were added. A row is its text:
/// two that look the same are the same to who reads them.
class FoldedRows {
 public:
  void Add(std::string row) {
    places_[row].push_back(rows_.size());
    rows_.emplace_back(std::move(row));
    ++count_;
  }

  /// Takes one away; false when there is none.
  bool Remove(const std::string& row) {
    const auto at = places_.find(row);
    if (at == places_.end()) {
      return false;
    }
    rows_[at->second.back()].reset();
    at->second.pop_back();
    if (at->second.empty()) {
      places_.erase(at);
    }
    --count_;
    return true;
  }

  std::size_t count() const { return count_; }

  template <class F>
  void ForEach(F f) const {
    for (const std::optional<std::string>& row : rows_) {
      if (row) {
        f(*row);
      }
    }
  }

 private:
  std::vector<std::optional<std::string>> rows_;
  std::unordered_map<std::string, std::vector<std::size_t>> places_;  // Looked up, never walked.
  std::size_t count_ = 0;
};

}  // namespace thalweg::client

#endif  // THALWEG_CLIENT_CLI_FOLDED_ROWS_H_
