// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include "base/check.h"
#include "state/spill.h"
#include "state/sst_file.h"

namespace thalweg::state {
namespace {

namespace fs = std::filesystem;
using rocksdb::Slice;

// Memory of one store beside the rows: two buffers and the cache.
constexpr std::size_t kWriteBufferBytes = std::size_t{8} << 20;
constexpr std::size_t kCacheBytes = std::size_t{16} << 20;

Slice ToSlice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

// The smallest key that is greater than all that begin with `prefix`; empty: there is none.
std::string EndOf(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xFF) {
    end.pop_back();
  }
  if (!end.empty()) {
    end.back() = static_cast<char>(end.back() + 1);
  }
  return end;
}

rocksdb::Options DbOptions() {
  rocksdb::Options options = TableOptions();
  auto* const table = options.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>();
  CHECK(table != nullptr);
  table->block_cache = rocksdb::NewLRUCache(kCacheBytes);
  options.create_if_missing = true;
  options.write_buffer_size = kWriteBufferBytes;
  options.max_background_jobs = 2;
  options.keep_log_file_num = 1;
  // Nothing here outlives the process, so nothing needs to reach the disk before it must.
  options.use_fsync = false;
  return options;
}

class RocksSpill final : public SpillStore {
 public:
  RocksSpill(std::unique_ptr<rocksdb::DB> db, fs::path path)
      : db_(std::move(db)), path_(std::move(path)) {
    write_.disableWAL = true;
  }
  ~RocksSpill() override {
    db_.reset();
    std::error_code ignored;  // A folder that stays is removed by the next start.
    fs::remove_all(path_, ignored);
  }

  Status Write(std::span<const SpillWrite> writes) override {
    rocksdb::WriteBatch batch;
    for (const SpillWrite& write : writes) {
      const rocksdb::Status added =
          write.value ? batch.Put(write.key, *write.value) : batch.Delete(write.key);
      RETURN_IF_ERROR(Check(added));
    }
    return Check(db_->Write(write_, &batch));
  }

  Status Read(std::span<const std::string> keys,
              std::vector<std::optional<std::string>>* values) override {
    values->assign(keys.size(), std::nullopt);
    const std::vector<Slice> slices(keys.begin(), keys.end());
    std::vector<rocksdb::PinnableSlice> found(keys.size());
    std::vector<rocksdb::Status> statuses(keys.size());
    db_->MultiGet(rocksdb::ReadOptions(),
                  db_->DefaultColumnFamily(),
                  keys.size(),
                  slices.data(),
                  found.data(),
                  statuses.data(),
                  /*sorted_input=*/true);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (statuses[i].ok()) {
        (*values)[i] = found[i].ToString();
      } else if (!statuses[i].IsNotFound()) {
        return Check(statuses[i]);
      }
    }
    return OkStatus();
  }

  Status ReadPrefix(std::string_view prefix,
                    std::vector<std::pair<std::string, std::string>>* rows) override {
    const std::string end = EndOf(prefix);
    const Slice upper(end);
    rocksdb::ReadOptions options;
    if (!end.empty()) {
      options.iterate_upper_bound = &upper;
    }
    const std::unique_ptr<rocksdb::Iterator> row(db_->NewIterator(options));
    for (row->Seek(ToSlice(prefix)); row->Valid(); row->Next()) {
      rows->emplace_back(row->key().ToString(), row->value().ToString());
    }
    return Check(row->status());
  }

  Status DeletePrefix(std::string_view prefix) override {
    const std::string end = EndOf(prefix);
    CHECK(!end.empty());
    return Check(db_->DeleteRange(write_, db_->DefaultColumnFamily(), ToSlice(prefix), Slice(end)));
  }

  Status Ingest(const fs::path& run) override {
    // RocksDB takes over the name that it is given, so it gets one of its own. It must not write
    // into the file: the bytes are shared with the checkpoint.
    const fs::path link = path_ / fmt::format("ingest-{}.sst", ++ingested_);
    std::error_code error;
    fs::create_hard_link(run, link, error);
    if (error && !fs::copy_file(run, link, error)) {
      return Unavailable(fmt::format(
          "Cannot link or copy {} to {}: {}", run.string(), link.string(), error.message()));
    }
    rocksdb::IngestExternalFileOptions options;
    options.move_files = true;
    options.write_global_seqno = false;
    return Check(db_->IngestExternalFile({link.string()}, options));
  }

 private:
  Status Check(const rocksdb::Status& status) const {
    return status.ok() ? OkStatus() : FromRocks(status, fmt::format("Spill {}", path_.string()));
  }

  std::unique_ptr<rocksdb::DB> db_;
  const fs::path path_;
  rocksdb::WriteOptions write_;
  int ingested_ = 0;
};

class RocksSpillFactory final : public SpillFactory {
 public:
  explicit RocksSpillFactory(fs::path directory) : directory_(std::move(directory)) {}

  StatusOr<std::unique_ptr<SpillStore>> Open(std::string_view name) override {
    const fs::path path = directory_ / fmt::format("{}-{}", name, ++opened_);
    std::error_code error;
    fs::remove_all(path, error);
    fs::create_directories(path, error);
    if (error) {
      return Unavailable(
          fmt::format("Cannot make the spill folder {}: {}", path.string(), error.message()));
    }
    rocksdb::DB* db = nullptr;
    const rocksdb::Status opened = rocksdb::DB::Open(DbOptions(), path.string(), &db);
    if (!opened.ok()) {
      return FromRocks(opened, fmt::format("Spill {}", path.string()));
    }
    return std::make_unique<RocksSpill>(std::unique_ptr<rocksdb::DB>(db), path);
  }

 private:
  const fs::path directory_;
  std::atomic<int> opened_{0};
};

}  // namespace

std::unique_ptr<SpillFactory> MakeRocksDbSpill(fs::path directory) {
  return std::make_unique<RocksSpillFactory>(std::move(directory));
}

}  // namespace thalweg::state
