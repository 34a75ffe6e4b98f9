// SPDX-License-Identifier: Apache-2.0
//
// Bids of the Nexmark benchmark, for benchmarks and tests. Each is a pure function of its number,
// so any range can be made again anywhere. The values follow the benchmark's published rules; the
// random numbers are our own, seeded by the number of the event.
#ifndef THALWEG_CONNECTORS_NEXMARK_BIDS_H_
#define THALWEG_CONNECTORS_NEXMARK_BIDS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "columnar/time_text.h"
#include "columnar/type.h"

namespace thalweg::connectors {

/// `(auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, dateTime
/// TIMESTAMP(3), extra STRING)`, all nullable.
const columnar::SchemaPtr& BidSchema();

struct Bid {
  std::int64_t auction;
  std::int64_t bidder;
  std::int64_t price;
  std::string_view channel;
  std::string_view url;
  std::int64_t date_time_millis;
  std::string_view extra;
};

struct BidOptions {
  std::uint64_t seed = 0;
  std::int64_t base_time_millis = 1'600'000'000'000;
  double events_per_second = 10'000'000;  // Spacing of dateTime; 46 of 50 events are bids.
};

/// The bids of one stream of events.
class BidGenerator {
 public:
  explicit BidGenerator(const BidOptions& options = {});

  /// Bid number `n`, from 0. Its views live until the next call.
  const Bid& Make(std::uint64_t n);

  /// Appends bid `n` as a line of JSON, fields in the order of BidSchema(), no blanks.
  void AppendJsonLine(std::uint64_t n, std::string* out);

 private:
  BidOptions options_;
  Bid bid_;
  std::string channel_;
  std::string date_time_;
  columnar::TimestampFormatter timestamps_;
};

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_NEXMARK_BIDS_H_
