// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/check.h"
#include "base/random.h"
#include "columnar/batch.h"
#include "columnar/batch_builder.h"
#include "columnar/batch_wire.h"
#include "columnar/hash.h"
#include "columnar/key_codec.h"
#include "columnar/ordered_codec.h"
#include "columnar/partition.h"
#include "columnar/row_codec.h"
#include "columnar/time_text.h"

// Full batches; the rate is rows per second.
namespace thalweg::columnar {
namespace {

/// Four columns of fixed width, then strings of 6, 12 and 60 bytes: the shape of a bid.
const SchemaPtr& BidSchema() {
  static const SchemaPtr kSchema = Schema::Make({{"auction", DataType::BigInt()},
                                                 {"bidder", DataType::BigInt()},
                                                 {"price", DataType::BigInt()},
                                                 {"time", DataType::Timestamp(3)},
                                                 {"channel", DataType::String()},
                                                 {"twelve", DataType::String()},
                                                 {"url", DataType::String()}});
  return kSchema;
}

std::string RandomText(std::size_t size, Random& random) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += static_cast<char>('a' + random.Uniform(26));
  }
  return text;
}

Batch Bids() {
  SeededRandom random(1);
  BatchBuilder builder(BidSchema(), kMaxBatchRows);
  for (std::size_t row = 0; row < kMaxBatchRows; ++row) {
    for (std::size_t column = 0; column < 4; ++column) {
      builder.column(column).Append(static_cast<std::int64_t>(random.Next() >> 24));
    }
    builder.column(4).AppendString(RandomText(6, random));
    builder.column(5).AppendString(RandomText(12, random));
    builder.column(6).AppendString(RandomText(60, random));
    builder.CommitRows(1);
  }
  return builder.Finish();
}

/// Each row with a probability of `percent`.
std::vector<std::uint32_t> Selection(std::uint64_t percent) {
  SeededRandom random(2);
  std::vector<std::uint32_t> selection;
  for (std::uint32_t row = 0; row < kMaxBatchRows; ++row) {
    if (random.Uniform(100) < percent) {
      selection.push_back(row);
    }
  }
  return selection;
}

void CountRows(benchmark::State& state, std::size_t rows = kMaxBatchRows) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(rows));
}

/// Columns by which keys are made, by argument.
std::vector<std::uint32_t> KeyColumns(std::int64_t which) {
  switch (which) {
    case 0:
      return {0};  // BIGINT.
    case 1:
      return {0, 1};  // Two of them.
    case 2:
      return {4};  // Short strings.
    case 3:
      return {6};  // Long strings.
    default:
      return {0, 5};  // BIGINT and a string of 12 bytes.
  }
}

void BM_HashKeys(benchmark::State& state) {
  const Batch batch = Bids();
  const std::vector<std::uint32_t> columns = KeyColumns(state.range(0));
  std::vector<std::uint64_t> hashes(batch.row_count());
  for (auto _ : state) {
    HashKeys(batch, columns, hashes);
    benchmark::DoNotOptimize(hashes.data());
  }
  CountRows(state);
}
BENCHMARK(BM_HashKeys)->DenseRange(0, 4);

void BM_KeyEncoder(benchmark::State& state) {
  const Batch batch = Bids();
  const std::vector<std::uint32_t> columns = KeyColumns(state.range(0));
  std::vector<DataType> types;
  for (const std::uint32_t column : columns) {
    types.push_back(BidSchema()->type(column));
  }
  const KeyEncoder encoder(types);
  EncodedKeys keys;
  for (auto _ : state) {
    encoder.Encode(batch, columns, &keys);
    benchmark::DoNotOptimize(keys.hashes.data());
  }
  CountRows(state);
}
BENCHMARK(BM_KeyEncoder)->DenseRange(0, 4);

void BM_KeyDecoder(benchmark::State& state) {
  const Batch batch = Bids();
  const std::vector<std::uint32_t> columns = KeyColumns(state.range(0));
  std::vector<DataType> types;
  for (const std::uint32_t column : columns) {
    types.push_back(BidSchema()->type(column));
  }
  EncodedKeys keys;
  KeyEncoder(types).Encode(batch, columns, &keys);
  std::vector<std::string_view> views;
  for (std::size_t row = 0; row < keys.count; ++row) {
    views.push_back(keys[row]);
  }
  const KeyDecoder decoder(types);
  for (auto _ : state) {
    const auto decoded = decoder.Decode(views);
    CHECK(decoded.ok());
    benchmark::DoNotOptimize(*decoded);
  }
  CountRows(state);
}
BENCHMARK(BM_KeyDecoder)->DenseRange(0, 4);

void BM_OrderedCodec(benchmark::State& state) {
  const Batch batch = Bids();
  const std::vector<std::uint32_t> columns = KeyColumns(state.range(0));
  std::vector<OrderedColumn> order;
  for (const std::uint32_t column : columns) {
    order.push_back({BidSchema()->type(column), true, false});
  }
  const auto codec = OrderedCodec::Make(order);
  ByteRows rows;
  for (auto _ : state) {
    codec->Encode(batch, columns, &rows);
    benchmark::DoNotOptimize(rows.bytes.data());
  }
  CountRows(state);
}
BENCHMARK(BM_OrderedCodec)->DenseRange(0, 4);

