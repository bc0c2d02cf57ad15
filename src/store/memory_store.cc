// SPDX-License-Identifier: MIT
#include "store/memory_store.h"

#include <fmt/format.h>

#include <utility>

#include "store/object_rules.h"

namespace duckpond {
namespace {

constexpr size_t kListPageMax = 1000;

Task<Status> Begin(Context context) {
  Executor* executor = co_await CurrentExecutor{};
  co_return context.Check(executor->NowUs());
}

}  // namespace

MemoryObjectStore::MemoryObjectStore() : MemoryObjectStore(Options{}) {}

MemoryObjectStore::MemoryObjectStore(Options options) : url_("memory:" + options.name) {
  traits_.kind = "memory";
  traits_.can_append = options.can_append;
}

std::shared_ptr<MemoryObjectStore> MemoryObjectStore::Named(const std::string& name) {
  // Never destroyed: tasks may still run while the process exits.
  static auto* mutex = new std::mutex;
  static auto* stores = new std::map<std::string, std::shared_ptr<MemoryObjectStore>>;
  std::lock_guard lock(*mutex);
  auto& store = (*stores)[name];
  if (!store) store = std::make_shared<MemoryObjectStore>(Options{.name = name});
  return store;
}

Task<Result<GetReply>> MemoryObjectStore::Get(Context context, std::string key,
                                              GetOptions options) {
  CO_RETURN_IF_ERROR(co_await Begin(context));
  CO_RETURN_IF_ERROR(CheckKey(key));
  CO_RETURN_IF_ERROR(CheckGet(options));
  Object object;
  {
    std::lock_guard lock(mutex_);
    const auto found = objects_.find(key);
    if (found == objects_.end()) co_return GetReply{};
    object = found->second;
  }
  Result<GetReply> reply = AnswerGet(object.content, object.tag, options);
  if (!reply.ok()) co_return reply.error().Prefixed(url_ + " " + key);
  co_return reply;
}

PutReply MemoryObjectStore::Write(const std::string& key, Bytes body) {
  const ObjectTag tag = ContentTag(body.view());
  objects_[key] = Object{std::move(body), tag};
  return PutReply{.state = PutReply::State::kWritten, .tag = tag, .detail = {}};
}

Task<Result<PutReply>> MemoryObjectStore::Put(Context context, std::string key, Bytes body,
                                              PutCondition condition) {
  CO_RETURN_IF_ERROR(co_await Begin(context));
  CO_RETURN_IF_ERROR(CheckKey(key));
  std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  const bool exists = found != objects_.end();
  bool holds = true;
  if (condition.kind == PutCondition::Kind::kIfAbsent) holds = !exists;
  if (condition.kind == PutCondition::Kind::kIfMatch) {
    holds = exists && found->second.tag == condition.tag;
  }
  if (!holds) {
    co_return PutReply{.state = PutReply::State::kConflict, .tag = {}, .detail = {}};
  }
  co_return Write(key, std::move(body));
}

Task<Result<PutReply>> MemoryObjectStore::Append(Context context, std::string key, Bytes body,
                                                 AppendPosition position) {
  CO_RETURN_IF_ERROR(co_await Begin(context));
  CO_RETURN_IF_ERROR(CheckKey(key));
  if (!traits_.can_append) {
    co_return Status::Unsupported(url_ + " cannot append; put the whole object");
  }
  std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end() || found->second.tag != position.tag ||
      found->second.content.size() != position.size) {
    co_return PutReply{.state = PutReply::State::kConflict, .tag = {}, .detail = {}};
  }
  std::string content(found->second.content.view());
  content += body.view();
  co_return Write(key, Bytes(std::move(content)));
}

Task<Result<DeleteReply>> MemoryObjectStore::Delete(Context context, std::string key,
                                                    std::optional<ObjectTag> if_match) {
  CO_RETURN_IF_ERROR(co_await Begin(context));
  CO_RETURN_IF_ERROR(CheckKey(key));
  std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  DeleteReply reply;
  if (found == objects_.end()) {
    reply.state = DeleteReply::State::kMissing;
  } else if (if_match && found->second.tag != *if_match) {
    reply.state = DeleteReply::State::kConflict;
  } else {
    objects_.erase(found);
    reply.state = DeleteReply::State::kDeleted;
  }
  co_return reply;
}

Task<Result<ListReply>> MemoryObjectStore::List(Context context, std::string prefix,
                                                std::optional<std::string> token) {
  CO_RETURN_IF_ERROR(co_await Begin(context));
  CO_RETURN_IF_ERROR(CheckPrefix(prefix));
  std::lock_guard lock(mutex_);
  ListReply reply;
  // The token is the last key of the page before.
  auto at = token ? objects_.upper_bound(*token) : objects_.lower_bound(prefix);
  for (; at != objects_.end() && at->first.starts_with(prefix); ++at) {
    if (reply.objects.size() == kListPageMax) {
      reply.next_token = reply.objects.back().key;
      break;
    }
    reply.objects.push_back({at->first, at->second.content.size()});
  }
  co_return reply;
}

}  // namespace duckpond
