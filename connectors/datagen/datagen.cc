// SPDX-License-Identifier: Apache-2.0
#include "connectors/datagen/datagen.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/mutation.h"
#include "connectors/datagen/options.h"
#include "connectors/datagen/values.h"

namespace thalweg::connectors {
namespace {

using runtime::ConnectorContext;
using runtime::SourceProgress;

constexpr std::uint64_t kSplitCount = 64;  // Enough to share out; few enough to list at once.
constexpr std::uint64_t kEndless = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint32_t kVersion = 1;

std::string IdOf(const proto::DatagenSplit& split, std::uint64_t first) {
  return fmt::format("rows-{}-of-{}", first, split.step());
}

/// One split per residue of the row number.
class DatagenEnumerator final : public runtime::Enumerator {
 public:
  explicit DatagenEnumerator(const proto::DatagenSpec& spec)
      : end_(spec.row_count() == 0 ? kEndless : spec.row_count()),
        split_count_(std::min(kSplitCount, end_)) {}

  StatusOr<SourceProgress> Poll(MonoTime /*now*/,
                                std::size_t limit,
                                std::vector<runtime::Split>* splits) override {
    for (std::size_t i = 0; i < limit && next_ < split_count_; ++i, ++next_) {
      proto::DatagenSplit split;
      split.set_begin(next_);
      split.set_end(end_);
      split.set_step(split_count_);
      splits->push_back({IdOf(split, next_), split.SerializeAsString()});
    }
    return next_ < split_count_ ? SourceProgress::kMoved : SourceProgress::kEnd;
  }

  runtime::StateEntries Snapshot() override {
    proto::DatagenSplit next;
    next.set_begin(next_);
    proto::OperatorStateEntry entry;
    entry.set_name("next");
    entry.set_value(next.SerializeAsString());
    entry.set_version(kVersion);
    entry.set_redistribution(proto::REDISTRIBUTE_TO_ONE);
    return {std::move(entry)};
  }

  Status Restore(std::span<const proto::OperatorStateEntry> entries) override {
    for (const proto::OperatorStateEntry& entry : entries) {
      proto::DatagenSplit next;
      if (entry.version() != kVersion || !next.ParseFromString(entry.value())) {
        return DataLoss("The state of a source 'datagen' in the checkpoint cannot be read.");
      }
      next_ = next.begin();
    }
    return OkStatus();
  }

 private:
  const std::uint64_t end_;
  const std::uint64_t split_count_;
  std::uint64_t next_ = 0;
};

/// Merges its splits by row number. Row n is due n / rows_per_second after the first Read() of row
/// 0; a restored reader counts from the first row that it has left.
class DatagenReader final : public runtime::Reader {
 public:
  DatagenReader(const proto::DatagenSpec& spec, columnar::SchemaPtr schema)
      : rows_per_second_(spec.rows_per_second()), maker_(spec, std::move(schema)) {}

  Status AddSplit(const runtime::Split& split) override {
    proto::DatagenSplit parsed;
    if (!parsed.ParseFromString(split.spec) || parsed.step() == 0) {
      return DataLoss(fmt::format("Split '{}' of a source 'datagen' cannot be read.", split.id));
    }
    Add(std::move(parsed));
    return OkStatus();
  }

  StatusOr<SourceProgress> Read(MonoTime now, runtime::Output& output) override {
    wake_at_.reset();
    if (splits_.empty()) {
      return SourceProgress::kEnd;
    }
    const std::uint64_t due = RowsDue(now);
    rows_.clear();
    // Splits are strides, so the smallest next row comes round robin; the order is kept by
    // rotating.
    while (rows_.size() < columnar::kMaxBatchRows && !splits_.empty()) {
      const auto least =
          std::min_element(splits_.begin(), splits_.end(), [](const auto& a, const auto& b) {
            return a.begin() < b.begin();
          });
      if (least->begin() >= due) {
        break;
      }
      TakeRound(static_cast<std::size_t>(least - splits_.begin()), due);
    }
    std::erase_if(splits_, [](const auto& split) { return split.begin() >= split.end(); });
    if (rows_.empty()) {
      if (splits_.empty()) {
        return SourceProgress::kEnd;
      }
      wake_at_ = DueTime(NextRow());
      return SourceProgress::kWait;
    }
    output.Emit(maker_.Make(rows_));
    return SourceProgress::kMoved;
  }

