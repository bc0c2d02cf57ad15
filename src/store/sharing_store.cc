// SPDX-License-Identifier: MIT
#include "store/sharing_store.h"

#include <optional>
#include <utility>
#include <vector>

namespace duckpond {

// A request under way, and who waits for it.
struct SharingObjectStore::Flight {
  // The answer for all; none: who sent it gave up.
  using Landing = std::optional<Result<GetReply>>;
  struct Waiter {
    Completion<Landing> landing;
    MonotonicUs deadline_us = 0;
  };
  std::vector<Waiter> waiting;  // Guarded by the store's mutex_.
};

SharingObjectStore::SharingObjectStore(Env& env, std::shared_ptr<ObjectStore> below)
    : StoreWrapper(std::move(below)), env_(env) {}

SharingObjectStore::~SharingObjectStore() = default;

Task<Result<GetReply>> SharingObjectStore::Get(Context context, std::string key,
                                               GetOptions options) {
  if (options.age_us_max != GetOptions::kAnyAge || options.if_none_match) {
    co_return co_await below()->Get(std::move(context), std::move(key), std::move(options));
  }
  const ByteRange range = options.range.value_or(ByteRange{});
  const Wanted wanted = {
      key,         range.offset, range.length.value_or(0), options.bytes_max, options.want_tag,
      context.once};
  while (true) {
    CO_RETURN_IF_ERROR(context.Check(env_.executor.NowUs()));
    Completion<Flight::Landing> landing;
    bool sends = false;
    {
      std::lock_guard lock(mutex_);
      auto& flight = flights_[wanted];
      sends = flight == nullptr;
      if (sends) {
        flight = std::make_shared<Flight>();
      } else {
        flight->waiting.push_back({landing, context.deadline_us});
      }
    }
    if (!sends) {
      // Whatever comes first; an end of this context looks like that of the sender's.
      const auto give_up = [landing] { landing.Set(std::nullopt); };
      const auto registration = context.cancel.OnCancel(give_up);
      if (context.deadline_us != Context{}.deadline_us) {
        env_.executor.PostAt(context.deadline_us, give_up);
      }
      Flight::Landing answer = co_await landing;
      if (answer) co_return *std::move(answer);
      continue;
    }
    auto reply = co_await below()->Get(context, key, options);
    const bool gave_up = !reply.ok() && !context.Check(env_.executor.NowUs()).ok();
    // Retries end with the time there is: who has more of it would have gone on.
    const bool for_want_of_time = reply.status().code() == StatusCode::kUnavailable;
    std::shared_ptr<Flight> flight;
    {
      std::lock_guard lock(mutex_);
      flight = std::move(flights_.extract(wanted).mapped());
    }
    for (const Flight::Waiter& other : flight->waiting) {
      const bool tries = gave_up || (for_want_of_time && other.deadline_us > context.deadline_us);
      other.landing.Set(tries ? std::nullopt : Flight::Landing(reply));
    }
    co_return reply;
  }
}

}  // namespace duckpond
