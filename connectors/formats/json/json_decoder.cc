// SPDX-License-Identifier: Apache-2.0
#include "connectors/formats/json/json_decoder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "connectors/formats/json/node.h"
#include "connectors/formats/json/template.h"
#include "connectors/formats/json/value_reader.h"

namespace thalweg::connectors {
namespace {

/// Decides when the template is worth trying. Lines are counted in windows; a window in which more
/// than a tenth did not fit asks for a new template. When that does not help, the template rests
/// for a while that doubles each time.
class TemplatePolicy {
 public:
  enum class Advice { kTry, kRest };

  Advice Next() {
    if (resting_lines_ == 0) {
      return Advice::kTry;
    }
    if (--resting_lines_ == 0) {
      learn_ = true;
    }
    return Advice::kRest;
  }

  /// Whether a template should be learned from the line that just did not fit.
  bool wants_line() const { return learn_; }
  void OnLearned() {
    learn_ = false;
    fresh_ = true;
    lines_ = 0;
    refused_ = 0;
  }

  void OnTried(bool fits) {
    refused_ += fits ? 0 : 1;
    if (++lines_ < window_) {
      return;
    }
    if (refused_ * 10 <= lines_) {
      fresh_ = false;
      rest_ = kRestMin;
    } else if (!fresh_) {
      learn_ = true;
    } else {
      resting_lines_ = rest_;
      rest_ = std::min(rest_ * 2, kRestMax);
      fresh_ = false;
    }
    lines_ = 0;
    refused_ = 0;
    window_ = std::min(window_ * 4, kWindowMax);
  }

 private:
  static constexpr std::uint32_t kWindowMin = 16;  // A small file is worth a second template too.
  static constexpr std::uint32_t kWindowMax = 1024;
  static constexpr std::uint32_t kRestMin = 8192;
  static constexpr std::uint32_t kRestMax = 1 << 20;

  std::uint32_t window_ = kWindowMin;
  std::uint32_t lines_ = 0;
  std::uint32_t refused_ = 0;
  std::uint32_t rest_ = kRestMin;
  std::uint32_t resting_lines_ = 0;
  bool learn_ = false;
  bool fresh_ = false;  // Was the template learned since the last good window?
};

}  // namespace

class JsonDecoder::Impl {
 public:
  Impl(columnar::SchemaPtr schema, const JsonOptions& options)
      : batch_(std::move(schema)),
        root_(json::MakeRoot(*batch_.schema(), batch_)),
        reader_(options),
        skip_bad_lines_(options.ignore_parse_errors()),
        template_(json::Template::OfSchema(root_)) {}

  Outcome Decode(std::string_view lines, std::size_t row_limit) {
    const std::size_t last =
        lines.empty() || lines.back() == '\n' ? lines.size() : lines.rfind('\n') + 1;
    Outcome outcome = DecodeTerminated(lines.substr(0, last), row_limit);
    if (outcome.consumed < last || outcome.bad || last == lines.size() || row_ >= row_limit) {
      return outcome;
    }
    // The last line of a file may lack its newline, at which every scan stops.
    last_line_.assign(lines.substr(last)).append(1, '\n').append(kPadding, '\0');
    const Outcome rest = DecodeTerminated({last_line_.data(), lines.size() - last + 1}, row_limit);
    outcome.consumed = lines.size();
    outcome.bad = rest.bad;
    if (outcome.bad) {
      outcome.bad->begin += last;
      outcome.bad->line += outcome.line_count;
    }
    outcome.line_count += rest.line_count;
    return outcome;
  }

  columnar::Batch Finish() {
    json::SetLengths(root_, row_);
    batch_.CommitRows(row_);
    json::Clear(root_);
    row_ = 0;
    capacity_ = 0;
    return batch_.Finish();
  }

  std::size_t row_count() const { return row_; }
  const Stats& stats() const { return stats_; }
  void DisableTemplate() { use_template_ = false; }

 private:
  enum class LineResult { kRow, kEmpty, kBad };

  Outcome DecodeTerminated(std::string_view lines, std::size_t row_limit) {
    Outcome outcome;
    text_end_ = lines.data() + lines.size();
    const char* p = lines.data();
    while (p < text_end_ && row_ < row_limit) {
      if (row_ == capacity_) {
        Grow(static_cast<std::size_t>(text_end_ - p), row_limit);
      }
      const char* const line = p;
      const LineResult result = ReadLine(line, &p);
      ++outcome.line_count;
      if (result == LineResult::kRow) {
        ++row_;
        seen_bytes_ += static_cast<std::uint64_t>(p - line);
        ++seen_lines_;
      } else if (result == LineResult::kBad && skip_bad_lines_) {
        ++stats_.skipped_lines;
      } else if (result == LineResult::kBad) {
        outcome.bad = MakeBadLine(lines.data(), line, p);
        outcome.bad->line = outcome.line_count - 1;
        break;
      }
    }
    outcome.consumed = static_cast<std::size_t>(p - lines.data());
    return outcome;
  }

