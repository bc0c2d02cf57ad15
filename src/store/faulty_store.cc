// SPDX-License-Identifier: MIT
#include "store/faulty_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "store/object_rules.h"

namespace duckpond {
namespace {

// Earlier contents that a stale read may show, per key.
constexpr size_t kVersionsRememberedMax = 4;

bool MayBeStale(const FaultOptions& options) {
  return options.rates.stale > 0 ||
         std::any_of(options.rules.begin(), options.rules.end(),
                     [](const FaultRule& rule) { return rule.fault == Fault::kStale; });
}

Status Lost(const std::string& key, std::string_view how) {
  return Status::Unavailable(fmt::format("{}: {} (injected)", key, how));
}

template <class Reply>
Reply UnknownReply(std::string_view how) {
  Reply reply;
  reply.state = Reply::State::kUnknown;
  reply.detail = fmt::format("{} (injected)", how);
  return reply;
}

GetReply Truncated(const GetReply& whole) {
  GetReply cut = whole;
  cut.bytes = Bytes(std::string(whole.bytes.view().substr(0, whole.bytes.size() / 2)));
  return cut;
}

}  // namespace

FaultyObjectStore::FaultyObjectStore(std::shared_ptr<ObjectStore> below, FaultOptions options)
    : StoreWrapper(std::move(below)),
      options_(std::move(options)),
      remembers_(MayBeStale(options_)),
      random_(options_.seed),
      rule_matches_(options_.rules.size(), 0) {
  const FaultRates& r = options_.rates;
  const double sum =
      r.fail + r.drop + r.time_out + r.late + r.delay + r.duplicate + r.truncate + r.stale;
  CHECK(sum <= 1);  // Beyond it the last ones would never be drawn, and nobody would notice.
  for (const FaultRule& rule : options_.rules) CHECK(rule.nth >= 1 && rule.delay_us >= 0);
}

void FaultyObjectStore::Crash() {
  std::lock_guard lock(mutex_);
  crashed_ = true;
}

bool FaultyObjectStore::crashed() const {
  std::lock_guard lock(mutex_);
  return crashed_;
}

uint64_t FaultyObjectStore::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

Status FaultyObjectStore::Crashed() const {
  return crashed() ? Status::Cancelled("the client has crashed (injected)") : Status::Ok();
}

double FaultyObjectStore::Uniform() { return static_cast<double>(random_.Next() >> 11) * 0x1p-53; }

Fault FaultyObjectStore::Draw() {
  const FaultRates& rates = options_.rates;
  const std::pair<double, Fault> choices[] = {
      {rates.fail, Fault::kFail},         {rates.drop, Fault::kDrop},
      {rates.time_out, Fault::kTimeOut},  {rates.late, Fault::kLate},
      {rates.delay, Fault::kDelay},       {rates.duplicate, Fault::kDuplicate},
      {rates.truncate, Fault::kTruncate}, {rates.stale, Fault::kStale},
  };
  double left = Uniform();
  for (const auto& [rate, fault] : choices) {
    if (left < rate) return fault;
    left -= rate;
  }
  return Fault::kNone;
}

FaultyObjectStore::Decision FaultyObjectStore::Decide(RequestKind kind, const std::string& key) {
  std::lock_guard lock(mutex_);
  Decision decision;
  ++requests_;
  if (options_.crash_after && requests_ > *options_.crash_after) crashed_ = true;
  if (crashed_) {
    decision.crashed = true;
    return decision;
  }
  int64_t delay_us = -1;
  for (size_t i = 0; i < options_.rules.size(); ++i) {
    const FaultRule& rule = options_.rules[i];
    const bool matches =
        (!rule.kind || *rule.kind == kind) && (rule.key.empty() || rule.key == key);
    if (!matches || ++rule_matches_[i] != rule.nth || delay_us >= 0) continue;
    decision.fault = rule.fault;
    delay_us = rule.delay_us;
  }
  if (delay_us < 0) {
    decision.fault = Draw();
    delay_us = static_cast<int64_t>(Uniform() * static_cast<double>(options_.delay_us_max));
  }
  if (decision.fault == Fault::kDelay || decision.fault == Fault::kLate) {
    decision.delay_before_us = static_cast<int64_t>(Uniform() * static_cast<double>(delay_us));
    decision.delay_after_us = delay_us - decision.delay_before_us;
  }
  return decision;
}

void FaultyObjectStore::Remember(const std::string& key, Bytes content, ObjectTag tag) {
  if (!remembers_) return;
  std::lock_guard lock(mutex_);
  auto& versions = history_[key];
  if (!versions.empty() && versions.back().tag == tag) return;
  versions.push_back({std::move(content), std::move(tag)});
  if (versions.size() > kVersionsRememberedMax + 1) versions.erase(versions.begin());
}

std::optional<FaultyObjectStore::Version> FaultyObjectStore::Earlier(const std::string& key) {
  std::lock_guard lock(mutex_);
  const auto found = history_.find(key);
  if (found == history_.end() || found->second.size() < 2) return std::nullopt;
  return found->second[random_.Below(found->second.size() - 1)];
}

Task<Result<GetReply>> FaultyObjectStore::Get(Context context, std::string key,
                                              GetOptions options) {
  const Decision decision = Decide(RequestKind::kGet, key);
  if (decision.delay_before_us > 0) {
    CO_RETURN_IF_ERROR(co_await Sleep(context, decision.delay_before_us));
  }
  CO_RETURN_IF_ERROR(Crashed());
  Result<GetReply> reply = co_await GetNow(context, key, options, decision);
  if (decision.delay_after_us > 0) {
    CO_RETURN_IF_ERROR(co_await Sleep(context, decision.delay_after_us));
  }
  CO_RETURN_IF_ERROR(Crashed());
  co_return reply;
}

Task<Result<GetReply>> FaultyObjectStore::GetNow(Context context, std::string key,
                                                 GetOptions options, Decision decision) {
  switch (decision.fault) {
    case Fault::kFail:
      co_return Lost(key, "the request was refused");
    case Fault::kDrop:
    case Fault::kLate:
      co_return Lost(key, "the request was lost");
    case Fault::kStale:
      if (const auto earlier = Earlier(key)) {
        co_return AnswerGet(earlier->content, earlier->tag, options);
      }
      break;
    case Fault::kDuplicate: {
      Result<GetReply> unheard = co_await below()->Get(context, key, options);
      break;
    }
    default:
      break;
  }
  Result<GetReply> reply = co_await below()->Get(context, key, options);
  if (!reply.ok() || reply->state != GetReply::State::kFound) co_return reply;
  if (!options.range) Remember(key, reply->bytes, reply->tag);
  if (decision.fault == Fault::kTimeOut) co_return Lost(key, "the answer was lost");
  if (decision.fault == Fault::kTruncate) co_return Truncated(*reply);
  co_return reply;
}

template <class Reply>
Task<void> FaultyObjectStore::SendLate(int64_t wait_us, Send<Reply> send) {
  Status slept = co_await Sleep(Context{}, wait_us);
  if (!slept.ok()) co_return;
  Result<Reply> unheard = co_await send(Context{});
}

template <class Reply>
Task<Result<Reply>> FaultyObjectStore::Write(Context context, std::string key, Decision decision,
                                             Send<Reply> send) {
  if (decision.crashed) co_return Crashed();
  if (decision.fault == Fault::kFail) co_return Lost(key, "the request was refused");
  if (decision.fault == Fault::kDrop) co_return UnknownReply<Reply>("the request was lost");
  if (decision.fault == Fault::kLate) {
    Executor* executor = co_await CurrentExecutor{};
    Spawn(*executor, SendLate<Reply>(decision.delay_before_us + decision.delay_after_us, send));
    co_return UnknownReply<Reply>("the request is under way");
  }
  if (decision.delay_before_us > 0) {
    CO_RETURN_IF_ERROR(co_await Sleep(context, decision.delay_before_us));
    CO_RETURN_IF_ERROR(Crashed());
  }
  Result<Reply> reply = co_await send(context);
  if (decision.fault == Fault::kDuplicate) reply = co_await send(context);
  CO_RETURN_IF_ERROR(Crashed());
  if (decision.delay_after_us > 0) {
    const Status slept = co_await Sleep(context, decision.delay_after_us);
    // It was applied: the caller that gave up meanwhile cannot be told that nothing was sent.
    if (!slept.ok()) co_return UnknownReply<Reply>("the caller did not wait for the answer");
    CO_RETURN_IF_ERROR(Crashed());
  }
  if (decision.fault == Fault::kTimeOut && reply.ok()) {
    co_return UnknownReply<Reply>("the answer was lost");
  }
  co_return reply;
}

Task<Result<PutReply>> FaultyObjectStore::Put(Context context, std::string key, Bytes body,
                                              PutCondition condition) {
  const Decision decision = Decide(RequestKind::kPut, key);
  auto send = SendPut(key, body, condition);
  Result<PutReply> reply = co_await Write<PutReply>(context, key, decision, std::move(send));
  if (reply.ok() && reply->state == PutReply::State::kWritten) Remember(key, body, reply->tag);
  co_return reply;
}

Task<Result<PutReply>> FaultyObjectStore::Append(Context context, std::string key, Bytes body,
                                                 AppendPosition position) {
  const Decision decision = Decide(RequestKind::kPut, key);
  auto send = SendAppend(key, body, position);
  co_return co_await Write<PutReply>(context, key, decision, std::move(send));
}

Task<Result<DeleteReply>> FaultyObjectStore::Delete(Context context, std::string key,
                                                    std::optional<ObjectTag> if_match) {
  const Decision decision = Decide(RequestKind::kDelete, key);
  auto send = SendDelete(key, if_match);
  co_return co_await Write<DeleteReply>(context, key, decision, std::move(send));
}

Task<Result<ListReply>> FaultyObjectStore::List(Context context, std::string prefix,
                                                std::optional<std::string> token) {
  const Decision decision = Decide(RequestKind::kList, prefix);
  CO_RETURN_IF_ERROR(Crashed());
  const int64_t delay_us = decision.delay_before_us + decision.delay_after_us;
  if (delay_us > 0) CO_RETURN_IF_ERROR(co_await Sleep(context, delay_us));
  if (decision.fault == Fault::kFail || decision.fault == Fault::kDrop ||
      decision.fault == Fault::kTimeOut) {
    co_return Lost(prefix, "the listing was lost");
  }
  Result<ListReply> reply = co_await below()->List(context, prefix, token);
  CO_RETURN_IF_ERROR(Crashed());
  co_return reply;
}

}  // namespace duckpond
