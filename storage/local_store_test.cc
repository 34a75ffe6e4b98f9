// SPDX-License-Identifier: Apache-2.0

#include "storage/local_store.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include "storage/file_calls.h"

namespace thalweg::storage {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// The system's calls until the n-th, which fails; so do all after it when the process is to be
/// dead then.
class FaultyCalls final : public FileCalls {
 public:
  enum class Mode { kFailOnce, kDie };

  FaultyCalls(int n, int error, Mode mode) : left_(n), error_(error), mode_(mode) {}

  int Open(const fs::path& path, int flags) override {
    return Fails("open") ? -1 : FileCalls::Open(path, flags);
  }
  ssize_t Write(int file, const char* bytes, std::size_t size) override {
    if (Fails("write")) {
      // The first half is on the disk when the failure comes.
      return FileCalls::Write(file, bytes, size / 2) < 0 || (errno = error_) == 0 ? 0 : -1;
    }
    return FileCalls::Write(file, bytes, size);
  }
  int Sync(int file) override { return Fails("sync") ? -1 : FileCalls::Sync(file); }
  int Link(const fs::path& from, const fs::path& to) override {
    return Fails("link") ? -1 : FileCalls::Link(from, to);
  }
  int Rename(const fs::path& from, const fs::path& to) override {
    return Fails("rename") ? -1 : FileCalls::Rename(from, to);
  }
  int Unlink(const fs::path& path) override {
    return Fails("unlink") ? -1 : FileCalls::Unlink(path);
  }
  int MakeDirectory(const fs::path& path) override {
    return Fails("mkdir") ? -1 : FileCalls::MakeDirectory(path);
  }
  int RemoveDirectory(const fs::path& path) override {
    return Fails("rmdir") ? -1 : FileCalls::RemoveDirectory(path);
  }

  void Arm(int n) {
    left_ = n;
    names_.clear();
  }
  bool has_failed() const { return left_ < 0; }
  const std::vector<std::string>& names() const { return names_; }

 private:
  bool Fails(const char* name) {
    names_.emplace_back(name);
    const bool fails = left_ == 0 || (left_ < 0 && mode_ == Mode::kDie);
    left_ = std::max(left_ - 1, -1);
    errno = fails ? error_ : errno;
    return fails;
  }

  int left_;  // Below 0: it has happened.
  const int error_;
  const Mode mode_;
  std::vector<std::string> names_;
};

constexpr int kNever = 1 << 30;

class LocalStoreTest : public ::testing::Test {
 protected:
  LocalStoreTest() {
    // In memory where there is such a place: these tests sync thousands of times, and no power
    // fails in them.
    const std::string folder = fs::exists("/dev/shm") ? "/dev/shm/" : ::testing::TempDir();
    std::string name = folder + "local_store_test.XXXXXX";
    root_ = ::mkdtemp(name.data());
    store_ = MustOpen(FileCalls::System());
  }
  ~LocalStoreTest() override { fs::remove_all(root_); }

  std::unique_ptr<LocalStore> MustOpen(FileCalls& calls) {
    StatusOr<std::unique_ptr<LocalStore>> store = LocalStore::Open(root_, calls);
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  }

  std::string MustGet(std::string_view key) {
    const StatusOr<std::string> bytes = store_->Get(key);
    return bytes.ok() ? *bytes : std::string(MessageOf(bytes.status()));
  }

  std::size_t TemporaryFiles() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(root_ / ".thalweg-tmp"), fs::directory_iterator()));
  }

  fs::path root_;
  std::unique_ptr<LocalStore> store_;
};

TEST_F(LocalStoreTest, LeavesNothingOfItsOwnInAFolderOfOthers) {
  const fs::path others = root_ / "others";
  EXPECT_EQ(LocalStore::OpenFolderOfOthers(others).status().code(), StatusCode::kNotFound);
  fs::create_directory(others);
  const StatusOr<std::unique_ptr<LocalStore>> store = LocalStore::OpenFolderOfOthers(others);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_TRUE(fs::is_empty(others));
  ASSERT_TRUE((*store)->Put("a/b", "1").ok());
  ASSERT_TRUE((*store)->Put("a/b", "2").ok());
  const StatusOr<PutOutcome> again = (*store)->PutIfAbsent("a/b", "3");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, PutOutcome::kExists);
  EXPECT_EQ(*(*store)->Get("a/b"), "2");
  EXPECT_EQ(std::distance(fs::directory_iterator(others), {}), 1);
  EXPECT_EQ(std::distance(fs::directory_iterator(others / "a"), {}), 1);
}