  /// Reads the line into row row_; `*next` becomes the place behind its newline.
  LineResult ReadLine(const char* line, const char** next) {
    if (use_template_ && *line != '\n' && policy_.Next() == TemplatePolicy::Advice::kTry) {
      const std::uint64_t nulled = reader_.nulled_fields();
      const char* const end = template_.Read(reader_, row_, line);
      policy_.OnTried(end != nullptr);
      if (end != nullptr) [[likely]] {
        stats_.nulled_fields = reader_.nulled_fields();
        reader_.touched() = false;
        *next = end;
        return LineResult::kRow;
      }
      reader_.nulled_fields() = nulled;
      TakeBack();
    }
    const LineResult result = ReadGeneral(line, next);
    if (result == LineResult::kRow && use_template_ && policy_.wants_line()) {
      if (auto learned = json::Template::OfLine(root_, line)) {
        template_ = *std::move(learned);
      }
      policy_.OnLearned();
    }
    return result;
  }

  LineResult ReadGeneral(const char* line, const char** next) {
    const char* p = json::SkipBlanks(line);
    if (*p == '\n') {
      *next = p + 1;
      return LineResult::kEmpty;
    }
    ++stats_.general_lines;
    if (*p == '{') {
      if ((p = reader_.ReadObject(root_, row_, p, 0)) != nullptr) {
        p = json::SkipBlanks(p);
        if (*p != '\n') {
          p = reader_.problem().Syntax(p, "there is something behind the object");
        }
      }
    } else {
      p = reader_.problem().Syntax(p, "an object was expected");
    }
    if (p == nullptr) {
      TakeBack();
      *next = static_cast<const char*>(std::memchr(line, '\n', text_end_ - line)) + 1;
      return LineResult::kBad;
    }
    stats_.nulled_fields = reader_.nulled_fields();
    reader_.touched() = false;
    *next = p + 1;
    return LineResult::kRow;
  }

  void TakeBack() {
    if (std::exchange(reader_.touched(), false)) {
      json::Rollback(root_, row_);
    }
  }

  void Grow(std::size_t bytes_left, std::size_t row_limit) {
    const std::uint64_t line_bytes = seen_lines_ == 0 ? 64 : seen_bytes_ / seen_lines_ + 1;
    const std::size_t wanted = std::max<std::size_t>(bytes_left / line_bytes + 8, capacity_ * 2);
    capacity_ = row_ + std::min(wanted, row_limit - row_);
    json::Reserve(root_, row_, capacity_);
  }

  BadLine MakeBadLine(const char* text, const char* line, const char* next) {
    const json::Problem& problem = reader_.problem();
    BadLine bad;
    bad.begin = static_cast<std::size_t>(line - text);
    bad.size = static_cast<std::size_t>(next - line) - 1;
    bad.column = static_cast<std::size_t>(problem.at - line) + 1;
    bad.reason = problem.node == nullptr ? std::string(problem.reason)
                                         : fmt::format("field '{}' {}: {}",
                                                       problem.node->path,
                                                       problem.node->type.ToString(),
                                                       problem.reason);
    return bad;
  }

  columnar::BatchBuilder batch_;
  json::Node root_;
  json::ValueReader reader_;
  const bool skip_bad_lines_;
  json::Template template_;
  TemplatePolicy policy_;
  bool use_template_ = true;
  std::size_t row_ = 0;
  std::size_t capacity_ = 0;
  std::uint64_t seen_bytes_ = 0;
  std::uint64_t seen_lines_ = 0;
  const char* text_end_ = nullptr;  // Of the text being decoded.
  std::string last_line_;
  Stats stats_;
};

JsonDecoder::JsonDecoder(columnar::SchemaPtr schema, const JsonOptions& options)
    : impl_(std::make_unique<Impl>(std::move(schema), options)) {}
JsonDecoder::~JsonDecoder() = default;

JsonDecoder::Outcome JsonDecoder::Decode(std::string_view lines, std::size_t row_limit) {
  return impl_->Decode(lines, row_limit);
}
std::size_t JsonDecoder::row_count() const {
  return impl_->row_count();
}
columnar::Batch JsonDecoder::Finish() {
  return impl_->Finish();
}
const JsonDecoder::Stats& JsonDecoder::stats() const {
  return impl_->stats();
}
void JsonDecoder::DisableTemplate() {
  impl_->DisableTemplate();
}

}  // namespace thalweg::connectors
