// SPDX-License-Identifier: MIT
#include "store/renewed_credentials.h"

#include <simdjson.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/iso_time.h"

namespace duckpond {
namespace {

constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kNeverUs = std::numeric_limits<int64_t>::max();
constexpr int64_t kRenewBeforeUsMax = 300 * kSecondUs;
constexpr int64_t kWaitBeforeUsMax = 60 * kSecondUs;
// Between a fetch that failed, or brought keys that were refused, and the next.
constexpr int64_t kFetchesApartUs = 30 * kSecondUs;
// Keys with less to live are taken for over.
constexpr int64_t kLifeUsMin = kSecondUs;
constexpr int64_t kFetchUsMax = 20 * kSecondUs;
static_assert(kWaitBeforeUsMax < kRenewBeforeUsMax);  // First behind users' backs, then they wait.
static_assert(kFetchUsMax < kFetchesApartUs);

bool Same(const AwsKeys& a, const AwsKeys& b) {
  return a.access_key_id == b.access_key_id && a.secret_access_key == b.secret_access_key &&
         a.session_token == b.session_token;
}

class RenewedProvider final : public CredentialsProvider,
                              public std::enable_shared_from_this<RenewedProvider> {
 public:
  RenewedProvider(Env& env, std::shared_ptr<KeyFetcher> fetcher)
      : env_(env), fetcher_(std::move(fetcher)) {
    CHECK(fetcher_ != nullptr);
  }

  Task<Result<AwsKeys>> Get(Context context) override {
    return GetNow(shared_from_this(), std::move(context));
  }

  bool Renew(const AwsKeys& refused) override {
    std::lock_guard lock(mutex_);
    if (!keys_ || !Same(*keys_, refused)) return true;
    const int64_t now_us = env_.clock.NowUs();
    // Those that were to end soon are refused as they should be.
    const bool too_soon = refused_us_ && now_us - *refused_us_ < kFetchesApartUs;
    if (too_soon && now_us < renew_from_us_) return false;
    refused_us_ = now_us;
    keys_.reset();
    return true;
  }

  const std::string& source() const override { return fetcher_->source(); }

 private:
  using Self = std::shared_ptr<RenewedProvider>;
  using Waiter = Completion<Result<AwsKeys>>;

  static Task<Result<AwsKeys>> GetNow(Self self, Context context) {
    Executor* executor = co_await CurrentExecutor{};
    Waiter waiter;
    const auto [keys, fetch] = self->Look(waiter);
    if (fetch) Spawn(*executor, FetchNow(self));
    if (keys) co_return *keys;
    const auto leave = [waiter] {
      waiter.Set(Status::Cancelled("given up while waiting for keys"));
    };
    auto registration = context.cancel.OnCancel(leave);
    if (context.deadline_us != std::numeric_limits<MonotonicUs>::max()) {
      executor->PostAt(context.deadline_us, leave);
    }
    co_return co_await waiter;
  }

  struct Looked {
    std::optional<AwsKeys> keys;  // None: `waiter` will be told.
    bool fetch = false;           // The caller is the one to fetch.
  };
  Looked Look(const Waiter& waiter) {
    std::lock_guard lock(mutex_);
    const int64_t now_us = env_.clock.NowUs();
    Looked looked;
    if (keys_ && now_us < wait_from_us_) looked.keys = keys_;
    if (!looked.keys) waiters_.push_back(waiter);
    const bool due = !looked.keys || now_us >= renew_from_us_;
    looked.fetch = due && !fetching_;
    fetching_ = fetching_ || looked.fetch;
    return looked;
  }

  static Task<void> FetchNow(Self self) {
    Executor* executor = co_await CurrentExecutor{};
    Context context;
    context.deadline_us = executor->NowUs() + kFetchUsMax;
    const Result<FetchedKeys> fetched = co_await self->fetcher_->Fetch(context);
    std::vector<Waiter> waiters;
    {
      std::lock_guard lock(self->mutex_);
      CHECK(self->fetching_);  // One at a time: the fetcher relies on it.
      self->fetching_ = false;
      self->Note(fetched);
      waiters.swap(self->waiters_);
    }
    for (const Waiter& waiter : waiters) {
      if (fetched.ok()) {
        waiter.Set(fetched->keys);
      } else {
        waiter.Set(fetched.error().Prefixed("keys come from " + self->source()));
      }
    }
  }

  void Note(const Result<FetchedKeys>& fetched) {
    const int64_t now_us = env_.clock.NowUs();
    if (!fetched.ok()) {
      renew_from_us_ = now_us + kFetchesApartUs;
      return;
    }
    keys_ = fetched->keys;
    renew_from_us_ = wait_from_us_ = kNeverUs;
    if (!fetched->expires_us) return;
    // What is over already, by a clock that may be wrong, is left for the store to judge.
    int64_t life_us = *fetched->expires_us - now_us;
    if (life_us < kLifeUsMin) life_us = kFetchesApartUs * 2;
    renew_from_us_ = now_us + life_us - std::min(kRenewBeforeUsMax, life_us / 4);
    wait_from_us_ = now_us + life_us - std::min(kWaitBeforeUsMax, life_us / 20);
    CHECK(now_us < renew_from_us_ && renew_from_us_ <= wait_from_us_);
  }

  Env& env_;
  const std::shared_ptr<KeyFetcher> fetcher_;
  std::mutex mutex_;
  std::optional<AwsKeys> keys_;  // Guarded by mutex_, as is all below.
  int64_t renew_from_us_ = 0;
  int64_t wait_from_us_ = 0;
  std::optional<int64_t> refused_us_;
  bool fetching_ = false;
  std::vector<Waiter> waiters_;
};

}  // namespace

std::shared_ptr<CredentialsProvider> RenewedCredentials(Env& env,
                                                        std::shared_ptr<KeyFetcher> fetcher) {
  return std::make_shared<RenewedProvider>(env, std::move(fetcher));
}

Result<FetchedKeys> ReadKeysJson(std::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(simdjson::padded_string(text)).get(root) != simdjson::SUCCESS) {
    return Status::Invalid("what was answered is not JSON");
  }
  const auto field = [&root](const char* name) -> std::string {
    std::string_view value;
    const bool there = root[name].get(value) == simdjson::SUCCESS;
    return there ? std::string(value) : std::string();
  };
  FetchedKeys fetched;
  fetched.keys = {field("AccessKeyId"), field("SecretAccessKey"), field("Token")};
  if (fetched.keys.session_token.empty()) fetched.keys.session_token = field("SessionToken");
  if (fetched.keys.access_key_id.empty() || fetched.keys.secret_access_key.empty()) {
    const std::string said = field("Message") + field("message");
    return Status::Invalid("the answer has no keys" + (said.empty() ? "" : ": " + said));
  }
  const std::string expires = field("Expiration");
  if (expires.empty()) return fetched;
  fetched.expires_us = ParseIsoTime(expires);
  if (!fetched.expires_us) return Status::Invalid("the answer's Expiration is no moment");
  return fetched;
}

}  // namespace duckpond