TEST_F(LocalStoreTest, PutIfAbsentWritesOnce) {
  EXPECT_EQ(*store_->PutIfAbsent("a/b", "first"), PutOutcome::kCreated);
  EXPECT_EQ(*store_->PutIfAbsent("a/b", "second"), PutOutcome::kExists);
  EXPECT_EQ(MustGet("a/b"), "first");
  EXPECT_EQ(TemporaryFiles(), 0);
}

TEST_F(LocalStoreTest, PutReplaces) {
  ASSERT_TRUE(store_->Put("a", "first").ok());
  ASSERT_TRUE(store_->Put("a", "").ok());
  EXPECT_EQ(MustGet("a"), "");
}

TEST_F(LocalStoreTest, ReadsRanges) {
  ASSERT_TRUE(store_->Put("a", "0123456789").ok());
  EXPECT_EQ(*store_->GetRange("a", 2, 3), "234");
  EXPECT_EQ(*store_->GetRange("a", 8, 100), "89");
  EXPECT_EQ(*store_->GetRange("a", 10, 1), "");
  EXPECT_EQ(store_->GetRange("a", 11, 1).status().code(), StatusCode::kOutOfRange);
}

TEST_F(LocalStoreTest, ListsByPrefixInOrder) {
  for (const char* key : {"job/2/x", "job/10/y", "job/1", "zoo", "jobs"}) {
    ASSERT_TRUE(store_->Put(key, "").ok());
  }
  EXPECT_THAT(*store_->List(""), ElementsAre("job/1", "job/10/y", "job/2/x", "jobs", "zoo"));
  EXPECT_THAT(*store_->List("job"), ElementsAre("job/1", "job/10/y", "job/2/x", "jobs"));
  EXPECT_THAT(*store_->List("job/"), ElementsAre("job/1", "job/10/y", "job/2/x"));
  EXPECT_THAT(*store_->List("job/1"), ElementsAre("job/1", "job/10/y"));
  EXPECT_THAT(*store_->List("job/10/"), ElementsAre("job/10/y"));
  EXPECT_THAT(*store_->List("nothing/here"), IsEmpty());
  EXPECT_THAT(*store_->List("../"), IsEmpty());
}

TEST_F(LocalStoreTest, DeletesValuesAndTheDirectoriesTheyLeaveEmpty) {
  ASSERT_TRUE(store_->Put("a/b/c", "x").ok());
  ASSERT_TRUE(store_->Put("a/d", "y").ok());
  EXPECT_TRUE(store_->Delete("a/b/c").ok());
  EXPECT_TRUE(store_->Delete("a/b/c").ok());
  EXPECT_TRUE(store_->Delete("never/was/there").ok());
  EXPECT_FALSE(fs::exists(root_ / "a/b"));
  EXPECT_EQ(MustGet("a/d"), "y");
  ASSERT_TRUE(store_->Put("a/b/c", "again").ok());
  EXPECT_EQ(MustGet("a/b/c"), "again");
}

TEST_F(LocalStoreTest, RenamesAndReplaces) {
  ASSERT_TRUE(store_->Put("a/b", "new").ok());
  ASSERT_TRUE(store_->Put("c/d", "old").ok());
  ASSERT_TRUE(store_->Rename("a/b", "c/d").ok());
  EXPECT_EQ(MustGet("c/d"), "new");
  EXPECT_THAT(*store_->List(""), ElementsAre("c/d"));
  EXPECT_EQ(store_->Rename("a/b", "c/e").code(), StatusCode::kNotFound);
}

TEST_F(LocalStoreTest, AppendsToFilesWithAPath) {
  StatusOr<std::unique_ptr<WritableFile>> file = store_->OpenForWrite("x/file");
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE((*file)->Append("one,").ok());
  ASSERT_TRUE((*file)->Append("two").ok());
  ASSERT_TRUE((*file)->Sync().ok());
  EXPECT_EQ((*file)->local_path(), root_ / "x/file");
  EXPECT_EQ(store_->LocalPath("x/file"), root_ / "x/file");
  ASSERT_TRUE((*file)->Close().ok());
  EXPECT_EQ(MustGet("x/file"), "one,two");
}

