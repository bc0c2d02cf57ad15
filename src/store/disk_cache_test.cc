// SPDX-License-Identifier: MIT
#include "store/disk_cache.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "tests/support/scratch_folder.h"

namespace duckpond {
namespace {

namespace fs = std::filesystem;

class DiskCacheTest : public ::testing::Test {
 protected:
  std::shared_ptr<DiskCache> Open(uint64_t bytes_max = 1 << 20) {
    auto opened = DiskCache::Open(Env::Process(), path(), bytes_max);
    EXPECT_TRUE(opened.ok()) << opened.status().ToString();
    return opened.ok() ? *opened : nullptr;
  }
  std::string path() const { return folder_ / "a/cache"; }
  static CachedPart Whole(const std::string& content) {
    return {0, Bytes(content), content.size(), {"tag"}, 1};
  }
  static std::string Found(DiskCache& cache, const std::string& name) {
    const auto part = cache.Find(name, {});
    return part ? std::string(part->bytes.view()) : "(not found)";
  }
  // The files of parts, and those on their way.
  std::vector<fs::path> Files() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(path())) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    return files;
  }

  ScratchFolder folder_;
};

TEST_F(DiskCacheTest, AnotherProcessFindsWhatOneKept) {
  Open()->Insert("object", Whole("content"));
  EXPECT_EQ(Found(*Open(), "object"), "content");
}

TEST_F(DiskCacheTest, AByteThatWasAlteredIsNotFoundAndRemoved) {
  const auto cache = Open();
  cache->Insert("object", Whole("content"));
  ASSERT_EQ(Files().size(), 1u);
  const fs::path file = Files()[0];
  const auto size = fs::file_size(file);
  for (uintmax_t at = 0; at < size; ++at) {
    cache->Insert("object", Whole("content"));
    std::fstream altered(file, std::ios::in | std::ios::out | std::ios::binary);
    altered.seekg(static_cast<std::streamoff>(at));
    const char byte = static_cast<char>(altered.get() ^ 0x10);
    altered.seekp(static_cast<std::streamoff>(at));
    altered.put(byte);
    altered.close();
    EXPECT_EQ(Found(*cache, "object"), "(not found)") << at;
    EXPECT_TRUE(Files().empty()) << at;
  }
}

TEST_F(DiskCacheTest, AFileThatIsCutShortOrLongerIsNotFound) {
  const auto cache = Open();
  cache->Insert("object", Whole("content"));
  const fs::path file = Files()[0];
  const auto size = fs::file_size(file);
  for (uintmax_t cut = 0; cut < size; ++cut) {
    cache->Insert("object", Whole("content"));
    fs::resize_file(file, cut);
    EXPECT_EQ(Found(*cache, "object"), "(not found)") << cut;
  }
  cache->Insert("object", Whole("content"));
  fs::resize_file(file, size + 1);
  EXPECT_EQ(Found(*cache, "object"), "(not found)");
}

TEST_F(DiskCacheTest, AFileUnderAnothersNameIsNotFound) {
  const auto cache = Open();
  cache->Insert("object", Whole("content"));
  const fs::path of_object = Files()[0];
  cache->Insert("other", Whole("CONTENT"));
  fs::path of_other;
  for (const fs::path& file : Files()) {
    if (file != of_object) of_other = file;
  }
  fs::copy_file(of_object, of_other, fs::copy_options::overwrite_existing);
  EXPECT_EQ(Found(*cache, "other"), "(not found)");
  EXPECT_EQ(Found(*cache, "object"), "content");
}

TEST_F(DiskCacheTest, ThingsThatAreNotOursAreLeftAloneAndInNobodysWay) {
  const auto cache = Open();
  cache->Insert("object", Whole("content"));
  const fs::path parent = Files()[0].parent_path();
  std::ofstream(parent / "notes.txt") << "mine";
  fs::create_directory(parent / "0-9");
  fs::create_symlink("/etc/passwd", parent / "0-8");
  EXPECT_EQ(Found(*cache, "object"), "content");
  EXPECT_TRUE(fs::exists(parent / "notes.txt"));
}

