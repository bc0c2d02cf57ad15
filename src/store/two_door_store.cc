// SPDX-License-Identifier: MIT
#include "store/two_door_store.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "store/object_rules.h"

namespace duckpond {
namespace {

// How long an answer of the front is waited for, large ones too; what takes longer is had from the
// origin.
constexpr MonotonicUs kFrontUsMax = 30'000'000;
// How long a front that failed is left alone, so that one that is down costs little.
constexpr MonotonicUs kFrontRestUs = 10'000'000;

// Damaged objects that are remembered, before all are forgotten.
constexpr size_t kDistrustedMax = 10'000;

// Marks tags that came through the front. No store makes such tags.
constexpr std::string_view kMark = "front:";

bool IsMarked(const ObjectTag& tag) { return tag.value.starts_with(kMark); }
constexpr char kStale[] = "the object was read through the CDN, which may be behind";

// Whether `reply` of the front is an answer. That something is missing is the origin's to say, and
// so is that an object which never changes ends early.
bool Serves(const GetReply& reply, const GetOptions& options) {
  using State = GetReply::State;
  if (reply.state == State::kMissing) return false;
  if (options.age_us_max == GetOptions::kAnyAge) return reply.state != State::kPastEnd;
  return reply.age_us <= options.age_us_max;
}

}  // namespace

TwoDoorObjectStore::TwoDoorObjectStore(Env& env, std::shared_ptr<ObjectStore> origin,
                                       std::shared_ptr<ObjectStore> front)
    : StoreWrapper(std::move(origin)), env_(env), front_(std::move(front)) {
  CHECK(front_ != nullptr);
}

Task<std::optional<GetReply>> TwoDoorObjectStore::AskFront(Context context, std::string key,
                                                           GetOptions options) {
  const MonotonicUs now_us = env_.executor.NowUs();
  if (now_us < front_down_until_us_) co_return std::nullopt;
  const std::optional<ObjectTag> asked = options.if_none_match;
  if (asked && IsMarked(*asked)) options.if_none_match->value = asked->value.substr(kMark.size());
  const Context waiting = context.WithDeadline(now_us + kFrontUsMax);
  auto reply = co_await front_->Get(waiting, std::move(key), options);
  if (!reply.ok()) {
    const StatusCode code = reply.error().code();
    const bool callers_end = !context.Check(env_.executor.NowUs()).ok();
    const bool down = code == StatusCode::kUnavailable || code == StatusCode::kCancelled ||
                      code == StatusCode::kUnknown;
    if (down && !callers_end) {
      front_down_until_us_ = env_.executor.NowUs() + kFrontRestUs;
    }
    co_return std::nullopt;
  }
  if (!Serves(*reply, options)) co_return std::nullopt;
  if (reply->state == GetReply::State::kUnchanged) {
    CHECK(asked.has_value());  // Of no other request.
    reply->tag = *asked;
  } else if (!reply->tag.value.empty()) {
    reply->tag.value.insert(0, kMark);
  }
  co_return *std::move(reply);
}

bool TwoDoorObjectStore::IsDistrusted(const std::string& key) const {
  std::lock_guard lock(mutex_);
  return distrusted_.contains(key);
}

void TwoDoorObjectStore::Distrust(const std::string& key) {
  std::lock_guard lock(mutex_);
  if (distrusted_.size() >= kDistrustedMax) distrusted_.clear();
  distrusted_.insert(key);
}

Task<Result<GetReply>> TwoDoorObjectStore::Get(Context context, std::string key,
                                               GetOptions options) {
  if (options.age_us_max == GetOptions::kFromStore && IsWrittenOnce(key)) Distrust(key);
  if (options.age_us_max > 0 && !IsDistrusted(key)) {
    std::optional<GetReply> reply = co_await AskFront(context, key, options);
    if (reply) co_return *std::move(reply);
  }
  if (options.if_none_match && IsMarked(*options.if_none_match)) options.if_none_match.reset();
  co_return co_await below()->Get(std::move(context), std::move(key), std::move(options));
}

Task<Result<PutReply>> TwoDoorObjectStore::Put(Context context, std::string key, Bytes body,
                                               PutCondition condition) {
  if (condition.kind == PutCondition::Kind::kIfMatch && IsMarked(condition.tag)) {
    co_return PutReply{PutReply::State::kConflict, {}, kStale};
  }
  co_return co_await below()->Put(std::move(context), std::move(key), std::move(body),
                                  std::move(condition));
}

Task<Result<PutReply>> TwoDoorObjectStore::Append(Context context, std::string key, Bytes body,
                                                  AppendPosition position) {
  if (IsMarked(position.tag)) co_return PutReply{PutReply::State::kConflict, {}, kStale};
  co_return co_await below()->Append(std::move(context), std::move(key), std::move(body),
                                     std::move(position));
}

Task<Result<DeleteReply>> TwoDoorObjectStore::Delete(Context context, std::string key,
                                                     std::optional<ObjectTag> if_match) {
  if (if_match && IsMarked(*if_match)) {
    co_return DeleteReply{DeleteReply::State::kConflict, kStale};
  }
  co_return co_await below()->Delete(std::move(context), std::move(key), std::move(if_match));
}

}  // namespace duckpond