TEST_F(LocalStoreTest, RefusesKeysThatLeaveOrHide) {
  for (const char* key : {"", "/", "/a", "a/", "a//b", "..", "a/../b", ".hidden", "a b", "a\\b"}) {
    EXPECT_EQ(store_->Put(key, "x").code(), StatusCode::kInvalidArgument) << key;
    EXPECT_EQ(store_->Get(key).status().code(), StatusCode::kInvalidArgument) << key;
  }
  EXPECT_EQ(store_->Put(std::string(256, 'x'), "x").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->Put(std::string(kMaxKeyBytes + 1, '/'), "").code(),
            StatusCode::kInvalidArgument);
  EXPECT_TRUE(store_->Put(std::string(255, 'x'), "x").ok());
}

TEST_F(LocalStoreTest, RefusesAKeyBelowOrAboveAnother) {
  ASSERT_TRUE(store_->Put("a/b", "x").ok());
  EXPECT_EQ(store_->Put("a", "y").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->PutIfAbsent("a", "y").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->Put("a/b/c", "y").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->Get("a").status().code(), StatusCode::kNotFound);
}

TEST_F(LocalStoreTest, SyncsTheBytesBeforeTheNameAndTheNameBeforeItReturns) {
  FaultyCalls calls(kNever, EIO, FaultyCalls::Mode::kFailOnce);
  const auto store = MustOpen(calls);
  ASSERT_TRUE(store->Put("a/x", "").ok());
  calls.Arm(kNever);
  ASSERT_TRUE(store->PutIfAbsent("a/b", "bytes").ok());
  // Temporary file; name; its directory.
  EXPECT_THAT(calls.names(),
              ElementsAre("open", "write", "sync", "link", "open", "sync", "unlink"));
  calls.Arm(kNever);
  ASSERT_TRUE(store->PutIfAbsent("a/b", "bytes").ok());  // Also when another was first.
  EXPECT_THAT(calls.names(),
              ElementsAre("open", "write", "sync", "link", "open", "sync", "unlink"));
  calls.Arm(kNever);
  ASSERT_TRUE(store->Put("a/c/d", "bytes").ok());
  EXPECT_THAT(calls.names(),
              ElementsAre("open",
                          "write",
                          "sync",  // The bytes.
                          "mkdir",
                          "open",
                          "sync",  // a/c, whose name is in a.
                          "rename",
                          "open",
                          "sync",
                          "unlink"));  // The name in a/c.
}

TEST_F(LocalStoreTest, RemovesWhatADeadWriterLeft) {
  const fs::path left = root_ / ".thalweg-tmp/0123";
  ASSERT_GE(::close(::open(left.c_str(), O_CREAT | O_WRONLY, 0644)), 0);
  MustOpen(FileCalls::System());
  EXPECT_FALSE(fs::exists(left));
}

TEST_F(LocalStoreTest, LeavesWhatALivingWriterWrites) {
  const fs::path written = root_ / ".thalweg-tmp/0123";
  const FileHandle writer(::open(written.c_str(), O_CREAT | O_WRONLY, 0644));
  ASSERT_EQ(::flock(writer.get(), LOCK_EX), 0);
  MustOpen(FileCalls::System());
  EXPECT_TRUE(fs::exists(written));
}

