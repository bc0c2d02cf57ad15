// SPDX-License-Identifier: MIT
#include "store/hedging_store.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "store/store_speed.h"

namespace duckpond {
namespace {

constexpr double kPercentile = 0.95;
constexpr int64_t kDelayFactor = 2;
// Reads of at most so many bytes are of the first class, and so on; then all others, and last those
// of a size that is not known.
constexpr std::array<uint64_t, 2> kClassBytes = {64 * 1024, 1024 * 1024};
constexpr size_t kLargeClass = 2;
constexpr size_t kUnknownClass = 3;
static_assert(kLargeClass == kClassBytes.size() && kUnknownClass == kLargeClass + 1);

}  // namespace

// One read, asked for once or twice.
struct HedgingObjectStore::Race {
  Executor& executor;
  std::shared_ptr<State> state;
  Context context;
  Send<GetReply> send;
  Completion<Result<GetReply>> answer;
  std::array<CancelSource, 2> stop;

  std::mutex mutex;
  size_t sent = 0;  // Guarded by mutex, as what follows.
  size_t running = 0;
  bool answered = false;

  // Whether another request is to be sent; `place` is its place.
  bool Begin(size_t& place) {
    std::lock_guard lock(mutex);
    if (answered || sent == stop.size() || (sent > 0 && !state->Spend())) return false;
    place = sent++;
    ++running;
    return true;
  }

  // The first answer counts, or the last error.
  void End(size_t place, Result<GetReply> reply) {
    {
      std::lock_guard lock(mutex);
      CHECK(running > 0 && place < sent);
      --running;
      if (answered || (!reply.ok() && running > 0)) return;
      answered = true;
    }
    stop[1 - place].Cancel();
    answer.Set(std::move(reply));
  }
};

HedgingObjectStore::HedgingObjectStore(Env& env, std::shared_ptr<ObjectStore> below,
                                       HedgeOptions options)
    : StoreWrapper(std::move(below)), env_(env), state_(std::make_shared<State>(options)) {}

size_t HedgingObjectStore::ClassOf(const GetOptions& options) {
  if (!options.range || !options.range->length) return kUnknownClass;
  const auto found = std::ranges::lower_bound(kClassBytes, *options.range->length);
  return found == kClassBytes.end() ? kLargeClass : found - kClassBytes.begin();
}

std::optional<int64_t> HedgingObjectStore::State::DelayUs(size_t size_class) {
  CHECK(size_class < times.size());
  std::vector<int64_t> us;
  {
    std::lock_guard lock(mutex);
    unused = std::min(unused + options.share, options.unused_max);
    if (unused < 1 || times[size_class].us.size() < options.observations_min) return std::nullopt;
    us = times[size_class].us;
  }
  const auto at = us.begin() + static_cast<ptrdiff_t>(static_cast<double>(us.size()) * kPercentile);
  std::ranges::nth_element(us, at);
  return std::max(*at * kDelayFactor, options.delay_min_us);
}

void HedgingObjectStore::State::Observe(size_t size_class, int64_t took_us) {
  CHECK(size_class < times.size() && took_us >= 0);
  std::lock_guard lock(mutex);
  Times& known = times[size_class];
  if (known.us.size() < options.observations) {
    known.us.push_back(took_us);
    return;
  }
  known.us[known.next] = took_us;
  known.next = (known.next + 1) % known.us.size();
}

bool HedgingObjectStore::State::Spend() {
  std::lock_guard lock(mutex);
  if (unused < 1) return false;
  unused -= 1;
  return true;
}

Task<void> HedgingObjectStore::Attempt(std::shared_ptr<Race> race, size_t place) {
  Context context = race->context;
  context.cancel = race->stop[place].token();
  // Whoever gives up the read gives up both.
  const auto registration =
      race->context.cancel.OnCancel([stop = race->stop[place]]() mutable { stop.Cancel(); });
  auto reply = co_await race->send(std::move(context));
  race->End(place, std::move(reply));
}

Task<Result<GetReply>> HedgingObjectStore::Get(Context context, std::string key,
                                               GetOptions options) {
  if (SpeedOf(traits()).latency_us < kHedgedLatencyUs) {
    co_return co_await below()->Get(std::move(context), std::move(key), std::move(options));
  }
  const size_t size_class = ClassOf(options);
  const MonotonicUs started_us = env_.executor.NowUs();
  const std::optional<int64_t> delay_us = state_->DelayUs(size_class);
  Result<GetReply> reply = Status::Internal("not asked");
  if (!delay_us) {
    reply = co_await below()->Get(std::move(context), std::move(key), std::move(options));
  } else {
    auto race = std::make_shared<Race>(env_.executor, state_, std::move(context),
                                       SendGet(std::move(key), std::move(options)));
    size_t first = 0;
    const bool begun = race->Begin(first);
    CHECK(begun);  // Else nobody would answer.
    Spawn(env_.executor, Attempt(race, first));
    env_.executor.PostAt(started_us + *delay_us, [race] {
      size_t second = 0;
      if (race->Begin(second)) Spawn(race->executor, Attempt(race, second));
    });
    reply = co_await race->answer;
  }
  if (reply.ok()) state_->Observe(size_class, env_.executor.NowUs() - started_us);
  co_return reply;
}

}  // namespace duckpond
