// SPDX-License-Identifier: Apache-2.0
//
// Batches as text, for tests that read like tables of rows.
//
//   BatchOf(schema, "+I[1, 'a', 2.5] -U[NULL, 'b', 1] mark(1000) +I[3, 'c', 7]")
//
// Values: NULL, text in single quotes, everything else as CAST reads it. Timestamps may be written
// as milliseconds since 1970, and are printed so. Without a kind a row is +I.
#ifndef THALWEG_TESTS_TESTING_CHANGELOG_TEXT_H_
#define THALWEG_TESTS_TESTING_CHANGELOG_TEXT_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/batch.h"

namespace thalweg::testing {

/// CHECKs that the text is right.
columnar::Batch BatchOf(const columnar::SchemaPtr& schema, std::string_view text);

/// One text per row and per mark, in order.
std::vector<std::string> TextOf(const columnar::Batch& batch);

/// What a changelog comes to: each row and how often it is there.
class FoldedChangelog {
 public:
  void Add(const columnar::Batch& batch);
  /// Rows without kinds, by text. A count below zero says that a row was taken back that was not
  /// there.
  const std::map<std::string, std::int64_t>& rows() const { return rows_; }

 private:
  std::map<std::string, std::int64_t> rows_;
};

}  // namespace thalweg::testing

#endif  // THALWEG_TESTS_TESTING_CHANGELOG_TEXT_H_
