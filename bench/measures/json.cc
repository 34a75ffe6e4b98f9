// SPDX-License-Identifier: Apache-2.0
//
// JSON lines of Nexmark bids (7 fields, about 250 bytes) in a file, filtered on the price, four
// columns of them projected, to a blackhole. The bare loop reads the same file in the same blocks,
// iterates each line with simdjson's on-demand parser, finds the seven fields, copies the strings,
// and then filters. Lines with their fields in random order fit no template; the loop beside them
// uses find_field_unordered.
#include <cstring>
#include <fstream>
#include <numeric>

#include <fcntl.h>
#include <simdjson.h>
#include <unistd.h>

#include "base/check.h"
#include "base/random.h"
#include "bench/job.h"
#include "bench/measures.h"
#include "connectors/filesystem/filesystem.h"
#include "connectors/nexmark/bids.h"

namespace thalweg::bench {
namespace {

constexpr std::size_t kLines = 2'000'000;
constexpr std::size_t kBlockBytes = std::size_t{1} << 20;  // As the job's source reads.
constexpr std::int64_t kPrice = 10'000;                    // Two thirds of the bids cost more.

enum class Order { kSame, kRandom };

/// The fields of a line without its braces and newline.
std::vector<std::string_view> FieldsOf(std::string_view line) {
  std::vector<std::string_view> fields;
  std::size_t begin = 1;
  bool in_string = false;
  for (std::size_t i = 1; i + 1 < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
    } else if (line[i] == '"') {
      in_string = !in_string;
    } else if (line[i] == ',' && !in_string) {
      fields.push_back(line.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  fields.push_back(line.substr(begin, line.size() - 1 - begin));
  return fields;
}

void AppendShuffled(std::string_view line, Random& random, std::string* out) {
  std::vector<std::string_view> fields = FieldsOf(line);
  char before = '{';
  while (!fields.empty()) {
    const std::size_t pick = random.Uniform(fields.size());
    *out += before;
    *out += fields[pick];
    fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(pick));
    before = ',';
  }
  *out += "}\n";
}

Status WriteLines(const std::filesystem::path& path, std::size_t line_count, Order order) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  connectors::BidGenerator bids;
  SeededRandom random(1);
  std::string line;
  std::string block;
  for (std::uint64_t n = 0; n < line_count; ++n) {
    if (order == Order::kSame) {
      bids.AppendJsonLine(n, &block);
    } else {
      line.clear();
      bids.AppendJsonLine(n, &line);
      line.pop_back();
      AppendShuffled(line, random, &block);
    }
    if (block.size() > kBlockBytes || n + 1 == line_count) {
      file.write(block.data(), static_cast<std::streamsize>(block.size()));
      block.clear();
    }
  }
  file.close();
  return file ? OkStatus() : Unavailable("Cannot write '" + path.string() + "'");
}

/// The bare loop.
class SimdjsonLoop {
 public:
  /// Reads the file and calls emit(auction, bidder, price, url) for bids above kPrice.
  template <Order kOrder, class Emit>
  void Run(const std::filesystem::path& path, Emit&& emit) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    CHECK_GE(file, 0);
    std::size_t kept = 0;  // Bytes of an open line at the front.
    while (true) {
      // The block goes behind the open line of the one before.
      const ssize_t got = read(file, block_.data() + kept, kBlockBytes);
      CHECK_GE(got, 0);
      if (got == 0) {
        break;
      }
      const char* const end = block_.data() + kept + got;
      const char* line = block_.data();
      while (true) {
        const auto left = static_cast<std::size_t>(end - line);
        const auto* newline = static_cast<const char*>(std::memchr(line, '\n', left));
        if (newline == nullptr) {
          kept = left;
          std::memmove(block_.data(), line, left);
          break;
        }
        Line<kOrder>(line, static_cast<std::size_t>(newline - line), emit);
        line = newline + 1;
      }
    }
    CHECK_EQ(kept, 0U);
    close(file);
  }

 private:
  using Object = simdjson::ondemand::object;

  template <Order kOrder>
  static auto Find(Object& object, std::string_view key) {
    if constexpr (kOrder == Order::kSame) {
      return object.find_field(key);
    } else {
      return object.find_field_unordered(key);
    }
  }
  template <Order kOrder>
  static std::int64_t Integer(Object& object, std::string_view key) {
    std::int64_t value = 0;
    CHECK(Find<kOrder>(object, key).get_int64().get(value) == simdjson::SUCCESS);
    return value;
  }
  template <Order kOrder>
  std::string_view String(Object& object, std::string_view key) {
    std::string_view value;
    CHECK(Find<kOrder>(object, key).get_string().get(value) == simdjson::SUCCESS);
    used_ = used_ + value.size() > strings_.size() ? 0 : used_;
    std::memcpy(strings_.data() + used_, value.data(), value.size());
    const std::string_view copy(strings_.data() + used_, value.size());
    used_ += value.size();
    return copy;
  }

