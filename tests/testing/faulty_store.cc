// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/faulty_store.h"

#include <utility>

#include <fmt/format.h>

namespace thalweg::testing {
namespace {

using storage::PutOutcome;
using storage::WritableFile;

Status InjectedFailure(std::string_view call, std::string_view key) {
  return Unavailable(fmt::format("Injected failure of {} of '{}'.", call, key));
}

Status InjectedFull(std::string_view key) {
  return ResourceExhausted(fmt::format("Injected: no space for '{}'.", key));
}

Status StatusOf(const Status& status) {
  return status;
}
Status StatusOf(const StatusOr<PutOutcome>& outcome) {
  return outcome.status();
}

}  // namespace

template <class Result, class Do>
Result FaultyStore::Write(
    std::string_view call, std::string_view key, std::string_view bytes, Result lie, Do&& perform) {
  const std::optional<StoreFault> fault = Next(StoreCalls::kWrites, call, key, bytes.size());
  if (!fault.has_value()) {
    return perform(bytes);
  }
  switch (*fault) {
    case StoreFault::kRefused:
      break;
    case StoreFault::kLostReply:
      RETURN_IF_ERROR(StatusOf(perform(bytes)));
      break;
    case StoreFault::kNoSpace:
      return InjectedFull(key);
    case StoreFault::kFlippedBit:
      return perform(Flip(bytes));
    case StoreFault::kDropped:
      return lie;
  }
  return InjectedFailure(call, key);
}

template <class Do>
StatusOr<std::string> FaultyStore::Read(std::string_view call, std::string_view key, Do&& perform) {
  const std::optional<StoreFault> fault = Next(StoreCalls::kReads, call, key, 0);
  if (fault == StoreFault::kDropped) {
    return NotFound(fmt::format("Injected: '{}' has gone.", key));
  }
  if (fault.has_value() && fault != StoreFault::kFlippedBit) {
    return InjectedFailure(call, key);
  }
  StatusOr<std::string> bytes = perform();
  if (fault.has_value() && bytes.ok()) {
    return Flip(*bytes);
  }
  return bytes;
}

/// Every call on the file is a call on the store.
class FaultyStore::Writer final : public WritableFile {
 public:
  Writer(FaultyStore& store, std::string key, std::unique_ptr<WritableFile> target)
      : store_(store), key_(std::move(key)), target_(std::move(target)) {}

  Status Append(std::string_view bytes) override {
    return store_.Write<Status>("Append", key_, bytes, OkStatus(), [&](std::string_view written) {
      return target_->Append(written);
    });
  }
  Status Sync() override {
    return store_.Write<Status>(
        "Sync", key_, "", OkStatus(), [&](std::string_view) { return target_->Sync(); });
  }
  Status Close() override {
    return store_.Write<Status>(
        "Close", key_, "", OkStatus(), [&](std::string_view) { return target_->Close(); });
  }
  std::optional<std::filesystem::path> local_path() const override { return target_->local_path(); }