TEST_F(DiskCacheTest, AFolderRemovedUnderAProcessIsAMissOnly) {
  const auto cache = Open();
  cache->Insert("object", Whole("content"));
  fs::remove_all(path());
  EXPECT_EQ(Found(*cache, "object"), "(not found)");
  cache->Insert("object", Whole("content"));  // Nowhere to go.
  cache->Forget("object");
  EXPECT_EQ(Found(*cache, "object"), "(not found)");
}

// A limit on the size of files stands for the disk: a write stops in its middle just so.
TEST_F(DiskCacheTest, AFullDiskKeepsNothingAndLeavesNothing) {
  const auto cache = Open();
  cache->Insert("before", Whole("content"));
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit small{1000, limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  cache->Insert("object", Whole(std::string(10'000, 'x')));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_EQ(Found(*cache, "object"), "(not found)");
  EXPECT_EQ(Found(*cache, "before"), "content");
  EXPECT_EQ(Files().size(), 1u);
}

TEST_F(DiskCacheTest, LeftoversOfADeadWriterGo) {
  const auto cache = Open(100'000);
  const fs::path left = fs::path(path()) / "v1/tmp/left";
  const fs::path fresh = fs::path(path()) / "v1/tmp/fresh";
  std::ofstream(left) << "half";
  std::ofstream(fresh) << "half";
  fs::last_write_time(left, fs::last_write_time(left) - std::chrono::hours(2));
  cache->Insert("object", Whole("content"));
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(fresh)) << "its writer may be at it";
}

TEST_F(DiskCacheTest, WhatWasNotUsedForLongGoesFirst) {
  const auto cache = Open(100'000);
  for (const char* name : {"unused", "unused too", "unused 3", "used"}) {
    cache->Insert(name, Whole(std::string(9000, 'x')));
  }
  for (const fs::path& file : Files()) {
    fs::last_write_time(file, fs::last_write_time(file) - std::chrono::hours(2));
  }
  EXPECT_TRUE(cache->Find("used", {}));
  for (int i = 0; i < 8; ++i) {
    cache->Insert("more " + std::to_string(i), Whole(std::string(9000, 'x')));
  }
  EXPECT_TRUE(cache->Find("used", {}));
  EXPECT_FALSE(cache->Find("unused", {}));
}

TEST_F(DiskCacheTest, AFolderThatOthersMayReadIsRefused) {
  fs::create_directories(path());
  ASSERT_EQ(chmod(path().c_str(), 0755), 0);
  const auto opened = DiskCache::Open(Env::Process(), path(), 1000);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), StatusCode::kInvalid);
  EXPECT_NE(opened.error().message().find("chmod 700"), std::string::npos);
}

TEST_F(DiskCacheTest, AFileInThePlaceOfTheFolderIsRefused) {
  fs::create_directories(folder_ / "a");
  std::ofstream(path()) << "a file";
  EXPECT_FALSE(DiskCache::Open(Env::Process(), path(), 1000).ok());
}

TEST_F(DiskCacheTest, ManyThreadsReadWhatWasWrittenOrNothing) {
  const auto cache = Open(300'000);
  const auto content = [](int object) {
    return std::string(5000 + object, static_cast<char>(object));
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const auto own = Open(300'000);  // As another process has it.
      for (int i = 0; i < 300; ++i) {
        const int object = (i * 7 + t * 13) % 60;
        const std::string name = std::to_string(object);
        const std::string seen = Found(*own, name);
        EXPECT_TRUE(seen == "(not found)" || seen == content(object)) << object;
        if (i % 11 == 0) own->Forget(name);
        if (seen == "(not found)") own->Insert(name, Whole(content(object)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  uint64_t bytes = 0;
  for (const fs::path& file : Files()) bytes += fs::file_size(file);
  EXPECT_LE(bytes, 300'000u * 3 / 2);
}

}  // namespace
}  // namespace duckpond