  template <Order kOrder, class Emit>
  void Line(const char* line, std::size_t size, Emit& emit) {
    simdjson::ondemand::document document;
    CHECK(parser_.iterate(line, size, size + simdjson::SIMDJSON_PADDING).get(document) ==
          simdjson::SUCCESS);
    Object object;
    CHECK(document.get_object().get(object) == simdjson::SUCCESS);
    const std::int64_t auction = Integer<kOrder>(object, "auction");
    const std::int64_t bidder = Integer<kOrder>(object, "bidder");
    const std::int64_t price = Integer<kOrder>(object, "price");
    String<kOrder>(object, "channel");
    const std::string_view url = String<kOrder>(object, "url");
    String<kOrder>(object, "dateTime");
    String<kOrder>(object, "extra");
    if (price > kPrice) {
      emit(auction, bidder, price, url);
    }
  }

  simdjson::ondemand::parser parser_;
  std::vector<char> block_ = std::vector<char>(2 * kBlockBytes + simdjson::SIMDJSON_PADDING);
  std::vector<char> strings_ = std::vector<char>(std::size_t{1} << 16);
  std::size_t used_ = 0;
};

StatusOr<proto::JobGraph> Plan(const std::string& file, const std::string& sink) {
  using client::Col;
  client::PlanBuilder plan("json");
  plan.Checkpoints(CheckpointEvery(Milliseconds(1'000)));
  connectors::FileSourceOptions source;
  source.path = file;
  plan.Source({.connector = "filesystem",
               .spec = connectors::FileSourceSpecOf(source),
               .schema = connectors::BidSchema()})
      .Filter(Col("price") > client::Lit(kPrice))
      .Project({{"auction", Col("auction")},
                {"bidder", Col("bidder")},
                {"price", Col("price")},
                {"url", Col("url")}})
      .Sink({.connector = sink});
  return plan.Build();
}

template <Order kOrder>
StatusOr<std::vector<Reading>> MeasureOne(const Setting& setting,
                                          const std::string& name,
                                          double bar) {
  const std::size_t line_count = setting.Scaled(kLines, 10'000);
  const std::filesystem::path path = FilesOf(setting) / "bids.jsonl";
  RETURN_IF_ERROR(WriteLines(path, line_count, kOrder));
  const auto run_job = [&](const std::string& sink, Fold& fold) -> StatusOr<Cost> {
    JobRig rig(setting);
    rig.AddSink("fold", MakeFoldSink(3, fold));
    ASSIGN_OR_RETURN(const proto::JobGraph graph, Plan(path.filename(), sink));
    return rig.Run(graph);
  };
  SimdjsonLoop loop;
  Fold bare_fold;
  loop.Run<kOrder>(
      path,
      [&](std::int64_t auction, std::int64_t bidder, std::int64_t price, std::string_view /*url*/) {
        bare_fold.Add({auction, bidder, price});
      });
  Fold job_fold;
  RETURN_IF_ERROR(run_job("fold", job_fold).status());
  RETURN_IF_ERROR(CheckEqual(name, bare_fold, job_fold));

  std::int64_t rows = 0;
  std::uint64_t bytes = 0;  // So that nothing can be left out.
  ASSIGN_OR_RETURN(const std::vector<Pair> pairs,
                   RunPairs(
                       setting,
                       [&] {
                         return CostOfPinned(setting.core, [&] {
                           loop.Run<kOrder>(
                               path,
                               [&](std::int64_t auction,
                                   std::int64_t bidder,
                                   std::int64_t price,
                                   std::string_view url) {
                                 ++rows;
                                 bytes += static_cast<std::uint64_t>(auction ^ bidder ^ price) +
                                          static_cast<unsigned char>(url.front());
                               });
                         });
                       },
                       [&] { return run_job("blackhole", job_fold); }));
  if (rows != bare_fold.rows * setting.pairs || bytes == 0) {
    return FailedPrecondition("The bare loop of '" + name + "' does not repeat itself");
  }
  std::filesystem::remove(path);
  return RatioReadings(name, pairs, bar, line_count);
}

}  // namespace

StatusOr<std::vector<Reading>> MeasureJson(const Setting& setting) {
  ASSIGN_OR_RETURN(std::vector<Reading> readings,
                   MeasureOne<Order::kSame>(setting, "JSON lines, filter, project", 1.0));
  ASSIGN_OR_RETURN(const std::vector<Reading> shuffled,
                   MeasureOne<Order::kRandom>(setting, "JSON lines that fit no template", 0.7));
  readings.insert(readings.end(), shuffled.begin(), shuffled.end());
  return readings;
}

}  // namespace thalweg::bench