 private:
  FaultyStore& store_;
  const std::string key_;
  const std::unique_ptr<WritableFile> target_;
};

FaultyStore::FaultyStore(storage::DirectoryStore& target, std::uint64_t seed)
    : target_(target), random_(seed) {}

void FaultyStore::FailNth(StoreCalls calls, std::uint64_t n, StoreFault fault) {
  MutexLock lock(mutex_);
  rules_.push_back({calls, fault, CallsOf(calls) + n, /*once=*/true, /*once_in=*/1});
}

void FaultyStore::FailFrom(StoreCalls calls, std::uint64_t n, StoreFault fault) {
  MutexLock lock(mutex_);
  rules_.push_back({calls, fault, CallsOf(calls) + n, /*once=*/false, /*once_in=*/1});
}

void FaultyStore::FailAtRandom(StoreCalls calls, std::uint64_t once_in, StoreFault fault) {
  MutexLock lock(mutex_);
  rules_.push_back({calls, fault, CallsOf(calls), /*once=*/false, once_in});
}

void FaultyStore::SetSpace(std::uint64_t bytes) {
  MutexLock lock(mutex_);
  space_left_ = bytes;
}

void FaultyStore::Heal() {
  MutexLock lock(mutex_);
  rules_.clear();
  space_left_ = std::numeric_limits<std::uint64_t>::max();
}

void FaultyStore::set_hook(std::function<void(std::string_view, std::string_view)> hook) {
  hook_ = std::move(hook);
}

std::uint64_t FaultyStore::calls(StoreCalls calls) const {
  MutexLock lock(mutex_);
  return CallsOf(calls);
}

StatusOr<PutOutcome> FaultyStore::PutIfAbsent(std::string_view key, std::string_view bytes) {
  return Write<StatusOr<PutOutcome>>(
      "PutIfAbsent", key, bytes, PutOutcome::kCreated, [&](std::string_view written) {
        return target_.PutIfAbsent(key, written);
      });
}

Status FaultyStore::Put(std::string_view key, std::string_view bytes) {
  return Write<Status>("Put", key, bytes, OkStatus(), [&](std::string_view written) {
    return target_.Put(key, written);
  });
}

StatusOr<std::string> FaultyStore::Get(std::string_view key) {
  return Read("Get", key, [&] { return target_.Get(key); });
}

StatusOr<std::string> FaultyStore::GetRange(std::string_view key,
                                            std::uint64_t offset,
                                            std::uint64_t length) {
  return Read("GetRange", key, [&] { return target_.GetRange(key, offset, length); });
}

StatusOr<std::uint64_t> FaultyStore::Size(std::string_view key) {
  const std::optional<StoreFault> fault = Next(StoreCalls::kReads, "Size", key, 0);
  if (fault.has_value() && fault != StoreFault::kFlippedBit) {
    return InjectedFailure("Size", key);
  }
  return target_.Size(key);
}

StatusOr<WallTime> FaultyStore::ModifiedAt(std::string_view key) {
  const std::optional<StoreFault> fault = Next(StoreCalls::kReads, "ModifiedAt", key, 0);
  if (fault.has_value() && fault != StoreFault::kFlippedBit) {
    return InjectedFailure("ModifiedAt", key);
  }
  return target_.ModifiedAt(key);
}

StatusOr<std::vector<std::string>> FaultyStore::List(std::string_view prefix) {
  if (Next(StoreCalls::kReads, "List", prefix, 0).has_value()) {
    return InjectedFailure("List", prefix);
  }
  return target_.List(prefix);
}

Status FaultyStore::Delete(std::string_view key) {
  return Write<Status>(
      "Delete", key, "", OkStatus(), [&](std::string_view) { return target_.Delete(key); });
}

StatusOr<std::unique_ptr<WritableFile>> FaultyStore::OpenForWrite(std::string_view key) {
  const std::optional<StoreFault> fault = Next(StoreCalls::kWrites, "OpenForWrite", key, 0);
  if (fault == StoreFault::kNoSpace) {
    return InjectedFull(key);
  }
  if (fault == StoreFault::kRefused || fault == StoreFault::kDropped) {
    return InjectedFailure("OpenForWrite", key);
  }
  ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> target, target_.OpenForWrite(key));
  if (fault == StoreFault::kLostReply) {
    return InjectedFailure("OpenForWrite", key);
  }
  return std::make_unique<Writer>(*this, std::string(key), std::move(target));
}

Status FaultyStore::Rename(std::string_view from, std::string_view to) {
  return Write<Status>(
      "Rename", from, "", OkStatus(), [&](std::string_view) { return target_.Rename(from, to); });
}

std::optional<std::filesystem::path> FaultyStore::LocalPath(std::string_view key) const {
  return target_.LocalPath(key);
}

std::uint64_t FaultyStore::CallsOf(StoreCalls calls) const {
  switch (calls) {
    case StoreCalls::kWrites:
      return calls_[0];
    case StoreCalls::kReads:
      return calls_[1];
    case StoreCalls::kAll:
      break;
  }
  return calls_[0] + calls_[1];
}

std::optional<StoreFault> FaultyStore::Next(StoreCalls kind,
                                            std::string_view call,
                                            std::string_view key,
                                            std::uint64_t bytes) {
  if (hook_ != nullptr) {
    hook_(call, key);
  }
  MutexLock lock(mutex_);
  std::optional<StoreFault> fault;
  for (const Rule& rule : rules_) {
    if (fault.has_value() || (rule.calls != kind && rule.calls != StoreCalls::kAll)) {
      continue;
    }
    const std::uint64_t number = CallsOf(rule.calls);
    const bool applies =
        rule.once ? number == rule.first : number >= rule.first && random_.Chance(rule.once_in);
    if (applies) {
      fault = rule.fault;
    }
  }
  ++calls_[kind == StoreCalls::kReads ? 1 : 0];
  if (!fault.has_value() && bytes > space_left_) {
    return StoreFault::kNoSpace;
  }
  space_left_ -= fault.has_value() ? 0 : bytes;
  return fault;
}

std::string FaultyStore::Flip(std::string_view bytes) {
  MutexLock lock(mutex_);
  std::string flipped(bytes);
  if (!flipped.empty()) {
    char& byte = flipped[random_.Uniform(flipped.size())];
    byte = static_cast<char>(byte ^ (1 << random_.Uniform(8)));
  }
  return flipped;
}

}  // namespace thalweg::testing
