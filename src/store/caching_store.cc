// SPDX-License-Identifier: MIT
#include "store/caching_store.h"

#include <utility>

#include "base/check.h"

namespace duckpond {
namespace {

// The part of `part` that was asked for. REQUIRES: part.Covers(range).
GetReply ReplyOf(const CachedPart& part, const ByteRange& range) {
  CHECK(part.Covers(range));
  GetReply reply;
  reply.state = GetReply::State::kFound;
  reply.tag = part.tag;
  reply.object_size = part.object_size;
  const uint64_t rest = part.object_size - range.offset;
  const uint64_t wanted = range.length ? std::min(*range.length, rest) : rest;
  const bool all = range.offset == part.offset && wanted == part.bytes.size();
  reply.bytes =
      all ? part.bytes
          : Bytes(std::string(part.bytes.view().substr(range.offset - part.offset, wanted)));
  return reply;
}

}  // namespace

CachingObjectStore::CachingObjectStore(Env& env, std::shared_ptr<ObjectStore> below, Caches caches)
    : StoreWrapper(std::move(below)),
      env_(env),
      caches_(std::move(caches)),
      store_(url() + '\n' + endpoint() + '\n') {}

std::string CachingObjectStore::NameOf(const std::string& key) const { return store_ + key; }

std::optional<CachedPart> CachingObjectStore::Find(const std::string& name,
                                                   const ByteRange& range) const {
  for (size_t i = 0; i < caches_.size(); ++i) {
    auto part = caches_[i]->Find(name, range);
    DCHECK(!part || part->Covers(range));
    if (!part) continue;
    for (size_t faster = 0; faster < i; ++faster) caches_[faster]->Insert(name, *part);
    return part;
  }
  return std::nullopt;
}

void CachingObjectStore::Insert(const std::string& name, const CachedPart& part) const {
  for (const auto& cache : caches_) cache->Insert(name, part);
}

void CachingObjectStore::Forget(const std::string& name) const {
  for (const auto& cache : caches_) cache->Forget(name);
}

Task<Result<GetReply>> CachingObjectStore::Get(Context context, std::string key,
                                               GetOptions options) {
  const std::string name = NameOf(key);
  if (options.age_us_max == GetOptions::kFromStore || options.if_none_match) {
    // What is kept may have been damaged before it came here: the store would call it unchanged.
    if (!options.if_none_match) Forget(name);
    co_return co_await below()->Get(std::move(context), std::move(key), std::move(options));
  }
  CO_RETURN_IF_ERROR(context.Check(env_.executor.NowUs()));
  const ByteRange range = options.range.value_or(ByteRange{});
  const int64_t now_us = env_.clock.NowUs();
  std::optional<CachedPart> part = Find(name, range);
  // A clock that was set back says nothing about an age.
  const bool young =
      part && part->asked_us <= now_us && now_us - part->asked_us < options.age_us_max;
  const bool any = part && options.age_us_max == GetOptions::kAnyAge;
  if ((young || any) && part->bytes.size() <= options.bytes_max) {
    GetReply reply = ReplyOf(*part, range);
    reply.age_us = std::max<int64_t>(now_us - part->asked_us, 1);
    co_return reply;
  }
  const bool may_ask = part && part->IsWhole() && !part->tag.value.empty() && !options.range &&
                       part->bytes.size() <= options.bytes_max;
  if (may_ask) options.if_none_match = part->tag;
  auto reply = co_await below()->Get(std::move(context), std::move(key), std::move(options));
  if (!reply.ok()) co_return reply;
  // What is below may have had it from a cache as well.
  const int64_t asked_us = now_us - reply->age_us;
  if (may_ask && reply->state == GetReply::State::kUnchanged) {
    CHECK(part.has_value());  // Whose tag was asked for.
    part->asked_us = asked_us;
    Insert(name, *part);
    GetReply same = ReplyOf(*part, range);
    same.age_us = reply->age_us;
    co_return same;
  }
  if (reply->state == GetReply::State::kFound && !reply->bytes.empty()) {
    Insert(name, CachedPart{range.offset, reply->bytes, reply->object_size, reply->tag, asked_us});
  } else if (reply->state == GetReply::State::kMissing) {
    Forget(name);
  }
  co_return reply;
}

Task<Result<PutReply>> CachingObjectStore::Put(Context context, std::string key, Bytes body,
                                               PutCondition condition) {
  const std::string name = NameOf(key);
  const bool creates = condition.kind == PutCondition::Kind::kIfAbsent;
  const int64_t now_us = env_.clock.NowUs();
  auto reply =
      co_await below()->Put(std::move(context), std::move(key), body, std::move(condition));
  const bool written = reply.ok() && reply->state == PutReply::State::kWritten;
  if (!creates) Forget(name);
  // Who wrote it is likely to read it; the slower caches get it when somebody does.
  if (written && creates && !body.empty() && !caches_.empty()) {
    caches_.front()->Insert(name, CachedPart{0, body, body.size(), reply->tag, now_us});
  }
  co_return reply;
}

Task<Result<PutReply>> CachingObjectStore::Append(Context context, std::string key, Bytes body,
                                                  AppendPosition position) {
  const std::string name = NameOf(key);
  auto reply = co_await below()->Append(std::move(context), std::move(key), std::move(body),
                                        std::move(position));
  Forget(name);
  co_return reply;
}

Task<Result<DeleteReply>> CachingObjectStore::Delete(Context context, std::string key,
                                                     std::optional<ObjectTag> if_match) {
  const std::string name = NameOf(key);
  auto reply = co_await below()->Delete(std::move(context), std::move(key), std::move(if_match));
  Forget(name);
  co_return reply;
}

}  // namespace duckpond