  std::optional<MonoTime> WakeAt() const override { return wake_at_; }

  runtime::StateEntries Snapshot() override {
    runtime::StateEntries entries;
    for (const proto::DatagenSplit& split : splits_) {
      proto::OperatorStateEntry entry;
      entry.set_name("splits");
      entry.set_key(IdOf(split, split.begin() % split.step()));
      entry.set_value(PositionOf(split).SerializeAsString());
      entry.set_version(kVersion);
      entry.set_redistribution(proto::REDISTRIBUTE_BY_OWNER);
      entries.push_back(std::move(entry));
    }
    return entries;
  }

  Status Restore(std::span<const proto::OperatorStateEntry> entries) override {
    for (const proto::OperatorStateEntry& entry : entries) {
      proto::DatagenSplit split;
      if (entry.version() != kVersion || !split.ParseFromString(entry.value()) ||
          split.step() == 0) {
        return DataLoss(fmt::format(
            "The position of split '{}' of a source 'datagen' cannot be read.", entry.key()));
      }
      Add(std::move(split));
    }
    return OkStatus();
  }

 private:
  /// Splits stay sorted by residue, so that rows of one round come in order.
  void Add(proto::DatagenSplit split) {
    const auto residue = [](const proto::DatagenSplit& s) { return s.begin() % s.step(); };
    const auto at =
        std::upper_bound(splits_.begin(), splits_.end(), split, [&](const auto& a, const auto& b) {
          return residue(a) < residue(b);
        });
    splits_.insert(at, std::move(split));
  }

  /// One row of each split that is in the same round as the one at `first`, whose row is the least.
  void TakeRound(std::size_t first, std::uint64_t due) {
    const std::uint64_t step = splits_[first].step();
    const std::uint64_t round = splits_[first].begin() / step;
    for (std::size_t i = first; i < splits_.size() && rows_.size() < columnar::kMaxBatchRows; ++i) {
      proto::DatagenSplit& split = splits_[i];
      if (split.begin() / step == round && split.begin() < std::min(split.end(), due)) {
        rows_.push_back(split.begin());
        // An endless split never comes near its end.
        split.set_begin(split.begin() + step);
      }
    }
    std::erase_if(splits_, [](const auto& split) { return split.begin() >= split.end(); });
  }

  std::uint64_t NextRow() const {
    std::uint64_t next = kEndless;
    for (const proto::DatagenSplit& split : splits_) {
      next = std::min(next, split.begin());
    }
    return next;
  }

  /// What a snapshot says of a split: all its rows below `begin` have been emitted.
  static proto::DatagenSplit PositionOf(const proto::DatagenSplit& split) {
    proto::DatagenSplit position = split;
    if (Mutated(Mutation::kReaderPositionAhead)) {
      position.set_begin(split.begin() + split.step());
    }
    return position;
  }

  /// Rows below this number are due.
  std::uint64_t RowsDue(MonoTime now) {
    if (rows_per_second_ == 0) {
      return kEndless;
    }
    if (!start_.has_value()) {
      start_ = now;
      first_row_ = NextRow();
    }
    const auto micros = static_cast<std::uint64_t>((now - *start_).count());
    return first_row_ + 1 + micros / 1'000'000 * rows_per_second_ +
           micros % 1'000'000 * rows_per_second_ / 1'000'000;
  }

  MonoTime DueTime(std::uint64_t row) const {
    const std::uint64_t rows = row - first_row_;
    const std::uint64_t micros =
        rows / rows_per_second_ * 1'000'000 +
        (rows % rows_per_second_ * 1'000'000 + rows_per_second_ - 1) / rows_per_second_;
    return *start_ + Microseconds(static_cast<std::int64_t>(micros));
  }

