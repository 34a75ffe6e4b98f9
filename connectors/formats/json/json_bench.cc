// SPDX-License-Identifier: Apache-2.0
//
// JSON lines of Nexmark bids (7 fields, about 250 bytes) into columns, against the usual simdjson
// loop. Each pair runs both, one right after the other, as the speed of a shared machine drifts;
// the counters are medians over the pairs: `ratio` above 1 means faster than the loop.
#include <algorithm>
#include <ctime>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/check.h"
#include "base/random.h"
#include "columnar/batch_builder.h"
#include "connectors/formats/json/json_decoder.h"
#include "connectors/formats/json/json_writer.h"
#include "connectors/formats/json/simdjson_loop.h"
#include "connectors/nexmark/bids.h"

namespace thalweg::connectors {
namespace {

constexpr std::uint64_t kLineCount = 100'000;
constexpr std::size_t kBlockBytes = 1 << 20;
constexpr int kPairs = 15;

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double Median(std::vector<double> values) {
  std::nth_element(
      values.begin(), values.begin() + static_cast<long>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

enum class Lines { kInOrder, kPlain, kShuffled };

/// A line with the same fields in a random order.
std::string Shuffled(const std::string& line, Random& random) {
  std::vector<std::string> fields;
  bool in_string = false;
  std::string field;
  for (std::size_t i = 1; i + 1 < line.size(); ++i) {  // Without the braces.
    if (line[i] == '\\') {
      field += line[i++];
    } else if (line[i] == '"') {
      in_string = !in_string;
    } else if (line[i] == ',' && !in_string) {
      fields.push_back(std::move(field));
      field.clear();
      continue;
    }
    field += line[i];
  }
  fields.push_back(std::move(field));
  std::string out = "{";
  while (!fields.empty()) {
    const std::size_t pick = random.Uniform(fields.size());
    out += fields[pick] + (fields.size() > 1 ? "," : "}");
    fields.erase(fields.begin() + static_cast<long>(pick));
  }
  return out;
}

const std::string& TextOf(Lines kind) {
  static std::string texts[3];
  std::string& text = texts[static_cast<int>(kind)];
  if (text.empty()) {
    BidGenerator bids;
    SeededRandom random(1);
    for (std::uint64_t n = 0; n < kLineCount; ++n) {
      std::string line;
      bids.AppendJsonLine(n, &line);
      line.pop_back();
      if (kind == Lines::kShuffled) {
        line = Shuffled(line, random);
      } else if (kind == Lines::kPlain) {
        std::replace(line.begin(), line.end(), '\\', '_');
      }
      text += line + "\n";
    }
    text.append(JsonDecoder::kPadding, '\0');
  }
  return text;
}

/// Calls `read` with the whole lines of each block of 1 MB, copied as a read of a file would.
template <class Read>
void ForEachBlock(std::string_view text, std::string& buffer, const Read& read) {
  while (!text.empty()) {
    std::size_t size = std::min(text.size(), kBlockBytes);
    size = text.rfind('\n', size - 1) + 1;
    std::memcpy(buffer.data(), text.data(), size);
    read(std::string_view(buffer).substr(0, size));
    text.remove_prefix(size);
  }
}

double RunLoop(SimdjsonLoop& loop, std::string_view text, std::string& buffer, bool ordered) {
  const double begin = CpuSeconds();
  std::size_t rows = 0;
  ForEachBlock(text, buffer, [&](std::string_view lines) { rows += loop.Read(lines, ordered); });
  CHECK_EQ(rows, kLineCount);
  benchmark::DoNotOptimize(loop.sum());
  return CpuSeconds() - begin;
}

double RunDecoder(JsonDecoder& decoder, std::string_view text, std::string& buffer) {
  const double begin = CpuSeconds();
  std::size_t rows = 0;
  ForEachBlock(text, buffer, [&](std::string_view lines) {
    while (!lines.empty()) {
      const auto outcome = decoder.Decode(lines, columnar::kMaxBatchRows);
      CHECK(!outcome.bad);
      lines.remove_prefix(outcome.consumed);
      if (decoder.row_count() == columnar::kMaxBatchRows) {
        rows += decoder.Finish().row_count();
      }
    }
  });
  rows += decoder.Finish().row_count();
  CHECK_EQ(rows, kLineCount);
  return CpuSeconds() - begin;
}

void Compare(benchmark::State& state, Lines kind, bool use_template) {
  const std::string& padded = TextOf(kind);
  const std::string_view text(padded.data(), padded.size() - JsonDecoder::kPadding);
  std::string buffer(kBlockBytes + JsonDecoder::kPadding, '\0');
  SimdjsonLoop loop;
  JsonDecoder decoder(BidSchema(), JsonOptions());
  if (!use_template) {
    decoder.DisableTemplate();
  }
  std::vector<double> ratios;
  double best_loop = 1e9;
  double best_decoder = 1e9;
  for (auto _ : state) {
    for (int pair = 0; pair < kPairs; ++pair) {
      const double bare = RunLoop(loop, text, buffer, kind != Lines::kShuffled);
      const double ours = RunDecoder(decoder, text, buffer);
      ratios.push_back(bare / ours);
      best_loop = std::min(best_loop, bare);
      best_decoder = std::min(best_decoder, ours);
    }
  }
  state.counters["ratio"] = Median(ratios);
  state.counters["loop_ns"] = best_loop * 1e9 / static_cast<double>(kLineCount);
  state.counters["decode_ns"] = best_decoder * 1e9 / static_cast<double>(kLineCount);
  state.counters["general"] = static_cast<double>(decoder.stats().general_lines);
}

void BM_LinesThatFit(benchmark::State& state) {
  Compare(state, Lines::kInOrder, true);
}
void BM_LinesThatFitWithoutEscapes(benchmark::State& state) {
  Compare(state, Lines::kPlain, true);
}
void BM_LinesThatNeverFit(benchmark::State& state) {
  Compare(state, Lines::kShuffled, true);
}
void BM_GeneralWalkerInOrder(benchmark::State& state) {
  Compare(state, Lines::kInOrder, false);
}

void BM_Write(benchmark::State& state) {
  columnar::BatchBuilder builder(BidSchema());
  BidGenerator bids;
  for (std::uint64_t n = 0; n < columnar::kMaxBatchRows; ++n) {
    const Bid& bid = bids.Make(n);
    builder.AppendRow({bid.auction,
                       bid.bidder,
                       bid.price,
                       bid.channel,
                       bid.url,
                       bid.date_time_millis * 1000,
                       bid.extra});
  }
  const columnar::Batch batch = builder.Finish();
  JsonWriter writer(BidSchema(), JsonOptions());
  std::string out;
  for (auto _ : state) {
    out.clear();
    CHECK(writer.Append(batch, &out).ok());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch.row_count()));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}

BENCHMARK(BM_LinesThatFit)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_LinesThatFitWithoutEscapes)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_LinesThatNeverFit)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_GeneralWalkerInOrder)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Write);

}  // namespace
}  // namespace thalweg::connectors
