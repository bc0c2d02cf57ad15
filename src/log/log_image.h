// SPDX-License-Identifier: MIT
//
// LogImage: pond.log as it was at one moment, with the state it folds to. Immutable and shared:
// snapshots, the committer and the roller look at one while newer ones appear.
//
// Invariants:  1. Images of one pond are totally ordered by (version, base version), since every
//              swap raises at least one and lowers none: whatever a store answers, a smaller image
//              is an older one.  2. Frames lie one behind the other from base_end to the end of
//              `content`, and have the versions base.version + 1 and on.  3. `state` is there
//              exactly if `unfolded` is Ok.
// Threads:     values; an image is not changed after it was shared.
#pragma once

#include <compare>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "log/event_log.h"
#include "log/log_object.h"
#include "store/object_store.h"

namespace duckpond {

// What every part of the log works with. Shared, since tasks of all of them may outlive the log.
struct LogSite {
  Env& env;
  std::shared_ptr<ObjectStore> store;
  const Folder& folder;
  LogOptions options;
};
using SitePtr = std::shared_ptr<const LogSite>;

struct ImageOrder {
  Version version = 0;
  Version base_version = 0;
  auto operator<=>(const ImageOrder&) const = default;
};

struct LogImage {
  Bytes content;
  ObjectTag tag;
  BaseRecord base;
  uint64_t base_end = 0;
  std::shared_ptr<const std::vector<KeyRecord>> base_keys;  // Shared by images with the same base.
  std::vector<FrameRef> frames;                             // Versions base.version + 1 and on.
  StatePtr state;                                           // At version(); null if `unfolded`.
  // Why this program can make no state of the log: it has events that must be known for that. Its
  // history can be read all the same.
  Status unfolded;
  // The first event that this program does not know and may not ignore; then it may not write.
  std::string unknown_event;

  Version version() const { return base.version + frames.size(); }
  int64_t time_us() const { return frames.empty() ? base.time_us : frames.back().time_us; }
  ImageOrder order() const { return {version(), base.version}; }
  ChainEnd end() const;
  // What a roll would take away. REQUIRES: `content` is known.
  uint64_t frame_bytes() const {
    CHECK(content.size() >= base_end);
    return content.size() - base_end;
  }
  // REQUIRES: unfolded.ok().
  Snapshot snapshot() const {
    CHECK(unfolded.ok());
    return {version(), time_us(), state};
  }

  // The hash of the frame that made `version`. REQUIRES: base.version <= version <= version().
  const Hash& HashAt(Version version) const;
  // The frame of the newest version whose time is not after `time_us`; null if that is the base.
  const FrameRef* FrameAtTime(int64_t time_us) const;
  std::optional<CommitReceipt> FindTransaction(const Uuid& transaction) const;
  std::optional<CommitReceipt> FindKey(const std::string& key) const;
  // All keys that a base at version() remembers.
  std::vector<KeyRecord> Keys() const;
};
using ImagePtr = std::shared_ptr<const LogImage>;

// Leaves out of `events` what this program does not know and need not; sets `unknown_event`, if it
// is empty, to the first that it should know.
void LeaveOutUnknown(const Folder& folder, std::vector<Event>& events, std::string& unknown_event);

// `state` with `events` applied, those left out that need not be known. Sets `unknown_event`, if it
// is empty, to the first that should have been known.
Result<StatePtr> FoldEvents(const Folder& folder, StatePtr state, const std::vector<Event>& events,
                            std::string& unknown_event);

// `before` followed by `tail`, whose commits continue it and whose bytes end `content`. What needs
// to be known and is not makes it unfolded.
Result<ImagePtr> ExtendImage(const Folder& folder, const LogImage& before, Bytes content,
                             ObjectTag tag, const DecodedCommits& tail);

}  // namespace duckpond
