// SPDX-License-Identifier: Apache-2.0
#include "connectors/formats/csv/csv_scanner.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include <emmintrin.h>

namespace thalweg::connectors {
namespace {

/// The first byte from `p` on that is one of three; `end` when there is none before it.
const char* FindAny(const char* p, const char* end, char a, char b, char c) {
  const __m128i wide_a = _mm_set1_epi8(a);
  const __m128i wide_b = _mm_set1_epi8(b);
  const __m128i wide_c = _mm_set1_epi8(c);
  for (; p < end; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i found =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, wide_a), _mm_cmpeq_epi8(bytes, wide_b)),
                     _mm_cmpeq_epi8(bytes, wide_c));
    const auto mask = static_cast<std::uint32_t>(_mm_movemask_epi8(found));
    if (mask != 0) {
      return std::min(p + std::countr_zero(mask), end);
    }
  }
  return end;
}

char CharacterOr(const std::string& text, char otherwise) {
  return text.empty() ? otherwise : text[0];
}

const char* BehindLine(const char* p, const char* end) {
  const void* const newline = std::memchr(p, '\n', static_cast<std::size_t>(end - p));
  return newline == nullptr ? end : static_cast<const char*>(newline) + 1;
}

}  // namespace

CsvScanner::CsvScanner(const proto::CsvSpec& spec)
    : delimiter_(CharacterOr(spec.field_delimiter(), ',')),
      quote_(CharacterOr(spec.quote_character(), delimiter_)),
      escape_(CharacterOr(spec.escape_character(), delimiter_)) {}

CsvScanner::Result CsvScanner::Scan(const char* p, const char* end, bool last) {
  fields_.clear();
  unescaped_.clear();
  scratch_ends_.clear();
  scratch_.clear();
  has_quotes_ = false;
  while (true) {
    const bool quoted = p < end && *p == quote_ && quote_ != delimiter_;
    const char* const begin = p;
    p = quoted ? ScanQuoted(p + 1, end) : ScanPlain(p, end);
    if (p == nullptr) {
      if (!last) {
        return Result::kIncomplete;
      }
      next_ = BehindLine(begin, end);
      return Bad(begin, quoted ? "the quote is not closed" : "nothing is escaped");
    }
    fields_.back().begin = begin;
    fields_.back().quoted = quoted;
    if (p == end) {
      record_end_ = end;
      next_ = end;
      break;
    }
    if (*p == '\n' || (*p == '\r' && p + 1 < end && p[1] == '\n')) {
      record_end_ = p;
      next_ = p + (*p == '\r' ? 2 : 1);
      break;
    }
    if (*p != delimiter_) {  // Only behind a closing quote.
      next_ = BehindLine(p, end);
      return Bad(p, "a delimiter or the end of the line was expected behind the quote");
    }
    ++p;
  }
  std::size_t begin = 0;
  for (std::size_t i = 0; i < unescaped_.size(); ++i) {
    fields_[unescaped_[i]].text =
        std::string_view(scratch_).substr(begin, scratch_ends_[i] - begin);
    begin = scratch_ends_[i];
  }
  return Result::kRecord;
}

CsvScanner::Result CsvScanner::Bad(const char* at, const char* reason) {
  problem_at_ = at;
  reason_ = reason;
  record_end_ = next_;
  return Result::kBad;
}

const char* CsvScanner::FindPlainEnd(const char* p, const char* end) const {
  return FindAny(p, end, delimiter_, '\n', escape_);
}

const char* CsvScanner::FindQuotedEnd(const char* p, const char* end) const {
  return FindAny(p, end, quote_, escape_ == delimiter_ ? quote_ : escape_, quote_);
}

const char* CsvScanner::ScanPlain(const char* p, const char* end) {
  const char* begin = p;
  bool in_scratch = false;
  while (true) {
    p = FindPlainEnd(p, end);
    if (p == end || *p != escape_ || escape_ == delimiter_) {
      break;
    }
    scratch_.append(begin, p);
    in_scratch = true;
    if (p + 1 == end) {
      return nullptr;
    }
    Unescape(p[1]);
    p += 2;
    begin = p;
  }
  // A carriage return belongs to the line break.
  const char* const stop = p > begin && p < end && *p == '\n' && p[-1] == '\r' ? p - 1 : p;
  CsvField& field = fields_.emplace_back();
  if (in_scratch) {
    scratch_.append(begin, stop);
    unescaped_.push_back(fields_.size() - 1);
    scratch_ends_.push_back(scratch_.size());
  } else {
    field.text = {begin, static_cast<std::size_t>(stop - begin)};
  }
  return stop;
}

const char* CsvScanner::ScanQuoted(const char* p, const char* end) {
  has_quotes_ = true;
  const char* begin = p;
  bool in_scratch = false;
  while (true) {
    p = FindQuotedEnd(p, end);
    if (p == end) {
      return nullptr;
    }
    const bool doubled = *p == quote_ && p + 1 < end && p[1] == quote_;
    if (*p == quote_ && !doubled) {
      break;
    }
    if (p + 1 == end) {
      return nullptr;
    }
    scratch_.append(begin, p);
    in_scratch = true;
    if (doubled) {
      scratch_ += quote_;
    } else {
      Unescape(p[1]);
    }
    p += 2;
    begin = p;
  }
  CsvField& field = fields_.emplace_back();
  if (in_scratch) {
    scratch_.append(begin, p);
    unescaped_.push_back(fields_.size() - 1);
    scratch_ends_.push_back(scratch_.size());
  } else {
    field.text = {begin, static_cast<std::size_t>(p - begin)};
  }
  return p + 1;
}

void CsvScanner::Unescape(char c) {
  switch (c) {
    case 'n':
      scratch_ += '\n';
      return;
    case 'r':
      scratch_ += '\r';
      return;
    case 't':
      scratch_ += '\t';
      return;
    default:
      scratch_ += c;
  }
}

}  // namespace thalweg::connectors
