// SPDX-License-Identifier: MIT
#include "sql/pond_file_system.h"

#include <cstring>
#include <map>
#include <mutex>

#include "base/encoding.h"
#include "base/env.h"
#include "base/little_endian.h"
#include "duckdb/common/file_opener.hpp"
#include "duckdb/storage/object_cache.hpp"
#include "sql/errors.h"

namespace duckpond {
namespace {

using duckdb::FileHandle;
using duckdb::idx_t;

constexpr const char* kScheme = "duckpond-data://";
// Parquet's footer ends in its length (4 bytes) and magic (4 bytes), which DuckDB does not count.
constexpr uint64_t kFooterTailBytes = 8;

struct OpenFile {
  const duckdb::ClientContext* client = nullptr;
  std::shared_ptr<FileSource> source;
  std::shared_ptr<FileBuffer> buffer;
};

// The files that may be opened just now.
class OpenFiles {
 public:
  static OpenFiles& Get() {
    static auto* files = new OpenFiles;
    return *files;
  }

  // Gives the token by which it is found. Nobody guesses one, nor does a path survive its
  // statement.
  std::string Add(OpenFile file) {
    constexpr int kTokenWords = 2;
    std::string bytes;
    for (int i = 0; i < kTokenWords; ++i) {
      AppendLittleEndian(bytes, Env::Process().random.Next());
    }
    std::string token = HexEncode(bytes);
    std::lock_guard lock(mutex_);
    files_.emplace(token, std::move(file));
    return token;
  }
  void Remove(const std::string& token) {
    std::lock_guard lock(mutex_);
    files_.erase(token);
  }
  OpenFile Find(const std::string& path, const duckdb::ClientContext* client) {
    const std::string rest = path.substr(std::min(path.size(), std::strlen(kScheme)));
    std::lock_guard lock(mutex_);
    const auto found = files_.find(rest.substr(0, rest.find('/')));
    if (found == files_.end() || found->second.client != client) {
      throw duckdb::PermissionException("%s is not a file that this statement has open", path);
    }
    return found->second;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, OpenFile> files_;
};

struct PondFileHandle final : FileHandle {
  PondFileHandle(duckdb::FileSystem& fs, const std::string& path, duckdb::FileOpenFlags flags,
                 OpenFile open_file)
      : FileHandle(fs, path, flags), file(std::move(open_file)) {}
  void Close() override {}

  uint64_t bytes() const {
    return file.source ? file.source->file().bytes : file.buffer->content.size();
  }

  OpenFile file;
  idx_t position = 0;
};

PondFileHandle& Of(FileHandle& handle) { return handle.Cast<PondFileHandle>(); }

class PondFileSystem final : public duckdb::FileSystem {
 public:
  duckdb::unique_ptr<FileHandle> OpenFile(
      const std::string& path, duckdb::FileOpenFlags flags,
      duckdb::optional_ptr<duckdb::FileOpener> opener) override {
    const auto client = duckdb::FileOpener::TryGetClientContext(opener);
    auto file = OpenFiles::Get().Find(path, client.get());
    if (flags.OpenForWriting() && (!file.buffer || file.buffer->is_written.exchange(true))) {
      throw duckdb::PermissionException("%s cannot be written", path);
    }
    return duckdb::make_uniq<PondFileHandle>(*this, path, flags, std::move(file));
  }

  void Read(FileHandle& handle, void* out, int64_t bytes, idx_t location) override {
    auto& file = Of(handle).file;
    const FileSource::Piece where = {location, static_cast<uint64_t>(bytes)};
    if (file.source) return file.source->Read(where, static_cast<char*>(out));
    const std::string& content = file.buffer->content;
    if (!where.IsWithin(content.size())) {
      throw duckdb::IOException("read behind the end of %s", handle.path);
    }
    std::memcpy(out, content.data() + where.offset, where.bytes);
  }

