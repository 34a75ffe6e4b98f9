// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/sim_state.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/coding.h"
#include "connectors/datagen/datagen.h"
#include "proto/connectors.pb.h"
#include "state/restore.h"
#include "state/run_cursor.h"
#include "state/run_format.h"
#include "storage/durable_log.h"
#include "storage/layout.h"
#include "tests/sim/sim_cluster.h"
#include "tests/testing/scoped_mutation.h"
#include "tests/testing/sim_loop.h"

namespace thalweg::testing {
namespace {

constexpr char kHeldSource[] = "held-datagen";
constexpr char kEnumeratorList[] = "next";
constexpr char kReaderList[] = "splits";
constexpr char kFiredList[] = "fired";
constexpr std::int64_t kHeldIntervalMillis = 20;
constexpr Microseconds kPatience{60'000'000};
const JobId kHeldJob("00000000000000000000000000000002");

std::string Hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  return text;
}

/// A datagen reader that stops before given rows, and waits there instead of ending.
class HeldReader final : public runtime::Reader {
 public:
  HeldReader(std::unique_ptr<runtime::Reader> reader, std::map<std::uint64_t, std::uint64_t> ends)
      : reader_(std::move(reader)), ends_(std::move(ends)) {}

  Status AddSplit(const runtime::Split& split) override {
    proto::DatagenSplit part;
    CHECK(part.ParseFromString(split.spec));
    const auto end = ends_.find(part.begin());
    if (end == ends_.end() || end->second <= part.begin()) {
      return OkStatus();
    }
    part.set_end(std::min(part.end(), end->second));
    return reader_->AddSplit({.id = split.id, .spec = part.SerializeAsString()});
  }
  StatusOr<runtime::SourceProgress> Read(MonoTime now, runtime::Output& output) override {
    ASSIGN_OR_RETURN(const runtime::SourceProgress progress, reader_->Read(now, output));
    return progress == runtime::SourceProgress::kEnd ? runtime::SourceProgress::kWait : progress;
  }
  runtime::StateEntries Snapshot() override { return reader_->Snapshot(); }
  Status Restore(std::span<const proto::OperatorStateEntry> entries) override {
    return reader_->Restore(entries);
  }

 private:
  const std::unique_ptr<runtime::Reader> reader_;
  const std::map<std::uint64_t, std::uint64_t> ends_;
};

class HeldDatagen final : public runtime::SourceConnector {
 public:
  explicit HeldDatagen(SourcePositions positions) : positions_(std::move(positions)) {}

  StatusOr<std::unique_ptr<runtime::Enumerator>> OpenEnumerator(
      const std::string& spec, runtime::ConnectorContext context) const override {
    return datagen_->OpenEnumerator(spec, std::move(context));
  }
  StatusOr<std::unique_ptr<runtime::Reader>> OpenReader(
      const std::string& spec,
      columnar::SchemaPtr schema,
      runtime::ConnectorContext context) const override {
    const auto ends = positions_.find(context.operator_id);
    CHECK(ends != positions_.end());
    ASSIGN_OR_RETURN(std::unique_ptr<runtime::Reader> reader,
                     datagen_->OpenReader(spec, std::move(schema), std::move(context)));
    return std::make_unique<HeldReader>(std::move(reader), ends->second);
  }

