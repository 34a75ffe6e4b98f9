// SPDX-License-Identifier: Apache-2.0
#include "tests/sql/rows_connector.h"

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "columnar/batch.h"
#include "connectors/formats/json/json_decoder.h"
#include "runtime/connector/sink.h"
#include "runtime/connector/source.h"
#include "runtime/connector/table.h"

namespace thalweg::testing {
namespace {

using runtime::SourceProgress;
using Splits = std::vector<std::vector<InputBatch>>;

proto::OperatorStateEntry Entry(const std::string& name,
                                const std::string& key,
                                std::size_t value,
                                proto::Redistribution redistribution) {
  proto::OperatorStateEntry entry;
  entry.set_name(name);
  entry.set_key(key);
  entry.set_value(std::to_string(value));
  entry.set_redistribution(redistribution);
  return entry;
}

StatusOr<columnar::Batch> Decode(const InputBatch& lines, const columnar::SchemaPtr& schema) {
  const std::string padded = lines + std::string(connectors::JsonDecoder::kPadding, ' ');
  connectors::JsonDecoder decoder(schema, connectors::JsonOptions());
  for (std::size_t at = 0; at < lines.size();) {
    const std::string_view rest(padded.data() + at, lines.size() - at);
    const auto outcome = decoder.Decode(rest, columnar::kMaxBatchRows);
    if (outcome.bad) {
      return InvalidArgument(
          "input: " + Describe(*outcome.bad, rest.substr(outcome.bad->begin, outcome.bad->size)));
    }
    at += outcome.consumed;
  }
  return decoder.Finish();
}

class RowsEnumerator final : public runtime::Enumerator {
 public:
  explicit RowsEnumerator(std::size_t count) : count_(count) {}

  StatusOr<SourceProgress> Poll(MonoTime /*now*/,
                                std::size_t limit,
                                std::vector<runtime::Split>* splits) override {
    if (next_ == count_) {
      return SourceProgress::kEnd;
    }
    for (; next_ < count_ && limit > 0; ++next_, --limit) {
      splits->push_back({.id = std::to_string(next_), .spec = ""});
    }
    return SourceProgress::kMoved;
  }
  runtime::StateEntries Snapshot() override {
    return {Entry("listed", "", next_, proto::REDISTRIBUTE_TO_ONE)};
  }
  Status Restore(std::span<const proto::OperatorStateEntry> entries) override {
    next_ = entries.empty() ? 0 : std::stoull(entries[0].value());
    return OkStatus();
  }

 private:
  const std::size_t count_;
  std::size_t next_ = 0;
};

class RowsReader final : public runtime::Reader {
 public:
  RowsReader(const Splits& splits, columnar::SchemaPtr schema)
      : splits_(splits), schema_(std::move(schema)) {}

  Status AddSplit(const runtime::Split& split) override {
    positions_.emplace(std::stoull(split.id), 0);
    return OkStatus();
  }

  StatusOr<SourceProgress> Read(MonoTime now, runtime::Output& output) override {
    // The split that has come least far: all go on side by side.
    std::size_t* next = nullptr;
    std::size_t split = 0;
    for (auto& [id, position] : positions_) {
      if (position < splits_[id].size() && (next == nullptr || position < *next)) {
        next = &position;
        split = id;
      }
    }
    if (next == nullptr) {
      due_.reset();
      return SourceProgress::kEnd;
    }
    if (due_ && now < *due_) {
      return SourceProgress::kWait;
    }
    ASSIGN_OR_RETURN(columnar::Batch batch, Decode(splits_[split][*next], schema_));
    ++*next;
    due_ = now + kBatchPace;
    output.Emit(std::move(batch));
    return SourceProgress::kMoved;
  }
  std::optional<MonoTime> WakeAt() const override { return due_; }

  runtime::StateEntries Snapshot() override {
    runtime::StateEntries entries;
    for (const auto& [id, position] : positions_) {
      entries.push_back(
          Entry("position", std::to_string(id), position, proto::REDISTRIBUTE_BY_OWNER));
    }
    return entries;
  }
  Status Restore(std::span<const proto::OperatorStateEntry> entries) override {
    for (const proto::OperatorStateEntry& entry : entries) {
      positions_[std::stoull(entry.key())] = std::stoull(entry.value());
    }
    return OkStatus();
  }

 private:
  const Splits& splits_;
  const columnar::SchemaPtr schema_;
  std::map<std::size_t, std::size_t> positions_;  // Batches emitted, by split.
  std::optional<MonoTime> due_;
};

StatusOr<std::string> NameOf(const runtime::TableRequest& table) {
  const auto name = table.options.Find("name");
  if (!name) {
    return InvalidArgument("Option 'name' of the connector 'rows' is missing");
  }
  return std::string(*name);
}

class RowsSource final : public runtime::SourceConnector {
 public:
  explicit RowsSource(std::shared_ptr<const TestInputs> inputs) : inputs_(std::move(inputs)) {}

  StatusOr<runtime::SourceTraits> TraitsOf(const runtime::TableRequest& /*table*/) const override {
    runtime::SourceTraits traits;
    traits.bounded = true;
    traits.narrows_rows = true;  // JSON is read by the names that are wanted.
    return traits;
  }
  StatusOr<std::string> Plan(const runtime::TableRequest& table) const override {
    ASSIGN_OR_RETURN(std::string name, NameOf(table));
    return inputs_->contains(name) ? StatusOr<std::string>(std::move(name))
                                   : InvalidArgument("The test has no [input " + name + "]");
  }
  StatusOr<std::unique_ptr<runtime::Enumerator>> OpenEnumerator(
      const std::string& spec, runtime::ConnectorContext /*context*/) const override {
    return std::make_unique<RowsEnumerator>(inputs_->at(spec).size());
  }
  StatusOr<std::unique_ptr<runtime::Reader>> OpenReader(
      const std::string& spec,
      columnar::SchemaPtr schema,
      runtime::ConnectorContext /*context*/) const override {
    return std::make_unique<RowsReader>(inputs_->at(spec), std::move(schema));
  }

 private:
  const std::shared_ptr<const TestInputs> inputs_;
};

class RowsSink final : public runtime::SinkConnector {
 public:
  explicit RowsSink(connectors::CollectHub& hub) : collect_(connectors::MakeCollectSink(hub)) {}

  StatusOr<std::string> Plan(const runtime::TableRequest& table) const override {
    ASSIGN_OR_RETURN(const std::string name, NameOf(table));
    // A sink of files or of a log takes inserts only; this one can be told to be like that.
    if (table.updating && table.options.Find("append-only") == "true") {
      return InvalidArgument("This table takes inserts only, and the query updates its rows");
    }
    return connectors::CollectSpecOf(RowsResultOf(name));
  }
  StatusOr<std::unique_ptr<runtime::Sink>> Open(const std::string& spec,
                                                columnar::SchemaPtr schema,
                                                runtime::ConnectorContext context) const override {
    return collect_->Open(spec, std::move(schema), std::move(context));
  }

 private:
  const std::unique_ptr<runtime::SinkConnector> collect_;
};

}  // namespace

void RegisterRows(runtime::ConnectorRegistry& registry,
                  std::shared_ptr<const TestInputs> inputs,
                  connectors::CollectHub& hub) {
  registry.AddSource("rows", std::make_unique<RowsSource>(std::move(inputs)));
  registry.AddSink("rows", std::make_unique<RowsSink>(hub));
}

std::string RowsResultOf(const std::string& name) {
  return "table " + name;
}

}  // namespace thalweg::testing