  int64_t Read(FileHandle& handle, void* out, int64_t bytes) override {
    auto& pond_handle = Of(handle);
    const uint64_t left = pond_handle.bytes() - std::min(pond_handle.bytes(), pond_handle.position);
    const auto length = static_cast<int64_t>(std::min<uint64_t>(left, bytes));
    Read(handle, out, length, pond_handle.position);
    pond_handle.position += length;
    return length;
  }

  int64_t Write(FileHandle& handle, void* data, int64_t bytes) override {
    auto& file = Of(handle).file;
    file.buffer->content.append(static_cast<const char*>(data), bytes);
    return bytes;
  }

  int64_t GetFileSize(FileHandle& handle) override {
    return static_cast<int64_t>(Of(handle).bytes());
  }
  duckdb::timestamp_t GetLastModifiedTime(FileHandle&) override { return duckdb::timestamp_t(0); }
  std::string GetVersionTag(FileHandle&) override { return ""; }
  duckdb::FileType GetFileType(FileHandle&) override { return duckdb::FileType::FILE_TYPE_REGULAR; }
  void FileSync(FileHandle&) override {}
  void Seek(FileHandle& handle, idx_t location) override { Of(handle).position = location; }
  idx_t SeekPosition(FileHandle& handle) override { return Of(handle).position; }
  bool CanSeek() override { return true; }
  // What is read lies in memory or is on its way there: DuckDB need not fetch ahead into buffers of
  // its own, and reads page by page.
  bool OnDiskFile(FileHandle&) override { return true; }
  bool IsPipe(const std::string&, duckdb::optional_ptr<duckdb::FileOpener>) override {
    return false;
  }
  bool FileExists(const std::string&, duckdb::optional_ptr<duckdb::FileOpener>) override {
    return false;
  }
  bool CanHandleFile(const std::string& path) override { return path.rfind(kScheme, 0) == 0; }
  std::string GetName() const override { return "DuckpondFileSystem"; }
};

// What DuckDB notes of each path that it opens: more than a kilobyte, for ever, of a path that is
// never used again. Known by the name of its type alone.
struct KnownFile {
  static std::string ObjectType() { return "external_file_cache"; }
};

}  // namespace

FilePath::FilePath(duckdb::ClientContext& client, std::shared_ptr<FileSource> source)
    : database_(client.db) {
  const std::string name = source->file().path;
  token_ = OpenFiles::Get().Add({&client, std::move(source), nullptr});
  text_ = kScheme + token_ + "/" + name;
}

FilePath::FilePath(duckdb::ClientContext& client, std::shared_ptr<FileBuffer> buffer,
                   const std::string& name)
    : database_(client.db) {
  token_ = OpenFiles::Get().Add({&client, nullptr, std::move(buffer)});
  text_ = kScheme + token_ + "/" + name;
}

FilePath::~FilePath() {
  OpenFiles::Get().Remove(token_);
  database_->GetObjectCache().DeleteWithTypePrefix<KnownFile>(text_);
}

duckdb::OpenFileInfo FilePath::info(uint64_t bytes, uint64_t footer_bytes) const {
  duckdb::OpenFileInfo info(text_);
  info.extended_info = duckdb::make_shared_ptr<duckdb::ExtendedOpenFileInfo>();
  auto& options = info.extended_info->options;
  options["file_size"] = duckdb::Value::UBIGINT(bytes);
  if (footer_bytes > kFooterTailBytes) {
    options["footer_size"] = duckdb::Value::UBIGINT(footer_bytes - kFooterTailBytes);
  }
  // To be validated, and with nothing to validate by: DuckDB's cache leaves the file alone.
  options["validate_external_file_cache"] = duckdb::Value::BOOLEAN(true);
  return info;
}

void RegisterPondFileSystem(duckdb::DatabaseInstance& instance) {
  instance.GetFileSystem().RegisterSubSystem(duckdb::make_uniq<PondFileSystem>());
  duckdb::DBConfig::GetConfig(instance).AddAllowedDirectory(kScheme);
}

}  // namespace duckpond
