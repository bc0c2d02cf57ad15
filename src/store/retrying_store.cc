// SPDX-License-Identifier: MIT
#include "store/retrying_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace duckpond {

RetryingObjectStore::RetryingObjectStore(Env& env, std::shared_ptr<ObjectStore> below,
                                         RetryOptions options)
    : StoreWrapper(std::move(below)), env_(env), options_(options) {
  CHECK(options_.attempts_max >= 1 && options_.wait_first_us >= 0 && options_.wait_max_us >= 0);
}

Task<bool> RetryingObjectStore::WaitBefore(Context context, int attempt) {
  CHECK(attempt >= 1);
  if (context.once || attempt >= options_.attempts_max) co_return false;
  const int doublings = std::min(attempt - 1, 30);
  const int64_t most_us = std::min(options_.wait_max_us, options_.wait_first_us << doublings);
  const auto wait_us =
      static_cast<int64_t>(env_.random.Below(static_cast<uint64_t>(std::max<int64_t>(most_us, 1))));
  // A wait that ends behind the deadline would only hide what went wrong.
  if (env_.executor.NowUs() >= context.deadline_us - wait_us) co_return false;
  const Status slept = co_await Sleep(context, wait_us);
  co_return slept.ok();
}

namespace {

// Of what was tried to no end.
Status Tried(const Status& status, int times) {
  if (times < 2 || status.code() != StatusCode::kUnavailable) return status;
  return Status::Unavailable(
      fmt::format("{}; tried {} times: try again later, or look after what "
                  "is on the way",
                  status.message(), times));
}

}  // namespace

template <class Reply>
Task<Result<Reply>> RetryingObjectStore::Read(Context context, Send<Reply> send) {
  for (int attempt = 1;; ++attempt) {
    Result<Reply> reply = co_await send(context);
    const bool again = !reply.ok() && (reply.error().code() == StatusCode::kUnavailable ||
                                       reply.error().code() == StatusCode::kUnknown);
    if (!again) co_return reply;
    const bool waited = co_await WaitBefore(context, attempt);
    if (waited) continue;
    // Of a read it is no matter to the caller whether it was sent.
    if (reply.error().code() != StatusCode::kUnknown) co_return Tried(reply.error(), attempt);
    const Status over = context.Check(env_.executor.NowUs());
    const std::string& message = reply.error().message();
    if (!over.ok()) co_return Status::Cancelled(message);
    co_return Tried(Status::Unavailable(message), attempt);
  }
}

template <class Reply>
Task<Result<Reply>> RetryingObjectStore::Write(Context context, bool conditional,
                                               Send<Reply> send) {
  std::optional<Reply> unknown;  // Of an earlier attempt, which may have happened or still happen.
  for (int attempt = 1;; ++attempt) {
    Result<Reply> reply = co_await send(context);
    const bool is_unknown = reply.ok() && reply->state == Reply::State::kUnknown;
    if (is_unknown) unknown = *reply;
    const bool failed = !reply.ok() && reply.error().code() == StatusCode::kUnavailable;
    if (failed || (is_unknown && !conditional)) {
      const bool waited = co_await WaitBefore(context, attempt);
      if (waited) continue;
    }
    // That a later attempt met a conflict may be the doing of the one whose answer was lost.
    const bool refused = !reply.ok() || reply->state == Reply::State::kConflict;
    if (unknown && refused) co_return *unknown;
    if (!reply.ok()) co_return Tried(reply.error(), attempt);
    co_return reply;
  }
}

Task<Result<GetReply>> RetryingObjectStore::Get(Context context, std::string key,
                                                GetOptions options) {
  auto send = SendGet(key, options);
  co_return co_await Read<GetReply>(context, std::move(send));
}

Task<Result<PutReply>> RetryingObjectStore::Put(Context context, std::string key, Bytes body,
                                                PutCondition condition) {
  auto send = SendPut(key, body, condition);
  const bool conditional = condition.kind != PutCondition::Kind::kNone;
  co_return co_await Write<PutReply>(context, conditional, std::move(send));
}

Task<Result<PutReply>> RetryingObjectStore::Append(Context context, std::string key, Bytes body,
                                                   AppendPosition position) {
  auto send = SendAppend(key, body, position);
  co_return co_await Write<PutReply>(context, /*conditional=*/true, std::move(send));
}

Task<Result<DeleteReply>> RetryingObjectStore::Delete(Context context, std::string key,
                                                      std::optional<ObjectTag> if_match) {
  auto send = SendDelete(key, if_match);
  co_return co_await Write<DeleteReply>(context, if_match.has_value(), std::move(send));
}

Task<Result<ListReply>> RetryingObjectStore::List(Context context, std::string prefix,
                                                  std::optional<std::string> token) {
  auto send = SendList(prefix, token);
  co_return co_await Read<ListReply>(context, std::move(send));
}

}  // namespace duckpond
