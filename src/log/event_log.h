// SPDX-License-Identifier: MIT
//
// EventLog: the single ordered history of a pond, kept in one object, pond.log, that is swapped by
// compare-and-swap.
//
// Invariants:  1. Versions are dense and rise by one.  2. A committed event is never rewritten.
//              3. Exactly one conditional put claims each version.  4. A read that failed is an
//              error, never an empty log.  5. A put that was not answered may have happened.
// Threads:     all methods may be called concurrently; no callback runs under a lock. One EventLog
//              exists per pond and process (see Open), so that waiting commits leave in one put.
// Lifetime:    borrows Env and Folder, which must outlive it. Tasks keep it alive.
// Errors:      kNotFound – no pond here. kConflict – a change cannot be rebased: decide again.
//              kUnknown – a commit may have landed and the time to find out is over. kCorrupt – the
//              log is lost, broken or foreign; the message names the object and the place.
//              kUnsupported – a newer format, an unknown event, or a store that does not honour
//              conditions; kInvalid – the store may not be written.
// Format:      docs/formats/log.md
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "log/folder.h"
#include "log/freshness.h"
#include "store/object_store.h"

namespace duckpond {

// The pond at one version. Values; the state is shared and immutable.
struct Snapshot {
  Version version = 0;
  int64_t time_us = 0;
  StatePtr state;
};

// What one transaction wants to change. The log asks again for every attempt, so the answer is
// computed from the transaction's own immutable changes and the newest state, never from an earlier
// answer.
class Change {
 public:
  virtual ~Change() = default;
  // The events that make this change on top of `newest`.
  // Errors: kConflict, or what else makes the change impossible; it ends the commit definitely.
  virtual Task<Result<std::vector<Event>>> Rebase(Context context, Snapshot newest) = 0;
};

struct CommitOptions {
  // Chosen by the caller. A commit with the id of one that is still in the log is not made again; a
  // caller that may come back after a roll, or from another process, gives an idempotency key.
  Uuid transaction;
  std::string author;
  std::string message;
  // A commit whose key is among the last 10,000 is not made again: its first receipt is returned.
  std::string idempotency_key;
};

struct CommitReceipt {
  Version version = 0;
  int64_t time_us = 0;
  bool repeated = false;  // The idempotency key was known.
};

struct LogOptions {
  std::string writer = "duckpond";
  // A roll replaces the base once the frames behind it have this many bytes.
  uint64_t roll_bytes = 256 * 1024;
  // A state of more compressed bytes is written as checkpoint parts of its own.
  uint64_t inline_state_bytes_max = 128 * 1024;
};

class EventLog {
 public:
  virtual ~EventLog() = default;

  // The log of the pond in `store`; the process's existing one if it is open with an equal store
  // URL and `share` (a non-empty identity of the store, credentials included). Makes no request.
  static std::shared_ptr<EventLog> Open(Env& env, std::shared_ptr<ObjectStore> store,
                                        const Folder& folder, LogOptions options,
                                        const std::string& share);

  // Makes the pond: proves the store, refuses a place that is not empty, writes pond.json and the
  // first log. Errors: kExists if there is a pond. Cost: 20 requests in eight round trips, once in
  // a pond's life.
  virtual Task<Status> Create(Context context) = 0;

  // The newest version, or one that is as new as `freshness` says. Errors: kNotFound if there is no
  // pond, which takes two answers from the store (no log and no pond.json); kUnavailable –
  // min_version is not there yet. Cost: none if what is known is new enough; else one GET
  // (conditional, of the tail only, once a version is known); two dependent ones when the state is
  // too large for the base.
  virtual Task<Result<Snapshot>> Latest(Context context, Freshness freshness) = 0;
  Task<Result<Snapshot>> Latest(Context context) { return Latest(std::move(context), {}); }

  // The version that this process saw last, if any. Cost: none.
  virtual std::optional<Snapshot> Cached() const = 0;

  // The pond as it was. Errors: kNotFound for a version that is not there (yet, or any more).
  // Cost: none for the cached version; else one GET per segment and checkpoint needed.
  virtual Task<Result<Snapshot>> At(Context context, Version version) = 0;
  // The newest version whose time is not after `time_us`.
  virtual Task<Result<Snapshot>> AtTime(Context context, int64_t time_us) = 0;

  // Commits `change` on top of the newest version, creating the pond if there is none. Durable when
  // it returns. Cost: one conditional PUT when the cached version is the newest, shared by all
  // commits that wait at the same time; after a lost race one GET more.
  virtual Task<Result<CommitReceipt>> Commit(Context context, std::shared_ptr<Change> change,
                                             CommitOptions options) = 0;

  // Commits first..last in order; a `last` of 0 means the newest. Errors: kNotFound for versions
  // that are not there. Needs no state: the history of a log of which Latest is kUnsupported, since
  // it has events that this program does not know, can be looked at. Cost: as At.
  struct VersionRange {
    Version first = 1;
    Version last = 0;
  };
  virtual Task<Result<std::vector<CommitRecord>>> History(Context context, VersionRange range) = 0;

  // Reads everything there is and checks it: hash chain, versions, segments, checkpoints, folds.
  struct Report {
    std::string pond_id;
    uint32_t format = 0;
    Version first_version = 0;  // The oldest that can be replayed.
    Version last_version = 0;
    uint64_t log_bytes = 0;   // Of pond.log and all that it names.
    uint64_t head_bytes = 0;  // Of pond.log.
    uint64_t segments = 0;
    uint64_t events = 0;
  };
  virtual Task<Result<Report>> Verify(Context context) = 0;

  // Waits for the work that goes on behind commits: a roll that is being prepared and swapped in. A
  // program that is about to end calls it, else what it wrote for a roll is left behind unused.
  // Errors: kCancelled when the context ends first.
  virtual Task<Status> Settle(Context context) = 0;
};

}  // namespace duckpond