 private:
  const std::unique_ptr<runtime::SourceConnector> datagen_ = connectors::MakeDatagenSource();
  const SourcePositions positions_;
};

/// The same plan, operator ids included, over sources that hold.
proto::JobGraph HeldPlanOf(SimJob job) {
  SimJobOptions options;
  options.parallelism = 1;
  options.checkpoint_interval_millis = kHeldIntervalMillis;
  proto::JobGraph graph = PlanOf(job, options);
  for (proto::Vertex& vertex : *graph.mutable_vertices()) {
    for (proto::Step& step : *vertex.mutable_steps()) {
      proto::ConnectorSpec* source = step.has_enumerate()
                                         ? step.mutable_enumerate()->mutable_source()
                                     : step.has_read() ? step.mutable_read()->mutable_source()
                                                       : nullptr;
      if (source == nullptr) {
        continue;
      }
      proto::DatagenSpec spec;
      CHECK(spec.ParseFromString(source->spec()));
      spec.set_rows_per_second(0);
      source->set_connector(kHeldSource);
      source->set_spec(spec.SerializeAsString());
    }
  }
  return graph;
}

std::optional<proto::Manifest> NewestManifest(MemoryStore& store) {
  const storage::DurableLog log(store, storage::JobLogPrefix(kHeldJob), 0);
  const StatusOr<storage::LogContents> contents = log.Read(0);
  CHECK_OK(contents.status());
  std::optional<proto::Manifest> newest;
  for (const storage::Record& record : contents->records) {
    proto::LogRecord parsed;
    CHECK(parsed.ParseFromString(record.bytes));
    if (parsed.has_manifest()) {
      newest = parsed.manifest();
    }
  }
  return newest;
}

/// Have the readers emitted all rows up to where they hold?
bool Holds(const proto::Manifest& manifest, const SourcePositions& positions) {
  std::uint64_t splits = 0;
  for (const auto& [reader, ends] : positions) {
    splits = std::max(splits, ends.empty() ? 0 : ends.rbegin()->first + 1);
  }
  for (const proto::TaskSnapshot& task : manifest.tasks()) {
    for (const proto::OperatorStateEntry& entry : task.entries()) {
      proto::DatagenSplit next;
      if (entry.name() == kReaderList) {
        return false;
      }
      if (entry.name() == kEnumeratorList &&
          (!next.ParseFromString(entry.value()) || next.begin() < splits)) {
        return false;
      }
    }
  }
  return true;
}

std::set<std::string> OperatorsBehindWindows(const proto::JobGraph& graph) {
  std::set<std::string> behind;
  std::set<std::uint32_t> fed_by_windows;  // Vertices; they stand in topological order.
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(graph.vertices_size()); ++i) {
    bool is_behind = fed_by_windows.contains(i);
    for (const proto::Step& step : graph.vertices(static_cast<int>(i)).steps()) {
      if (is_behind) {
        behind.insert(step.operator_id());
      }
      is_behind = is_behind || step.has_window_aggregate();
    }
    for (const proto::Edge& edge : graph.edges()) {
      if (is_behind && edge.from() == i) {
        fed_by_windows.insert(edge.to());
      }
    }
  }
  return behind;
}

const proto::Step* ReadStepOf(const proto::Vertex& vertex) {
  return !vertex.steps().empty() && vertex.steps(0).has_read() ? &vertex.steps(0) : nullptr;
}

}  // namespace

SourcePositions PositionsOf(const proto::Manifest& manifest, const proto::JobGraph& graph) {
  std::map<std::string, std::uint64_t> listed;  // By enumerating operator: splits handed out.
  std::map<std::string, std::map<std::uint64_t, std::uint64_t>> left;  // Unfinished splits.
  for (const proto::TaskSnapshot& task : manifest.tasks()) {
    for (const proto::OperatorStateEntry& entry : task.entries()) {
      proto::DatagenSplit split;
      if (entry.name() == kEnumeratorList) {
        CHECK(split.ParseFromString(entry.value()));
        listed[entry.operator_id()] = split.begin();
      } else if (entry.name() == kReaderList) {
        CHECK(split.ParseFromString(entry.value()));
        left[entry.operator_id()][split.begin() % split.step()] = split.begin();
      }
    }
  }
  SourcePositions positions;
  for (const proto::Edge& edge : graph.edges()) {
    const proto::Step* const read = ReadStepOf(graph.vertices(static_cast<int>(edge.to())));
    const proto::Vertex& from = graph.vertices(static_cast<int>(edge.from()));
    if (read == nullptr || !from.steps(0).has_enumerate()) {
      continue;
    }
    proto::DatagenSpec spec;
    CHECK(spec.ParseFromString(read->read().source().spec()));
    auto& ends = positions[read->operator_id()];
    const auto& unfinished = left[read->operator_id()];
    for (std::uint64_t split = 0; split < listed[from.steps(0).operator_id()]; ++split) {
      const auto at = unfinished.find(split);
      ends[split] = at == unfinished.end() ? spec.row_count() : at->second;
    }
  }
  return positions;
}

StatusOr<StateContent> StateContent::Of(const proto::Manifest& manifest,
                                        const proto::JobGraph& graph,
                                        storage::Store& store) {
  StateContent content;
  content.left_out_ = OperatorsBehindWindows(graph);
  for (const proto::TaskSnapshot& task : manifest.tasks()) {
    RETURN_IF_ERROR(content.Add(task, store));
  }
  return content;
}

