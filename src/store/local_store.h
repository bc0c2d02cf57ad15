// SPDX-License-Identifier: MIT
//
// LocalObjectStore: a directory as an object store; an object is a file, its key the path. Safe for
// several processes at once, kill -9 and power cuts. docs/adr/0006 is the protocol and its reasons.
//
// Invariants:  1. A file under its key is never written: it appears whole, by link or rename, after
//                 its content was synced, and is replaced or removed whole. So readers take no
//                 lock.
//              2. Compare and rename happen under the kernel lock of the key's lock file, which
//                 dies with its holder. The tag is a hash of the content, never a time or an inode.
//              3. kWritten is answered after the folder was synced too.
// Threads:     all methods may be called concurrently. They block in system calls on the executor's
//              threads; only waiting for a lock does not.
// Lifetime:    borrows env.
// Format:      ".duckpond/lock/" and ".duckpond/tmp/" in the directory; both may be removed when no
//              process uses the pond.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/env.h"
#include "store/local_files.h"
#include "store/object_store.h"

namespace duckpond {

class LocalObjectStore final : public ObjectStore {
 public:
  struct Options {
    std::string path;     // Relative to the working directory at the time of Open.
    bool create = false;  // Make the directory, with the first write, if it is missing.
  };
  // Errors: kNotFound – no such directory. kInvalid – the path is no directory, or not permitted.
  // kUnsupported – a network file system.
  static Result<std::shared_ptr<LocalObjectStore>> Open(Env& env, Options options);

  Task<Result<GetReply>> Get(Context context, std::string key, GetOptions options) override;
  Task<Result<PutReply>> Put(Context context, std::string key, Bytes body,
                             PutCondition condition) override;
  Task<Result<PutReply>> Append(Context context, std::string key, Bytes body,
                                AppendPosition position) override;
  Task<Result<DeleteReply>> Delete(Context context, std::string key,
                                   std::optional<ObjectTag> if_match) override;
  Task<Result<ListReply>> List(Context context, std::string prefix,
                               std::optional<std::string> token) override;
  const StoreTraits& traits() const override { return traits_; }
  const std::string& url() const override { return url_; }
  std::string endpoint() const override { return "file:"; }

 private:
  LocalObjectStore(Env& env, std::string path, bool create);

  // The directory's descriptor, or -1 while it is missing and `for_writing` is false.
  Result<int> Root(bool for_writing);
  // A folder below ".duckpond", made if it is missing.
  Result<Fd> OwnFolder(const std::string& name);
  Result<TemporaryFile> Prepare(Bytes body);
  Result<Place> PlaceForWriting(const std::string& key);
  Status Explained(const Status& status, const std::string& key) const;

  Result<GetReply> Read(const std::string& key, const GetOptions& options);
  Result<PutReply> Create(const std::string& key, const Bytes& body);
  // These two answer nothing while another holds the key's lock.
  std::optional<Result<PutReply>> TrySwap(const std::string& key, const TemporaryFile& content,
                                          const ObjectTag& tag,
                                          const std::optional<ObjectTag>& if_match);
  std::optional<Result<DeleteReply>> TryDelete(const std::string& key,
                                               const std::optional<ObjectTag>& if_match);
  // Whether the object at `place` exists and has this tag.
  static Result<bool> HasTag(const Place& place, const ObjectTag& tag);
  Task<Status> WaitForLock(Context context, int attempt);

  Env& env_;
  const std::string path_;
  const std::string url_;
  const bool create_;
  StoreTraits traits_;
  std::mutex mutex_;
  Fd root_;                               // Guarded by mutex_; once valid it stays.
  bool root_synced_ = false;              // Guarded by mutex_.
  bool cleaned_ = false;                  // Guarded by mutex_.
  std::set<std::string> synced_folders_;  // Guarded by mutex_: known to be durable.
};

}  // namespace duckpond
