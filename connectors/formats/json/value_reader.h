// SPDX-License-Identifier: Apache-2.0
//
// One JSON value into one slot of a column. Both walkers read values with this, so that a line
// means the same to both.
#ifndef THALWEG_CONNECTORS_FORMATS_JSON_VALUE_READER_H_
#define THALWEG_CONNECTORS_FORMATS_JSON_VALUE_READER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/coding.h"
#include "connectors/formats/json/integer.h"
#include "connectors/formats/json/json_options.h"
#include "connectors/formats/json/node.h"
#include "connectors/formats/json/scan.h"

namespace thalweg::connectors::json {

/// Copies `size` bytes in steps of 32; writes and reads up to 31 more.
inline void CopyWide(const char* from, std::size_t size, char* to) {
  for (std::size_t i = 0; i < size; i += 32) {
    std::memcpy(to + i, from + i, 32);
  }
}

/// `text` must be followed by 32 readable bytes.
inline void StoreString(Node& node, std::size_t row, std::string_view text) {
  using columnar::StringRef;
  StringRef& slot = node.out->MutableValues<StringRef>()[row];
  if (text.size() > StringRef::kInlineMax) {
    CopyWide(text.data(), text.size(), node.out->heap().Reserve(text.size() + 31));
    slot = node.out->heap().Commit(text.size());
    return;
  }
  // Loads 12 bytes and zeroes those behind the end, which costs less than a copy of variable size.
  StringRef ref;
  ref.length = static_cast<std::uint32_t>(text.size());
  std::uint64_t head = LoadFixed<std::uint64_t>(text.data());
  std::uint64_t tail = LoadFixed<std::uint32_t>(text.data() + 8);
  const std::size_t head_bits = 8 * std::min<std::size_t>(text.size(), 8);
  const std::size_t tail_bits = 8 * text.size() - head_bits;
  head = head_bits == 64 ? head : head & ((std::uint64_t{1} << head_bits) - 1);
  tail &= (std::uint64_t{1} << tail_bits) - 1;
  StoreFixed(ref.bytes, head);
  StoreFixed(ref.bytes + 8, static_cast<std::uint32_t>(tail));
  slot = ref;
}

/// Reads values and remembers what it may not forget between them. Not thread-safe.
class ValueReader {
 public:
  explicit ValueReader(const JsonOptions& options)
      : separator_(options.timestamp_standard() == proto::TIMESTAMP_SQL ? ' ' : 'T'),
        fail_on_missing_(options.fail_on_missing_field()),
        ignore_misfits_(options.ignore_parse_errors()) {}

  /// Reads the value at `p`, no blank, into the slot. `depth` is how many values it lies in.
  /// nullptr: see problem(). Under 'ignore-parse-errors' what does not fit becomes NULL.
  const char* Read(Node& node, std::size_t row, const char* p, int depth) {
    const char* const end = ReadStrictly(node, row, p, depth);
    return end != nullptr || !ignore_misfits_ ? end : ReadIgnored(node, row, p, depth);
  }

  // The kinds that most columns have, for the template: strictly, and in the caller's own code, as
  // a call costs as much as such a value.
  [[gnu::always_inline]] const char* ReadLong(Node& node, std::size_t row, const char* p) {
    std::int64_t value;
    const char* const end = ReadShortInteger(p, &value);
    if (end == nullptr) [[unlikely]] {
      return ReadNumeric(node, row, p);
    }
    node.Store(row, value);
    return end;
  }
  [[gnu::always_inline]] const char* ReadText(Node& node,
                                              std::size_t row,
                                              const char* p,
                                              int depth) {
    if (*p != '"') [[unlikely]] {
      return ReadAsText(node, row, p, depth);
    }
    const char* const stop = FindSpecial(p + 1);
    if (*stop != '"') [[unlikely]] {
      return ReadSpecialText(node, row, p + 1, stop);
    }
    StoreString(node, row, {p + 1, static_cast<std::size_t>(stop - p - 1)});
    return stop + 1;
  }
  [[gnu::always_inline]] const char* ReadTimestamp(Node& node, std::size_t row, const char* p) {
    if (*p != '"') [[unlikely]] {
      return ReadNullOr(node, row, p, "a timestamp in quotes was expected");
    }
    StringToken token;
    const char* const end = ScanString(p + 1, token, problem_);
    return end == nullptr || StoreTimestamp(node, row, token) ? end : nullptr;
  }
  /// Reads the object at the brace `p` into the fields of `node`: any order, any further keys; of
  /// equal keys the last counts.
  const char* ReadObject(Node& node, std::size_t row, const char* p, int depth);

  /// The slot of a field that the object does not have.
  bool StoreMissing(Node& node, std::size_t row, const char* at);

  Problem& problem() { return problem_; }
  /// Whether a slot was nulled or a list begun, so that giving up the row takes a Rollback().
  bool& touched() { return touched_; }
  /// Fields that became NULL since they did not fit.
  std::uint64_t& nulled_fields() { return nulled_fields_; }

 private:
  const char* ReadStrictly(Node& node, std::size_t row, const char* p, int depth) {
    switch (node.kind) {
      case ValueKind::kInt64:
        return ReadLong(node, row, p);
      case ValueKind::kString:
        return ReadText(node, row, p, depth);
      case ValueKind::kTimestamp:
        return ReadTimestamp(node, row, p);
      default:
        return ReadOther(node, row, p, depth);
    }
  }

  const char* ReadOther(Node& node, std::size_t row, const char* p, int depth);
  const char* ReadIgnored(Node& node, std::size_t row, const char* p, int depth);
  const char* ReadNumeric(Node& node, std::size_t row, const char* p);
  const char* ReadAsText(Node& node, std::size_t row, const char* p, int depth);
  /// A string from behind its quote; `stop` is its first byte that is an escape or not ASCII.
  const char* ReadSpecialText(Node& node, std::size_t row, const char* begin, const char* stop);
  const char* ReadRow(Node& node, std::size_t row, const char* p, int depth);
  const char* ReadArray(Node& node, std::size_t row, const char* p, int depth);
  const char* ReadMap(Node& node, std::size_t row, const char* p, int depth);
  const char* ReadEntry(Node& node, const char* p, int depth);
  bool HasRepeatedKey(Node& map, std::size_t begin);

  /// NULL where the value is null, else trouble: no JSON, or no value for this field.
  const char* ReadNullOr(Node& node, std::size_t row, const char* p, const char* otherwise);
  const char* StoreEscaped(Node& node, std::size_t row, const StringToken& token, const char* end);
  bool StoreTimestamp(Node& node, std::size_t row, const StringToken& token) {
    const std::string_view text = token.raw();
    if (text.size() > 10 && text[10] == separator_ && !token.escaped) [[likely]] {
      if (const auto value = node.timestamps->Parse(text)) [[likely]] {
        node.Store(row, *value);
        return true;
      }
    }
    problem_.Misfit(token.begin - 1, "a timestamp of the wrong form or range", node);
    return false;
  }
  /// The value that a text, in quotes or not, stands for; false: none of this type.
  bool StoreText(Node& node, std::size_t row, std::string_view text, bool quoted);
  /// The text of a token, unescaped, valid until the next call.
  std::string_view TextOf(const StringToken& token);

  const char separator_;
  const bool fail_on_missing_;
  const bool ignore_misfits_;

  Problem problem_;
  bool touched_ = false;
  std::uint64_t nulled_fields_ = 0;
  std::string scratch_;
};

}  // namespace thalweg::connectors::json

#endif  // THALWEG_CONNECTORS_FORMATS_JSON_VALUE_READER_H_
