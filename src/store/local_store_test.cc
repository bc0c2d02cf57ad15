// SPDX-License-Identifier: MIT
//
// What is the local directory's own; what all stores do alike is in tests/contract.
#include "store/local_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "store/object_rules.h"

namespace duckpond {
namespace {

namespace fs = std::filesystem;

class LocalStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "duckpond-local-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { fs::remove_all(root_); }

  std::shared_ptr<LocalObjectStore> Open(const std::string& path, bool create = false) {
    auto store = LocalObjectStore::Open(env_, {.path = path, .create = create});
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    return store.ok() ? *store : nullptr;
  }
  Result<PutReply> Put(ObjectStore& store, const std::string& key, const std::string& content,
                       PutCondition condition = PutCondition::None(), Context context = {}) {
    return Block(env_.executor, store.Put(context, key, Bytes(content), std::move(condition)));
  }
  Result<GetReply> Get(ObjectStore& store, const std::string& key) {
    return Block(env_.executor, store.Get({}, key, {}));
  }

  Env& env_ = Env::Process();
  fs::path root_;
};

TEST_F(LocalStoreTest, MissingDirectoryIsNotFoundUnlessItMayBeMade) {
  const std::string path = root_ / "a/b/c";
  const auto refused = LocalObjectStore::Open(env_, {.path = path});
  EXPECT_EQ(refused.status().code(), StatusCode::kNotFound);
  const auto store = Open(path, /*create=*/true);
  // Looking makes nothing; the first write makes all of it.
  EXPECT_EQ(Get(*store, "k")->state, GetReply::State::kMissing);
  EXPECT_TRUE(Block(env_.executor, store->List({}, "", std::nullopt))->objects.empty());
  EXPECT_EQ(Block(env_.executor, store->Delete({}, "k", std::nullopt))->state,
            DeleteReply::State::kMissing);
  EXPECT_FALSE(fs::exists(root_ / "a"));
  ASSERT_TRUE(Put(*store, "k", "x", PutCondition::IfAbsent()).ok());
  EXPECT_TRUE(fs::exists(root_ / "a/b/c/k"));
}

TEST_F(LocalStoreTest, PathThatIsAFileIsInvalid) {
  std::ofstream(root_ / "file") << "x";
  const auto store = LocalObjectStore::Open(env_, {.path = root_ / "file", .create = true});
  EXPECT_EQ(store.status().code(), StatusCode::kInvalid);
}

TEST_F(LocalStoreTest, ObjectIsAPlainFileUnderItsKey) {
  const auto store = Open(root_);
  ASSERT_TRUE(Put(*store, "data/part one.parquet", "content").ok());
  std::ifstream file(root_ / "data/part one.parquet");
  std::string content;
  std::getline(file, content);
  EXPECT_EQ(content, "content");
}

TEST_F(LocalStoreTest, LinksInsideAreNotFollowed) {
  const fs::path outside = root_ / "outside";
  const fs::path pond = root_ / "pond";
  fs::create_directories(outside);
  fs::create_directories(pond);
  std::ofstream(outside / "secret") << "x";
  fs::create_symlink(outside, pond / "folder");
  fs::create_symlink(outside / "secret", pond / "object");
  const auto store = Open(pond);
  for (const char* key : {"object", "folder/secret"}) {
    const auto read = Get(*store, key);
    EXPECT_EQ(read.status().code(), StatusCode::kInvalid) << key;
    EXPECT_NE(read.status().message().find("symbolic link"), std::string::npos);
  }
  EXPECT_EQ(Put(*store, "folder/new", "x").status().code(), StatusCode::kInvalid);
  EXPECT_EQ(Put(*store, "folder/new", "x", PutCondition::IfAbsent()).status().code(),
            StatusCode::kInvalid);
  EXPECT_FALSE(fs::exists(outside / "new"));
  // Replacing the link itself touches nothing outside.
  ASSERT_TRUE(Put(*store, "object", "mine").ok());
  EXPECT_EQ(Get(*store, "object")->bytes.view(), "mine");
  EXPECT_EQ(fs::file_size(outside / "secret"), 1U);
  EXPECT_TRUE(Block(env_.executor, store->List({}, "folder", std::nullopt))->objects.empty());
}

TEST_F(LocalStoreTest, KeyBelowAnotherObjectIsInvalidToWriteAndMissingToRead) {
  const auto store = Open(root_);
  ASSERT_TRUE(Put(*store, "object", "x").ok());
  EXPECT_EQ(Put(*store, "object/below", "x").status().code(), StatusCode::kInvalid);
  EXPECT_EQ(Get(*store, "object/below")->state, GetReply::State::kMissing);
  ASSERT_TRUE(Put(*store, "folder/object", "x").ok());
  EXPECT_EQ(Put(*store, "folder", "x").status().code(), StatusCode::kInvalid);
  EXPECT_EQ(Get(*store, "folder")->state, GetReply::State::kMissing);
}

TEST_F(LocalStoreTest, PipeInTheWayIsInvalidAndDoesNotHang) {
  ASSERT_EQ(mkfifo((root_ / "pipe").c_str(), 0600), 0);
  const auto store = Open(root_);
  EXPECT_EQ(Get(*store, "pipe").status().code(), StatusCode::kInvalid);
}

TEST_F(LocalStoreTest, SwapWaitsForTheLockNoLongerThanItsDeadline) {
  const auto store = Open(root_);
  const auto first = Put(*store, "object", "one");
  ASSERT_TRUE(first.ok());
  // Another process holds every lock and does not go on, as if it were stopped in a debugger.
  std::vector<Fd> held;
  for (int i = 0; i < 64; ++i) {
    char name[8];
    std::snprintf(name, sizeof name, "%02x", i);
    held.emplace_back(
        open((root_ / ".duckpond/lock" / name).c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_EQ(flock(held.back().get(), LOCK_EX | LOCK_NB), 0);
  }
  Context context;
  context.deadline_us = env_.executor.NowUs() + 30'000;
  const auto late = Put(*store, "object", "two", PutCondition::IfMatch(first->tag), context);
  EXPECT_EQ(late.status().code(), StatusCode::kCancelled);
  // Neither readers nor creators wait for it.
  EXPECT_EQ(Get(*store, "object")->bytes.view(), "one");
  EXPECT_EQ(Put(*store, "other", "x", PutCondition::IfAbsent())->state, PutReply::State::kWritten);
  held.clear();
  EXPECT_EQ(Put(*store, "object", "two", PutCondition::IfMatch(first->tag))->state,
            PutReply::State::kWritten);
}

TEST_F(LocalStoreTest, LeftoversOfTheDeadAreRemovedAndThoseOfTheLivingKept) {
  const fs::path tmp = root_ / ".duckpond/tmp";
  fs::create_directories(tmp);
  std::ofstream(tmp / "dead") << "x";
  std::ofstream(tmp / "living") << "x";
  const Fd living(open((tmp / "living").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(flock(living.get(), LOCK_EX | LOCK_NB), 0);
  const auto store = Open(root_);
  ASSERT_TRUE(Put(*store, "object", "x").ok());
  EXPECT_FALSE(fs::exists(tmp / "dead"));
  EXPECT_TRUE(fs::exists(tmp / "living"));
}

TEST_F(LocalStoreTest, RangeOfAnObjectThatShrinksIsCorrupt) {
  std::ofstream(root_ / "object") << "0123456789";
  const auto place = FindPlace(open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), "object");
  ASSERT_TRUE(place.ok());
  const auto file = OpenForReading(**place);
  ASSERT_TRUE(file.ok());
  fs::resize_file(root_ / "object", 4);
  EXPECT_EQ(ReadExactly((*file)->fd.get(), 0, (*file)->size).status().code(), StatusCode::kCorrupt);
}

TEST_F(LocalStoreTest, AFileLargerThanMemoryIsRefusedNotRead) {
  const auto store = Open(root_);
  const auto put = Put(*store, "object", "one");
  ASSERT_TRUE(put.ok());
  fs::resize_file(root_ / "object", uint64_t{3} << 40);  // A hole: it takes no room.
  GetOptions known;
  known.if_none_match = put->tag;
  GetOptions part;
  part.range = ByteRange{0, 10};
  for (const GetOptions& options : {GetOptions{}, known, part}) {
    const auto got = Block(env_.executor, store->Get({}, "object", options));
    EXPECT_EQ(got.status().code(), StatusCode::kExhausted) << got.status().ToString();
  }
  const auto swap = Put(*store, "object", "two", PutCondition::IfMatch(put->tag));
  EXPECT_EQ(swap.status().code(), StatusCode::kExhausted) << swap.status().ToString();
}

TEST_F(LocalStoreTest, TagOfALargeFileIsThatOfItsContent) {
  const auto store = Open(root_);
  const std::string content((3 << 20) + 5, 'x');
  ASSERT_TRUE(Put(*store, "object", content).ok());
  GetOptions known;
  known.if_none_match = ContentTag(content);
  known.bytes_max = 1;  // "Unchanged" is short, however large the object.
  const auto same = Block(env_.executor, store->Get({}, "object", known));
  ASSERT_TRUE(same.ok()) << same.status().ToString();
  EXPECT_EQ(same->state, GetReply::State::kUnchanged);
}

TEST_F(LocalStoreTest, ALockEndsWithItsHolderThoughAForkedProcessHasTheFile) {
  const Fd folder(open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  pid_t child = -1;
  {
    const auto lock = TryLock(folder.get(), "lock");
    ASSERT_TRUE(lock.ok() && *lock);
    EXPECT_FALSE(*TryLock(folder.get(), "lock"));
    child = fork();
    if (child == 0) {
      while (true) pause();
    }
  }
  EXPECT_TRUE(*TryLock(folder.get(), "lock")) << "the child holds it";
  kill(child, SIGKILL);
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
}

TEST(LocalFilesTest, ErrnosSayWhatToDo) {
  EXPECT_EQ(FileError(ENOSPC, "write").code(), StatusCode::kExhausted);
  EXPECT_EQ(FileError(EDQUOT, "write").code(), StatusCode::kExhausted);
  EXPECT_EQ(FileError(EROFS, "write").code(), StatusCode::kInvalid);
  EXPECT_EQ(FileError(EACCES, "write").code(), StatusCode::kInvalid);
  EXPECT_EQ(FileError(EMFILE, "open").code(), StatusCode::kUnavailable);
  EXPECT_EQ(FileError(EIO, "read").message(), "cannot read: Input/output error");
}

TEST(LocalFilesTest, NetworkFileSystemsAreRefusedByName) {
  const auto nfs = CheckFilesystem(0x6969, "/mnt/pond");
  EXPECT_EQ(nfs.code(), StatusCode::kUnsupported);
  EXPECT_NE(nfs.message().find("NFS"), std::string::npos);
  EXPECT_NE(nfs.message().find("/mnt/pond"), std::string::npos);
  EXPECT_EQ(CheckFilesystem(0x65735546, "/").code(), StatusCode::kUnsupported);  // sshfs is FUSE.
  // Where f_type is 32 bits wide, the high bit of CIFS's comes sign-extended.
  EXPECT_EQ(CheckFilesystem(0xFFFFFFFFFF534D42, "/").code(), StatusCode::kUnsupported);
  for (const uint64_t local : {0xEF53ULL, 0x58465342ULL, 0x9123683EULL, 0x01021994ULL}) {
    EXPECT_TRUE(CheckFilesystem(local, "/").ok()) << local;  // ext4, XFS, Btrfs, tmpfs.
  }
}

}  // namespace
}  // namespace duckpond
