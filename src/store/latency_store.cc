// SPDX-License-Identifier: MIT
#include "store/latency_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>
#include <utility>

#include "base/check.h"

namespace duckpond {
namespace {

// Keys whose last write is remembered before old ones are thrown out.
constexpr size_t kKeysSwept = 1024;
// The 90th percentile of a normal distribution, in standard deviations.
constexpr double kNormalP90 = 1.2815515655446004;

// Vendors' and others' figures for 1 KB from inside the region, 2026. The limits are what swaps of
// one object reached, except R2's, which is documented.
const LatencyProfile kProfiles[] = {
    {"none", {}, {}, 0, {}},
    {"s3", {22'000, 42'000}, {26'000, 41'000}, 15, "s3"},
    {"s3-express", {5'000, 10'000}, {5'000, 10'000}, 70, "s3-express"},
    {"r2", {606'000, 681'000}, {606'000, 681'000}, 1, "r2"},
    {"dynamodb", {4'000, 8'000}, {6'000, 12'000}, 1000, "dynamodb"},
};

}  // namespace

Result<LatencyProfile> LatencyProfile::Named(std::string_view name) {
  std::string known;
  for (const LatencyProfile& profile : kProfiles) {
    if (profile.name == name) return profile;
    known += (known.empty() ? "" : ", ") + profile.name;
  }
  return Status::Invalid(fmt::format("unknown latency profile \"{}\"; known are: {}", name, known));
}

LatencyObjectStore::LatencyObjectStore(Env& env, std::shared_ptr<ObjectStore> below,
                                       LatencyProfile profile)
    : StoreWrapper(std::move(below)),
      env_(env),
      profile_(std::move(profile)),
      traits_(StoreWrapper::traits()) {
  CHECK(profile_.read.p50_us <= profile_.read.p90_us);
  CHECK(profile_.write.p50_us <= profile_.write.p90_us && profile_.swaps_per_second_max >= 0);
  if (profile_.name == "none") return;
  traits_.swaps_per_second_max = profile_.tells_limit ? profile_.swaps_per_second_max : 0;
  traits_.prices = PricesOf(profile_.prices, "");
}

int64_t LatencyObjectStore::Sample(const LatencyProfile::Time& time) {
  if (time.p50_us == 0) return 0;
  const auto uniform = [this] {
    return (static_cast<double>(env_.random.Next() >> 11) + 0.5) * 0x1p-53;
  };
  // Box and Muller's way from two uniform numbers to a normal one.
  const double radius = std::sqrt(-2 * std::log(uniform()));
  const double normal = radius * std::cos(2 * std::numbers::pi * uniform());
  const auto p50 = static_cast<double>(time.p50_us);
  const double sigma = std::log(static_cast<double>(time.p90_us) / p50) / kNormalP90;
  return static_cast<int64_t>(p50 * std::exp(sigma * normal));
}

Status LatencyObjectStore::Admit(const std::string& key) {
  if (profile_.swaps_per_second_max <= 0) return Status::Ok();
  const auto interval_us = static_cast<int64_t>(1e6 / profile_.swaps_per_second_max);
  const MonotonicUs now_us = env_.executor.NowUs();
  std::lock_guard lock(mutex_);
  if (next_write_us_.size() >= kKeysSwept) {
    std::erase_if(next_write_us_, [now_us](const auto& entry) { return entry.second <= now_us; });
  }
  MonotonicUs& next_us = next_write_us_[key];
  if (now_us < next_us) {
    return Status::Unavailable(fmt::format("{}: slow down, {} admits {} writes of a key a second",
                                           key, profile_.name, profile_.swaps_per_second_max));
  }
  next_us = now_us + interval_us;
  return Status::Ok();
}

template <class Reply>
Task<Result<Reply>> LatencyObjectStore::Read(Context context, Send<Reply> send) {
  const int64_t time_us = Sample(profile_.read);
  CO_RETURN_IF_ERROR(co_await Sleep(context, time_us / 2));
  Result<Reply> reply = co_await send(context);
  const Status waited = co_await Sleep(context, time_us - time_us / 2);
  // Sent, and the caller went away before the answer reached it.
  if (!waited.ok()) co_return Status::Unknown(waited.message());
  co_return reply;
}

template <class Reply>
Task<Result<Reply>> LatencyObjectStore::Write(Context context, std::string key, Send<Reply> send) {
  const int64_t time_us = Sample(profile_.write);
  CO_RETURN_IF_ERROR(co_await Sleep(context, time_us / 2));
  const Status admitted = Admit(key);
  if (!admitted.ok()) {
    CO_RETURN_IF_ERROR(co_await Sleep(context, time_us - time_us / 2));
    co_return admitted;
  }
  Result<Reply> reply = co_await send(context);
  const Status waited = co_await Sleep(context, time_us - time_us / 2);
  if (waited.ok() || !reply.ok()) co_return reply;
  // Sent, and the caller went away before the answer reached it.
  Reply unknown;
  unknown.state = Reply::State::kUnknown;
  unknown.detail = waited.message();
  co_return unknown;
}

Task<Result<GetReply>> LatencyObjectStore::Get(Context context, std::string key,
                                               GetOptions options) {
  auto send = SendGet(key, options);
  co_return co_await Read<GetReply>(context, std::move(send));
}

Task<Result<PutReply>> LatencyObjectStore::Put(Context context, std::string key, Bytes body,
                                               PutCondition condition) {
  auto send = SendPut(key, body, condition);
  co_return co_await Write<PutReply>(context, key, std::move(send));
}

Task<Result<PutReply>> LatencyObjectStore::Append(Context context, std::string key, Bytes body,
                                                  AppendPosition position) {
  auto send = SendAppend(key, body, position);
  co_return co_await Write<PutReply>(context, key, std::move(send));
}

Task<Result<DeleteReply>> LatencyObjectStore::Delete(Context context, std::string key,
                                                     std::optional<ObjectTag> if_match) {
  auto send = SendDelete(key, if_match);
  co_return co_await Write<DeleteReply>(context, key, std::move(send));
}

Task<Result<ListReply>> LatencyObjectStore::List(Context context, std::string prefix,
                                                 std::optional<std::string> token) {
  auto send = SendList(prefix, token);
  co_return co_await Read<ListReply>(context, std::move(send));
}

}  // namespace duckpond
