// SPDX-License-Identifier: Apache-2.0
#include "state/sst_file.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <xxhash.h>

#include "base/check.h"
#include "base/checksum.h"

namespace thalweg::state {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

// Files up to this size are read at one go and checked as a whole.
constexpr std::uint64_t kReadWholeMax = std::uint64_t{64} << 20;
constexpr std::size_t kReadAhead = std::size_t{1} << 20;

IOStatus ToRocks(const Status& status) {
  return status.ok() ? IOStatus::OK() : IOStatus::IOError(std::string(MessageOf(status)));
}

// What went on below RocksDB, which keeps only the text of an error.
struct Outcome {
  Status error;
  SstFileInfo info;
};

class Writer final : public rocksdb::FSWritableFile {
 public:
  Writer(std::unique_ptr<storage::WritableFile> file, Outcome* outcome)
      : file_(std::move(file)), outcome_(outcome), hash_(XXH3_createState()) {
    XXH3_64bits_reset(hash_);
  }
  ~Writer() override { XXH3_freeState(hash_); }

  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    XXH3_64bits_update(hash_, data.data(), data.size());
    outcome_->info.size += data.size();
    return Keep(file_->Append({data.data(), data.size()}));
  }
  using rocksdb::FSWritableFile::Append;
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return Keep(file_->Sync()); }
  IOStatus Close(const IOOptions&, IODebugContext*) override {
    if (file_ == nullptr) {
      return IOStatus::OK();
    }
    outcome_->info.checksum = XXH3_64bits_digest(hash_);
    return Keep(std::exchange(file_, nullptr)->Close());
  }
  std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override {
    return outcome_->info.size;
  }

 private:
  IOStatus Keep(Status status) {
    if (!status.ok() && outcome_->error.ok()) {
      outcome_->error = status;
    }
    return ToRocks(status);
  }

  std::unique_ptr<storage::WritableFile> file_;
  Outcome* const outcome_;
  XXH3_state_t* const hash_;
};

class MemoryReader final : public rocksdb::FSRandomAccessFile {
 public:
  explicit MemoryReader(std::string bytes) : bytes_(std::move(bytes)) {}

  IOStatus Read(std::uint64_t offset,
                std::size_t count,
                const IOOptions&,
                Slice* result,
                char* scratch,
                IODebugContext*) const override {
    // RocksDB's read-ahead looks into `scratch` whatever `result` points to.
    const std::size_t begin = std::min<std::size_t>(offset, bytes_.size());
    const std::size_t given = std::min(count, bytes_.size() - begin);
    std::memcpy(scratch, bytes_.data() + begin, given);
    *result = Slice(scratch, given);
    return IOStatus::OK();
  }

 private:
  const std::string bytes_;
};

class StoreReader final : public rocksdb::FSRandomAccessFile {
 public:
  StoreReader(storage::Store& store, std::string key) : store_(store), key_(std::move(key)) {}

  IOStatus Read(std::uint64_t offset,
                std::size_t count,
                const IOOptions&,
                Slice* result,
                char* scratch,
                IODebugContext*) const override {
    const StatusOr<std::string> bytes = store_.GetRange(key_, offset, count);
    if (!bytes.ok()) {
      return ToRocks(bytes.status());
    }
    std::memcpy(scratch, bytes->data(), bytes->size());
    *result = Slice(scratch, bytes->size());
    return IOStatus::OK();
  }

 private:
  storage::Store& store_;
  const std::string key_;
};

// A file system of one file.
class OneFile final : public rocksdb::FileSystemWrapper {
 public:
  OneFile() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}

  const char* Name() const override { return "ThalwegOneFile"; }
  void set_writer(std::unique_ptr<Writer> writer) { writer_ = std::move(writer); }
  void set_reader(std::unique_ptr<rocksdb::FSRandomAccessFile> reader, std::uint64_t size) {
    reader_ = std::move(reader);
    size_ = size;
  }

  IOStatus NewWritableFile(const std::string&,
                           const rocksdb::FileOptions&,
                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                           IODebugContext*) override {
    *file = std::move(writer_);
    return IOStatus::OK();
  }
  IOStatus NewRandomAccessFile(const std::string&,
                               const rocksdb::FileOptions&,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                               IODebugContext*) override {
    *file = std::move(reader_);
    return IOStatus::OK();
  }
  IOStatus GetFileSize(const std::string&,
                       const IOOptions&,
                       std::uint64_t* size,
                       IODebugContext*) override {
    *size = size_;
    return IOStatus::OK();
  }

 private:
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<rocksdb::FSRandomAccessFile> reader_;
  std::uint64_t size_ = 0;
};

class SstFileImpl final : public SstFile {
 public:
  SstFileImpl(std::unique_ptr<storage::WritableFile> file, std::string key)
      : key_(std::move(key)), options_(TableOptions()) {
    auto fs = std::make_shared<OneFile>();
    fs->set_writer(std::make_unique<Writer>(std::move(file), &outcome_));
    env_ = rocksdb::NewCompositeEnv(fs);
    options_.env = env_.get();
    writer_ = std::make_unique<rocksdb::SstFileWriter>(rocksdb::EnvOptions(), options_);
  }

