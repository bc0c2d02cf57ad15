// SPDX-License-Identifier: MIT
//
// FileCalls: sees the calls of this program that make names and sync, in place of the C library's
// own, and knows from them what a power cut would leave: a name that its folder was synced after,
// content that was synced.
//
// Threads:   any; one object at a time.
// Lifetime:  sees calls while it lives. Only files below `root` are looked at.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>

namespace duckpond {

class FileCalls {
 public:
  explicit FileCalls(std::string root);
  ~FileCalls();
  FileCalls(const FileCalls&) = delete;
  FileCalls& operator=(const FileCalls&) = delete;

  // Empty if a power cut now would leave `path` whole, with every folder from the root to it; else
  // what is missing. What the test made itself before counts as not synced.
  std::string MissingAfterPowerCut(const std::string& path) const;
  // Names that were given to files whose content was not synced: each a bug.
  std::set<std::string> torn_names() const;
  size_t syncs() const;

  // From now on, fsync of this file or folder fails, or with a '/' at the end, of all inside.
  void FailSyncOf(const std::string& path);
  // From now on, giving this name to a file, or taking it away, is done and then fails, as when a
  // disk breaks. And reading the names in this folder fails.
  void FailNamingOf(const std::string& path);
  void FailReadingOf(const std::string& folder);

  // The calls themselves.
  bool Syncs(int fd);  // False if it is to fail.
  bool Names(const std::string& path);
  bool Reads(int fd);
  void Synced(int fd);
  void MadeFolder(const std::string& path);
  void Named(const std::string& from, const std::string& to);

 private:
  bool Watches(const std::string& path) const { return path.starts_with(root_ + "/"); }

  const std::string root_;
  mutable std::mutex mutex_;
  // All guarded by mutex_.
  std::set<std::string> fails_;
  std::set<std::string> fails_naming_;
  std::set<std::string> synced_names_;           // Paths whose folder was synced since.
  std::map<std::string, uint64_t> synced_size_;  // Of files, by "device:inode", when synced.
  std::set<std::string> torn_names_;
  size_t syncs_ = 0;

  // Of its own, since this class reads folders too.
  std::mutex reads_mutex_;
  std::string fails_reading_;  // Guarded by reads_mutex_.
};

}  // namespace duckpond
