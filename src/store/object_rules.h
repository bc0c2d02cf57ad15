// SPDX-License-Identifier: MIT
//
// What all stores answer alike, once: which keys are keys, which part of an object a Get is given,
// and the tag of stores that have none of their own.
//
// Threads:  pure functions.
#pragma once

#include <string_view>

#include "base/hash_in_parts.h"
#include "store/object_store.h"

namespace duckpond {

// The folder that a local directory keeps for itself; no key starts with it on any store, so that a
// pond can be copied from one kind of store to another.
inline constexpr std::string_view kReservedFolder = ".duckpond";

// Whether the object of this name is written once and never changed, so that anybody on the way may
// keep it: all below data/ and log/ (docs/formats/log.md).
bool IsWrittenOnce(std::string_view key);

// What a store that speaks HTTP tells caches of the object, as a Cache-Control header.
std::string_view CacheControlOf(std::string_view key);

// Tells (base/notice.h) that a cache or a CDN gave `key` damaged, and `store` itself gave it whole.
void NoteMended(const ObjectStore& store, const std::string& key);

// Errors: kInvalid, saying what is wrong, for what object_store.h does not allow as a key.
Status CheckKey(std::string_view key);

// As CheckKey, but for the start of keys: it may be empty or end anywhere.
Status CheckPrefix(std::string_view prefix);

// Errors: kInvalid for a range of no bytes, or one whose end does not fit 64 bits.
Status CheckGet(const GetOptions& options);

// A hash of the content. Equal contents have equal tags, as on most S3 servers, so that tests meet
// what production meets.
ObjectTag ContentTag(std::string_view content);

// The same of content that is given part by part.
class ContentTagger {
 public:
  void Add(std::string_view part) { hash_.Add(part); }
  ObjectTag Tag() const;

 private:
  HashInParts hash_;
};

// What part of an object of `size` bytes a reply carries.
struct ReplyPart {
  bool past_end = false;
  uint64_t offset = 0;
  uint64_t length = 0;
};
// Errors: kExhausted if the part is longer than options.bytes_max. REQUIRES: CheckGet passed.
Result<ReplyPart> PartOf(uint64_t size, const GetOptions& options);

// The reply to a Get of an object with this content and tag.
Result<GetReply> AnswerGet(const Bytes& content, const ObjectTag& tag, const GetOptions& options);

}  // namespace duckpond