  const std::uint64_t rows_per_second_;
  RowMaker maker_;
  std::vector<proto::DatagenSplit> splits_;  // `begin` is the next row.
  std::vector<std::uint64_t> rows_;
  std::optional<MonoTime> start_;
  std::uint64_t first_row_ = 0;
  std::optional<MonoTime> wake_at_;
};

StatusOr<proto::DatagenSpec> ParseSpec(const std::string& bytes) {
  proto::DatagenSpec spec;
  if (!spec.ParseFromString(bytes)) {
    return DataLoss("The spec of a table with connector 'datagen' cannot be read.");
  }
  return spec;
}

/// Only the columns that are wanted, with the values that they have among all of them.
StatusOr<proto::DatagenSpec> Narrowed(const proto::DatagenSpec& whole,
                                      const runtime::TableRequest& table) {
  proto::DatagenSpec spec = whole;
  if (table.read == nullptr) {
    return spec;
  }
  spec.clear_fields();
  for (const columnar::Field& field : table.read->fields()) {
    const std::optional<std::size_t> place = table.schema->IndexOf(field.name);
    if (!place.has_value() || table.schema->type(*place).Nullable() != field.type.Nullable()) {
      return InvalidArgument(fmt::format("Column '{}' {} is wanted of a table of {}.",
                                         field.name,
                                         field.type.ToString(),
                                         table.schema->ToString()));
    }
    *spec.add_fields() = whole.fields(static_cast<int>(*place));
    spec.add_places(static_cast<std::uint32_t>(*place));
  }
  return spec;
}

class DatagenConnector final : public runtime::SourceConnector {
 public:
  StatusOr<runtime::SourceTraits> TraitsOf(const runtime::TableRequest& table) const override {
    ASSIGN_OR_RETURN(const proto::DatagenSpec spec,
                     ParseDatagenOptions(table.options, *table.schema));
    runtime::SourceTraits traits;
    traits.bounded = spec.row_count() > 0;
    return traits;
  }
  StatusOr<std::string> Plan(const runtime::TableRequest& table) const override {
    ASSIGN_OR_RETURN(const proto::DatagenSpec whole,
                     ParseDatagenOptions(table.options, *table.schema));
    ASSIGN_OR_RETURN(const proto::DatagenSpec spec, Narrowed(whole, table));
    return spec.SerializeAsString();
  }
  StatusOr<std::unique_ptr<runtime::Enumerator>> OpenEnumerator(
      const std::string& bytes, ConnectorContext /*context*/) const override {
    ASSIGN_OR_RETURN(const proto::DatagenSpec spec, ParseSpec(bytes));
    return std::make_unique<DatagenEnumerator>(spec);
  }
  StatusOr<std::unique_ptr<runtime::Reader>> OpenReader(
      const std::string& bytes,
      columnar::SchemaPtr schema,
      ConnectorContext /*context*/) const override {
    ASSIGN_OR_RETURN(const proto::DatagenSpec spec, ParseSpec(bytes));
    if (static_cast<std::size_t>(spec.fields_size()) != schema->size()) {
      return InvalidArgument(
          fmt::format("A source 'datagen' has a spec of {} fields and a schema of {}.",
                      spec.fields_size(),
                      schema->size()));
    }
    return std::make_unique<DatagenReader>(spec, std::move(schema));
  }
};

}  // namespace

std::string DatagenSpecOf(const DatagenOptions& options) {
  proto::DatagenSpec spec;
  spec.set_seed(options.seed);
  spec.set_row_count(options.row_count);
  spec.set_rows_per_second(options.rows_per_second);
  for (const proto::DatagenField& field : options.fields) {
    *spec.add_fields() = field;
  }
  BoundRows(spec);
  return spec.SerializeAsString();
}

std::unique_ptr<runtime::SourceConnector> MakeDatagenSource() {
  return std::make_unique<DatagenConnector>();
}

}  // namespace thalweg::connectors