/// Takes a share of all rows of all seven columns.
void BM_Take(benchmark::State& state) {
  const Batch batch = Bids();
  const std::vector<std::uint32_t> selection =
      Selection(static_cast<std::uint64_t>(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(batch.Take(selection));
  }
  CountRows(state, selection.size());
}
BENCHMARK(BM_Take)->Arg(1)->Arg(50)->Arg(99);

void BM_GatherBigInt(benchmark::State& state) {
  const Batch batch = Bids();
  const std::vector<std::uint32_t> selection = Selection(50);
  for (auto _ : state) {
    benchmark::DoNotOptimize(Gather(batch.column(0), selection));
  }
  CountRows(state, selection.size());
}
BENCHMARK(BM_GatherBigInt);

/// Hash, choose a target, sort rows by target, append them to the open batch of each target.
void BM_Partition(benchmark::State& state) {
  const Batch batch = Bids();
  const auto target_count = static_cast<std::uint32_t>(state.range(0));
  const std::vector<std::uint32_t> columns = {0};
  std::vector<BatchBuilder> open;
  for (std::uint32_t target = 0; target < target_count; ++target) {
    open.emplace_back(BidSchema(), kMaxBatchRows);
  }
  std::vector<std::uint64_t> hashes(batch.row_count());
  std::vector<std::uint32_t> targets(batch.row_count());
  PartitionedRows rows;
  for (auto _ : state) {
    HashKeys(batch, columns, hashes);
    std::ranges::transform(hashes, targets.begin(), [target_count](std::uint64_t hash) {
      return KeyGroupOf(hash, target_count).value();
    });
    PartitionRows(targets, target_count, &rows);
    for (std::uint32_t target = 0; target < target_count; ++target) {
      if (open[target].row_count() + rows[target].size() > kMaxBatchRows) {
        benchmark::DoNotOptimize(open[target].Finish());
      }
      open[target].AppendRows(batch, rows[target]);
    }
  }
  CountRows(state);
}
BENCHMARK(BM_Partition)->Arg(4)->Arg(64);

void BM_EncodeBatch(benchmark::State& state) {
  const Batch batch = Bids();
  std::string bytes;
  for (auto _ : state) {
    bytes.clear();
    EncodeBatch(batch, &bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
  CountRows(state);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(BM_EncodeBatch);

/// Rows of one of 64 targets, which lie all over the batch.
void BM_EncodeRows(benchmark::State& state) {
  const Batch batch = Bids();
  std::vector<std::uint32_t> targets(batch.row_count());
  for (std::uint32_t row = 0; row < targets.size(); ++row) {
    targets[row] = row * 7 % 64;
  }
  PartitionedRows rows;
  PartitionRows(targets, 64, &rows);
  std::string bytes;
  for (auto _ : state) {
    bytes.clear();
    for (std::size_t target = 0; target < 64; ++target) {
      EncodeRows(batch, rows[target], &bytes);
    }
    benchmark::DoNotOptimize(bytes.data());
  }
  CountRows(state);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(BM_EncodeRows);

void BM_DecodeBatch(benchmark::State& state) {
  std::string bytes;
  EncodeBatch(Bids(), &bytes);
  for (auto _ : state) {
    const auto batch = DecodeBatch(BidSchema(), bytes);
    CHECK(batch.ok());
    benchmark::DoNotOptimize(*batch);
  }
  CountRows(state);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(BM_DecodeBatch);

void BM_RowCodecEncode(benchmark::State& state) {
  const Batch batch = Bids();
  const RowCodec codec(BidSchema()->Types());
  ByteRows rows;
  for (auto _ : state) {
    codec.Encode(batch, &rows);
    benchmark::DoNotOptimize(rows.bytes.data());
  }
  CountRows(state);
}
BENCHMARK(BM_RowCodecEncode);

void BM_RowCodecDecode(benchmark::State& state) {
  const Batch batch = Bids();
  const RowCodec codec(BidSchema()->Types());
  ByteRows rows;
  codec.Encode(batch, &rows);
  std::vector<std::string_view> views;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    views.push_back(rows[row]);
  }
  for (auto _ : state) {
    const auto columns = codec.Decode(views);
    CHECK(columns.ok());
    benchmark::DoNotOptimize(*columns);
  }
  CountRows(state);
}
BENCHMARK(BM_RowCodecDecode);

/// Three milliseconds from one to the next, as in a stream.
void BM_FormatTimestamp(benchmark::State& state) {
  TimestampFormatter formatter(DataType::Timestamp(3));
  std::int64_t value = 1'700'000'000'000'000;
  char text[TimestampFormatter::kMaxSize];
  for (auto _ : state) {
    benchmark::DoNotOptimize(formatter.Format(value, text));
    value += 3'000;
  }
  CountRows(state, 1);
}
BENCHMARK(BM_FormatTimestamp);

void BM_ParseTimestamp(benchmark::State& state) {
  const DataType type = DataType::Timestamp(3);
  TimestampFormatter formatter(type, {.trim_zeros = false});
  std::vector<std::string> texts(kMaxBatchRows);
  for (std::size_t row = 0; row < texts.size(); ++row) {
    formatter.Append(1'700'000'000'000'000 + static_cast<std::int64_t>(row) * 3'000, &texts[row]);
  }
  TimestampParser parser(type);
  for (auto _ : state) {
    for (const std::string& text : texts) {
      benchmark::DoNotOptimize(parser.Parse(text));
    }
  }
  CountRows(state);
}
BENCHMARK(BM_ParseTimestamp);

}  // namespace
}  // namespace thalweg::columnar
