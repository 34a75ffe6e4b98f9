// SPDX-License-Identifier: Apache-2.0
#include "connectors/values/values.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "columnar/row_codec.h"
#include "proto/connectors.pb.h"

namespace thalweg::connectors {
namespace {

using runtime::ConnectorContext;
using runtime::SourceProgress;

constexpr std::uint32_t kVersion = 1;
constexpr char kSplit[] = "values";

/// One split, listed once.
class ValuesEnumerator final : public runtime::Enumerator {
 public:
  StatusOr<SourceProgress> Poll(MonoTime /*now*/,
                                std::size_t limit,
                                std::vector<runtime::Split>* splits) override {
    if (!listed_ && limit > 0) {
      splits->push_back({.id = kSplit, .spec = ""});
      listed_ = true;
    }
    return listed_ ? SourceProgress::kEnd : SourceProgress::kMoved;
  }

  runtime::StateEntries Snapshot() override {
    if (!listed_) {
      return {};
    }
    proto::OperatorStateEntry entry;
    entry.set_name("listed");
    entry.set_version(kVersion);
    entry.set_redistribution(proto::REDISTRIBUTE_TO_ONE);
    return {std::move(entry)};
  }

  Status Restore(std::span<const proto::OperatorStateEntry> entries) override {
    listed_ = !entries.empty();
    return OkStatus();
  }

 private:
  bool listed_ = false;
};

class ValuesReader final : public runtime::Reader {
 public:
  ValuesReader(proto::ValuesSpec spec, columnar::SchemaPtr schema)
      : spec_(std::move(spec)), schema_(std::move(schema)), codec_(schema_->Types()) {}

  Status AddSplit(const runtime::Split& split) override {
    if (split.id != kSplit) {
      return DataLoss(fmt::format("A source 'values' has no split '{}'.", split.id));
    }
    next_row_ = next_row_.value_or(0);
    return OkStatus();
  }

  StatusOr<SourceProgress> Read(MonoTime /*now*/, runtime::Output& output) override {
    const auto count = static_cast<std::uint64_t>(spec_.rows_size());
    if (!next_row_.has_value() || *next_row_ >= count) {
      return SourceProgress::kEnd;
    }
    const std::uint64_t end = std::min<std::uint64_t>(count, *next_row_ + columnar::kMaxBatchRows);
    std::vector<std::string_view> rows;
    for (std::uint64_t row = *next_row_; row < end; ++row) {
      rows.push_back(spec_.rows(static_cast<int>(row)));
    }
    StatusOr<std::vector<columnar::ColumnPtr>> columns = codec_.Decode(rows);
    if (!columns.ok()) {
      return Annotate(columns.status(), "The rows of a source 'values'");
    }
    output.Emit(columnar::Batch(schema_, *std::move(columns), rows.size()));
    next_row_ = end;
    return SourceProgress::kMoved;
  }

  runtime::StateEntries Snapshot() override {
    if (!next_row_.has_value()) {
      return {};
    }
    proto::ValuesPosition position;
    position.set_next_row(*next_row_);
    proto::OperatorStateEntry entry;
    entry.set_name("splits");
    entry.set_key(kSplit);
    entry.set_value(position.SerializeAsString());
    entry.set_version(kVersion);
    entry.set_redistribution(proto::REDISTRIBUTE_BY_OWNER);
    return {std::move(entry)};
  }

  Status Restore(std::span<const proto::OperatorStateEntry> entries) override {
    for (const proto::OperatorStateEntry& entry : entries) {
      proto::ValuesPosition position;
      if (entry.version() != kVersion || !position.ParseFromString(entry.value())) {
        return DataLoss("The position of a source 'values' in the checkpoint cannot be read.");
      }
      next_row_ = position.next_row();
    }
    return OkStatus();
  }

 private:
  const proto::ValuesSpec spec_;
  const columnar::SchemaPtr schema_;
  const columnar::RowCodec codec_;
  std::optional<std::uint64_t> next_row_;  // None: the split is not here.
};

StatusOr<proto::ValuesSpec> ParseSpec(const std::string& bytes) {
  proto::ValuesSpec spec;
  if (!spec.ParseFromString(bytes)) {
    return DataLoss("The spec of a source 'values' cannot be read.");
  }
  return spec;
}

class ValuesConnector final : public runtime::SourceConnector {
 public:
  StatusOr<std::string> Plan(const runtime::TableRequest& /*table*/) const override {
    return InvalidArgument(
        "'values' is no connector of tables; it is what VALUES is read by. For made-up rows use "
        "'datagen'");
  }
  StatusOr<std::unique_ptr<runtime::Enumerator>> OpenEnumerator(
      const std::string& /*spec*/, ConnectorContext /*context*/) const override {
    return std::make_unique<ValuesEnumerator>();
  }
  StatusOr<std::unique_ptr<runtime::Reader>> OpenReader(
      const std::string& bytes,
      columnar::SchemaPtr schema,
      ConnectorContext /*context*/) const override {
    ASSIGN_OR_RETURN(proto::ValuesSpec spec, ParseSpec(bytes));
    return std::make_unique<ValuesReader>(std::move(spec), std::move(schema));
  }
};

}  // namespace

std::string ValuesSpecOf(const columnar::Batch& rows) {
  columnar::ByteRows encoded;
  columnar::RowCodec(rows.schema()->Types()).Encode(rows, &encoded);
  proto::ValuesSpec spec;
  for (std::size_t row = 0; row < encoded.size(); ++row) {
    spec.add_rows(std::string(encoded[row]));
  }
  return spec.SerializeAsString();
}

std::unique_ptr<runtime::SourceConnector> MakeValuesSource() {
  return std::make_unique<ValuesConnector>();
}

}  // namespace thalweg::connectors