  Status Open() { return Check(writer_->Open(key_)); }
  Status Add(std::string_view key, std::string_view value) override {
    return Check(writer_->Put(Slice(key.data(), key.size()), Slice(value.data(), value.size())));
  }
  StatusOr<SstFileInfo> Finish() override {
    RETURN_IF_ERROR(Check(writer_->Finish()));
    return outcome_.info;
  }

 private:
  Status Check(const rocksdb::Status& status) {
    if (status.ok()) {
      return OkStatus();
    }
    return outcome_.error.ok() ? FromRocks(status, key_) : outcome_.error;
  }

  const std::string key_;
  Outcome outcome_;
  rocksdb::Options options_;
  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<rocksdb::SstFileWriter> writer_;
};

class SstCursor final : public RunCursor {
 public:
  SstCursor(std::string name, std::unique_ptr<rocksdb::FSRandomAccessFile> file, std::uint64_t size)
      : name_(std::move(name)), options_(TableOptions()) {
    auto fs = std::make_shared<OneFile>();
    fs->set_reader(std::move(file), size);
    env_ = rocksdb::NewCompositeEnv(fs);
    options_.env = env_.get();
    reader_ = std::make_unique<rocksdb::SstFileReader>(options_);
  }

  Status Open() {
    RETURN_IF_ERROR(Damaged(reader_->Open(name_)));
    rocksdb::ReadOptions read;
    read.readahead_size = kReadAhead;
    read.fill_cache = false;
    iterator_.reset(reader_->NewIterator(read));
    return OkStatus();
  }
  Status Seek(std::string_view key) override {
    iterator_->Seek(Slice(key.data(), key.size()));
    return Damaged(iterator_->status());
  }
  Status Next() override {
    iterator_->Next();
    return Damaged(iterator_->status());
  }
  bool valid() const override { return iterator_->Valid(); }
  std::string_view key() const override {
    return {iterator_->key().data(), iterator_->key().size()};
  }
  std::string_view value() const override {
    return {iterator_->value().data(), iterator_->value().size()};
  }

 private:
  Status Damaged(const rocksdb::Status& status) const {
    return status.ok() ? OkStatus()
                       : DataLoss(fmt::format("State run {} cannot be read: {}. Restore from "
                                              "another checkpoint.",
                                              name_,
                                              status.ToString()));
  }

  const std::string name_;
  rocksdb::Options options_;
  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<rocksdb::SstFileReader> reader_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

}  // namespace

rocksdb::Options TableOptions() {
  rocksdb::Options options;
  options.compression = rocksdb::kLZ4Compression;
  rocksdb::BlockBasedTableOptions table;
  table.block_size = std::size_t{16} << 10;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10, false));
  table.format_version = 5;
  table.checksum = rocksdb::kXXH3;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

Status FromRocks(const rocksdb::Status& status, std::string_view what) {
  if (status.ok()) {
    return OkStatus();
  }
  const std::string message = fmt::format("{}: {}", what, status.ToString());
  if (status.IsCorruption()) {
    return DataLoss(message);
  }
  return status.IsNoSpace() ? ResourceExhausted(message) : Unavailable(message);
}

StatusOr<std::unique_ptr<SstFile>> SstFile::Create(storage::DirectoryStore& store,
                                                   const std::string& key) {
  ASSIGN_OR_RETURN(std::unique_ptr<storage::WritableFile> file, store.OpenForWrite(key));
  auto sst = std::make_unique<SstFileImpl>(std::move(file), key);
  RETURN_IF_ERROR(sst->Open());
  return sst;
}

StatusOr<std::unique_ptr<RunCursor>> OpenSstFile(storage::Store& store, const proto::RunRef& run) {
  std::unique_ptr<rocksdb::FSRandomAccessFile> file;
  if (run.size() <= kReadWholeMax) {
    StatusOr<std::string> bytes = store.Get(run.file());
    if (!bytes.ok()) {
      return bytes.status().code() == StatusCode::kNotFound
                 ? DataLoss(fmt::format("State run {} is missing. Restore from another checkpoint.",
                                        run.file()))
                 : bytes.status();
    }
    if (bytes->size() != run.size() || Checksum(*bytes) != run.checksum()) {
      return DataLoss(
          fmt::format("State run {} is damaged: its {} bytes do not fit the checksum of "
                      "{} bytes in the manifest. Restore from another checkpoint.",
                      run.file(),
                      bytes->size(),
                      run.size()));
    }
    file = std::make_unique<MemoryReader>(*std::move(bytes));
  } else {
    // A file that is too short or missing must not look like one with a damaged end.
    const StatusOr<std::string> last = store.GetRange(run.file(), run.size() - 1, 2);
    if (!last.ok() || last->size() != 1) {
      const bool gone = last.ok() || last.status().code() == StatusCode::kNotFound ||
                        last.status().code() == StatusCode::kOutOfRange;
      return gone ? DataLoss(fmt::format("State run {} is missing or does not have its {} bytes. "
                                         "Restore from another checkpoint.",
                                         run.file(),
                                         run.size()))
                  : last.status();
    }
    file = std::make_unique<StoreReader>(store, run.file());
  }
  auto cursor = std::make_unique<SstCursor>(run.file(), std::move(file), run.size());
  RETURN_IF_ERROR(cursor->Open());
  return cursor;
}

}  // namespace thalweg::state