Status StateContent::Add(const proto::TaskSnapshot& task, storage::Store& store) {
  for (const proto::OperatorStateEntry& entry : task.entries()) {
    if (entry.name() == kFiredList) {
      RETURN_IF_ERROR(AddFired(entry));
    }
  }
  std::map<std::uint32_t, const proto::TableSchema*> tables;
  for (const proto::TableSchema& table : task.tables()) {
    tables[table.table()] = &table;
  }
  const std::vector<proto::RunRef> runs(task.runs().begin(), task.runs().end());
  ASSIGN_OR_RETURN(auto cursors,
                   state::OpenRuns(store, runs, {task.first_key_group(), task.end_key_group()}));
  const std::unique_ptr<state::RunCursor> cursor = state::MergeRuns(std::move(cursors));
  for (Status moved = cursor->Seek("");; moved = cursor->Next()) {
    RETURN_IF_ERROR(moved);
    if (!cursor->valid()) {
      return OkStatus();
    }
    state::RunKey key;
    if (!state::ReadRunKeyHead(cursor->key(), &key) || !tables.contains(key.table)) {
      return DataLoss("A run has a row of no table.");
    }
    const proto::TableSchema& table = *tables[key.table];
    if (!state::ReadRunKey(cursor->key(), table.sliced(), &key)) {
      return DataLoss("A run has a key that cannot be read.");
    }
    const auto& live = table.live_slices();
    const bool dropped =
        table.sliced() && std::find(live.begin(), live.end(), key.slice) == live.end();
    if (cursor->value().empty() || dropped || left_out_.contains(table.operator_id())) {
      continue;
    }
    // Rows that a table was given without a sub-key are numbered as they came.
    const bool is_numbered = table.kind() == proto::TABLE_ORDERED && table.sub_keys().empty();
    rows_.push_back({.text = fmt::format("{} {}/{} {} = {}",
                                         table.operator_id(),
                                         table.name(),
                                         Hex(key.key),
                                         is_numbered ? "" : Hex(key.rest),
                                         Hex(cursor->value())),
                     .operator_id = table.operator_id(),
                     .key_group = key.key_group,
                     .slice = table.sliced() ? std::optional(key.slice) : std::nullopt});
    if (rows_.back().slice.has_value()) {
      rows_.back().text += " in " + std::to_string(key.slice);
    }
  }
}

Status StateContent::AddFired(const proto::OperatorStateEntry& entry) {
  ByteReader key(entry.key());
  ByteReader value(entry.value());
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint64_t watermark = 0;
  if (!key.ReadBigEndian32(begin) || !key.ReadBigEndian32(end) || !value.ReadFixed64(watermark)) {
    return DataLoss("An entry of fired watermarks cannot be read.");
  }
  for (std::uint32_t group = begin; group < end; ++group) {
    fired_[entry.operator_id()][group] = static_cast<std::int64_t>(watermark);
  }
  return OkStatus();
}

bool StateContent::HasFired(const Row& row) const {
  const auto op = fired_.find(row.operator_id);
  if (!row.slice.has_value() || op == fired_.end()) {
    return false;
  }
  const auto group = op->second.find(row.key_group);
  return group != op->second.end() && group->second >= *row.slice - 1;
}

FoldedRows StateContent::RowsOpenInBoth(const StateContent& other) const {
  FoldedRows rows;
  for (const Row& row : rows_) {
    if (!HasFired(row) && !other.HasFired(row)) {
      ++rows[row.text];
    }
  }
  return rows;
}

std::string StateContent::Difference(const StateContent& expected, const StateContent& actual) {
  const FoldedRows should_be = expected.RowsOpenInBoth(actual);
  const FoldedRows is = actual.RowsOpenInBoth(expected);
  return should_be == is ? "" : testing::Difference(should_be, is);
}

bool HasComparableState(SimJob job) {
  return job != SimJob::kTopN && job != SimJob::kHop;
}

StateContent ContentAt(SimJob job, const SourcePositions& positions) {
  const ScopedNoMutations undisturbed;
  SimLoop loop(1);
  SimClusterOptions options;
  options.coordinators = 1;
  options.workers = 1;
  options.lanes = 1;
  options.state_memory = std::size_t{1} << 30;
  options.network.latency_max = Microseconds(100);
  options.add_connectors = [&positions](runtime::ConnectorRegistry& registry) {
    registry.AddSource(kHeldSource, std::make_unique<HeldDatagen>(positions));
  };
  SimCluster cluster(loop, std::move(options));
  cluster.StartAll();
  const proto::JobGraph graph = HeldPlanOf(job);
  cluster.Submit(kHeldJob, graph);
  MemoryStore store(cluster.checkpoint_disk(), 1);
  std::optional<proto::Manifest> manifest;
  const MonoTime begin = loop.now();
  while (!manifest.has_value() || !Holds(*manifest, positions)) {
    CHECK(loop.now() - begin < kPatience);
    loop.RunFor(Milliseconds(kHeldIntervalMillis));
    manifest = NewestManifest(store);
  }
  StatusOr<StateContent> content = StateContent::Of(*manifest, graph, store);
  CHECK_OK(content.status());
  return *std::move(content);
}

}  // namespace thalweg::testing