TEST_F(LocalStoreTest, OfManyThreadsOneCreates) {
  std::vector<int> created(4);
  std::vector<std::thread> threads;
  threads.reserve(created.size());
  for (std::size_t i = 0; i < created.size(); ++i) {
    threads.emplace_back([this, i, &created] {
      for (int key = 0; key < 20; ++key) {
        const std::string name = "race/" + std::to_string(key);
        created[i] += *store_->PutIfAbsent(name, std::to_string(i)) == PutOutcome::kCreated;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(created[0] + created[1] + created[2] + created[3], 20);
}

TEST_F(LocalStoreTest, WritesIntoADirectoryThatOthersKeepRemoving) {
  constexpr int kProcesses = 2;
  std::vector<std::thread> threads;
  threads.reserve(kProcesses);
  for (int i = 0; i < kProcesses; ++i) {
    threads.emplace_back([this, i] {
      const auto own = LocalStore::Open(root_);  // As another process would.
      for (int round = 0; round < 50; ++round) {
        const std::string key = "deep/down/" + std::to_string(i);
        ASSERT_TRUE((*own)->Put(key, "x").ok());
        ASSERT_TRUE((*own)->Delete(key).ok());
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_THAT(*store_->List(""), IsEmpty());
}

TEST_F(LocalStoreTest, SaysWhatWhereAndWhatToDo) {
  const struct {
    int error;
    StatusCode code;
  } cases[] = {{ENOSPC, StatusCode::kResourceExhausted},
               {EDQUOT, StatusCode::kResourceExhausted},
               {EIO, StatusCode::kDataLoss},
               {EROFS, StatusCode::kPermissionDenied},
               {EBUSY, StatusCode::kUnavailable}};
  for (const auto& each : cases) {
    FaultyCalls calls(kNever, each.error, FaultyCalls::Mode::kFailOnce);
    const auto store = MustOpen(calls);
    calls.Arm(1);  // The write of the temporary file.
    const Status status = store->Put("some/key", "bytes");
    EXPECT_EQ(status.code(), each.code);
    EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("some/key"));
    EXPECT_THAT(std::string(MessageOf(status)), HasSubstr(root_.string()));
  }
  EXPECT_THAT(MustGet("some/key"), HasSubstr("There is no such file"));
  EXPECT_EQ(TemporaryFiles(), 0);
}

/// One writing call and the values of "a/k" that may be seen after it was cut short.
struct Action {
  const char* name;
  std::function<Status(LocalStore&)> run;
  std::vector<std::string> allowed;
  std::string done;  // The only one when it returned OK; "-" means none.
};

std::vector<Action> Actions() {
  return {
      {"put-if-absent new",
       [](LocalStore& s) { return s.PutIfAbsent("a/new", "new value").status(); },
       {"-", "new value"},
       "new value"},
      {"put",
       [](LocalStore& s) { return s.Put("a/k", "new value"); },
       {"old", "new value"},
       "new value"},
      {"delete", [](LocalStore& s) { return s.Delete("a/k"); }, {"old", "-"}, "-"},
      {"rename",
       [](LocalStore& s) { return s.Rename("from/k", "a/k"); },
       {"old", "moved value"},
       "moved value"},
  };
}

class LocalStoreFaultTest : public LocalStoreTest,
                            public ::testing::WithParamInterface<FaultyCalls::Mode> {
 protected:
  /// Runs `action` with a fault at its n-th system call. False: it has fewer.
  bool RunWithFault(const Action& action, int n) {
    fs::remove_all(root_);
    EXPECT_TRUE(MustOpen(FileCalls::System())->Put("a/k", "old").ok());
    EXPECT_TRUE(MustOpen(FileCalls::System())->Put("from/k", "moved value").ok());
    FaultyCalls calls(kNever, EIO, GetParam());
    const auto store = MustOpen(calls);
    calls.Arm(n);
    const Status status = action.run(*store);
    const bool has_failed = calls.has_failed();

    store_ = MustOpen(FileCalls::System());  // The next process.
    EXPECT_EQ(TemporaryFiles(), 0);
    const std::string key = action.allowed.front() == "-" ? "a/new" : "a/k";
    const StatusOr<std::string> found = store_->Get(key);
    const std::string seen = found.ok() ? *found : "-";
    EXPECT_THAT(action.allowed, ::testing::Contains(seen));
    if (status.ok()) {
      EXPECT_EQ(seen, action.done);
    }
    const Status again = action.run(*store_);
    EXPECT_TRUE(again.ok() || again.code() == StatusCode::kNotFound) << again;
    const StatusOr<std::string> after = store_->Get(key);
    EXPECT_EQ(after.ok() ? *after : "-", action.done);
    return has_failed;
  }
};

TEST_P(LocalStoreFaultTest, AFaultAtAnyCallLeavesTheOldValueOrTheNew) {
  for (const Action& action : Actions()) {
    int n = 0;
    for (; RunWithFault(action, n); ++n) {
      ASSERT_FALSE(HasFailure()) << action.name << ", fault at call " << n;
    }
    EXPECT_GE(n, action.done == "-" ? 1 : 6) << action.name;
  }
}

INSTANTIATE_TEST_SUITE_P(FailAndDie,
                         LocalStoreFaultTest,
                         ::testing::Values(FaultyCalls::Mode::kFailOnce, FaultyCalls::Mode::kDie));

}  // namespace
}  // namespace thalweg::storage
