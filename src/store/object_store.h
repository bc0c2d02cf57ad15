// SPDX-License-Identifier: MIT
//
// ObjectStore: named, immutable-once-read byte strings with conditional writes. Small enough to
// implement in an afternoon, honest enough to build a database on: a missing object is an answer, a
// lost race is an answer, "it may have happened" is an answer; a Status is a definite failure.
//
// Threads:   all methods may be called concurrently.
// Lifetime:  the store outlives the tasks it returned; arguments are taken by value.
// Units:     sizes and offsets in bytes.
// Keys:      UTF-8 without control characters, '/'-separated, no empty, "." or ".." segment, at
// most
//            kKeyBytesMax; the first segment is not ".duckpond" (store/object_rules.h checks).
// Errors:    kInvalid – a bad key, wrong credentials, no permission, no such bucket: change the
//            configuration. kUnavailable – nothing happened and it may work later. kCancelled – the
//            context ended before anything was sent. kExhausted – the object or the disk is full.
//            kCorrupt – the store answered what it cannot. kUnsupported – see traits().
// Retries:   a store never retries; store/retrying_store.h does.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/context.h"
#include "base/result.h"
#include "base/task.h"
#include "store/prices.h"

namespace duckpond {

inline constexpr size_t kKeyBytesMax = 900;

// What a conditional write compares: opaque, changes whenever the content does. May also be equal
// for equal contents (a single-part ETag of S3 is a hash), so nothing may rely on it to count
// writes.
struct ObjectTag {
  std::string value;
  bool operator==(const ObjectTag&) const = default;
};

struct ByteRange {
  uint64_t offset = 0;
  // Bytes wanted, at least one; none means to the end. A reply may be shorter when the object ends
  // before.
  std::optional<uint64_t> length;
};

struct GetOptions {
  std::optional<ByteRange> range;
  std::optional<ObjectTag> if_none_match;
  // Whether the reply's tag is needed. Readers of a part of a large immutable object say no: a
  // local directory would have to read the whole object to know it. The tag may then be empty.
  bool want_tag = true;
  // How long ago the store may have given the answer, in microseconds: what a cache on the way may
  // do. 0 lets it ask the store whether what it keeps is still the object.
  static constexpr int64_t kFromStore = -1;
  static constexpr int64_t kAnyAge = std::numeric_limits<int64_t>::max();
  int64_t age_us_max = kFromStore;
  // A reply may not have more bytes than this; a longer one is kExhausted. Guards against a store
  // that never stops answering.
  uint64_t bytes_max = uint64_t{1} << 30;
};

struct GetReply {
  enum class State : unsigned char {
    kFound,      // `bytes` is the object, or the part that was asked for.
    kMissing,    // There is no such object.
    kUnchanged,  // The object still has the tag of if_none_match.
    kPastEnd,    // The range starts at or behind the end of the object.
  };
  State state = State::kMissing;
  Bytes bytes;
  ObjectTag tag;             // Of kFound and kUnchanged.
  uint64_t object_size = 0;  // The whole object's size, of kFound.
  int64_t age_us = 0;        // How long ago the store gave it: more than 0 from a cache.
};

struct PutCondition {
  enum class Kind : unsigned char { kNone, kIfAbsent, kIfMatch };
  Kind kind = Kind::kNone;
  ObjectTag tag;  // Of kIfMatch.

  static PutCondition None() { return {}; }
  static PutCondition IfAbsent() { return {Kind::kIfAbsent, {}}; }
  static PutCondition IfMatch(ObjectTag tag) { return {Kind::kIfMatch, std::move(tag)}; }
};

struct PutReply {
  enum class State : unsigned char {
    kWritten,   // Done; `tag` is the new one.
    kConflict,  // The condition did not hold (or another write was under way): nothing happened.
    kUnknown,   // Sent, and not answered, or answered by a server error: it may have happened, or
                // may still happen. `detail` says what was seen.
  };
  State state = State::kUnknown;
  ObjectTag tag;
  std::string detail;
  uint32_t requests = 1;  // What it took, for the bill; more than one for a large object.
};

struct DeleteReply {
  enum class State : unsigned char {
    kDeleted,   // It is not there now. S3 says so of an object that was not there before, too.
    kMissing,   // There was none.
    kConflict,  // It has another tag: nothing happened.
    kUnknown,   // As PutReply's.
  };
  State state = State::kUnknown;
  std::string detail;
};

struct ListReply {
  struct Object {
    std::string key;
    uint64_t size = 0;
  };
  std::vector<Object> objects;            // In any order.
  std::optional<std::string> next_token;  // To be handed to the next List, if there is more.
};

// What a kind of store can do, and what its requests cost.
struct StoreTraits {
  std::string kind;  // "memory", "file", "s3", …
  bool can_write = true;
  bool can_append = false;
  uint64_t object_bytes_max = uint64_t{5} << 30;
  // Swaps of one key a second that the store is known to admit; 0 when there is no known limit.
  double swaps_per_second_max = 0;
  using Prices = duckpond::Prices;
  Prices prices;
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // Reads an object, or a range of it. Cost: one request.
  virtual Task<Result<GetReply>> Get(Context context, std::string key, GetOptions options) = 0;

  // Writes a whole object if `condition` holds. Durable once kWritten. Cost: one request.
  virtual Task<Result<PutReply>> Put(Context context, std::string key, Bytes body,
                                     PutCondition condition) = 0;

  // Appends to the object that has this tag and is `size` bytes long.
  // Errors: kUnsupported where traits().can_append is false. Cost: one request.
  struct AppendPosition {
    uint64_t size = 0;
    ObjectTag tag;
  };
  virtual Task<Result<PutReply>> Append(Context context, std::string key, Bytes body,
                                        AppendPosition position) = 0;

  // Removes an object; with a tag, only if it still has it. Cost: one request.
  virtual Task<Result<DeleteReply>> Delete(Context context, std::string key,
                                           std::optional<ObjectTag> if_match) = 0;

  // Objects whose keys start with `prefix`, a page at a time. Used by the deep vacuum and the check
  // for a foreign place only, never on a normal path. Cost: one request a page.
  virtual Task<Result<ListReply>> List(Context context, std::string prefix,
                                       std::optional<std::string> token) = 0;

  virtual const StoreTraits& traits() const = 0;

  // The store's URL without credentials, for messages: "s3://bucket/prefix".
  virtual const std::string& url() const = 0;

  // Where requests go, without credentials: what a proof of conditions (store/store_proof.h) holds
  // for. Moving a directory or renaming a bucket need not change it, another server must.
  virtual std::string endpoint() const = 0;

  // What the server calls itself, once it has answered anything; empty where there is no server.
  virtual std::string server() const { return {}; }
};

}  // namespace duckpond
