// SPDX-License-Identifier: MIT
#include "store/store_proof.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "store/s3_quirks.h"

namespace duckpond {
namespace {

constexpr int kRivals = 4;
// One alone would race with nobody.
constexpr int kRivalsAnsweredMin = 2;
static_assert(kRivalsAnsweredMin >= 2 && kRivalsAnsweredMin <= kRivals);
constexpr int kLooks = 4;
constexpr int64_t kThrottledUs = 1'000'000;

using State = PutReply::State;

class Prover {
 public:
  Prover(std::shared_ptr<ObjectStore> store, Context context, const std::vector<std::string>& keys)
      : store_(std::move(store)),
        context_(std::move(context)),
        race_key_(keys[0]),
        held_key_(keys[1]),
        missing_key_(keys[2]) {
    // One key for two of them would have the store refuse what it should take.
    CHECK(keys.size() == 3 && race_key_ != held_key_ && held_key_ != missing_key_);
  }

  // All steps; each says what the store did wrong. What is sent together touches objects of its
  // own, so that nothing is refused for being in another request's way, but for the rivals.
  Task<Status> Run() {
    CO_RETURN_IF_ERROR(co_await Begin());
    CO_RETURN_IF_ERROR(CheckServer());
    CO_RETURN_IF_ERROR(co_await Race());
    const Result<PutReply> stale = co_await PutStale();
    CO_RETURN_IF_ERROR(CheckConflict("If-Match with an old tag", stale));
    CHECK(!winner_.empty());
    if (store_->traits().can_append) CO_RETURN_IF_ERROR(co_await AppendStale());
    co_return co_await CheckContents();
  }

 private:
  static constexpr std::string_view kFirst = "one";
  static constexpr std::string_view kHeld = "held";

  Task<Result<PutReply>> Put(const std::string& key, std::string_view content,
                             PutCondition condition) {
    return store_->Put(context_, key, Bytes(std::string(content)), std::move(condition));
  }

  Status Refused(std::string_view what) const {
    const std::string server = store_->server();
    return Status::Unsupported(fmt::format(
        "{} ({}{}{}) {}; writers would lose each other's commits there. Use a store with "
        "conditional writes: AWS S3, R2, Tigris, MinIO, Ceph, versitygw or a local directory",
        store_->url(), store_->endpoint(), server.empty() ? "" : ", server ", server, what));
  }

  Status Unclear(std::string_view what, const std::string& detail) const {
    return Status::Unavailable(
        fmt::format("{} did not answer {} clearly: {}", store_->url(), what, detail));
  }

  Status CheckServer() const {
    const std::string_view defect = KnownDefect(store_->server());
    return defect.empty() ? Status::Ok() : Refused(defect);
  }

  Status CheckConflict(std::string_view what, const Result<PutReply>& reply) const {
    if (!reply.ok()) return reply.error();
    if (reply->state == State::kUnknown) return Unclear(what, reply->detail);
    if (reply->state == State::kWritten) return Refused(fmt::format("accepted {}", what));
    return Status::Ok();
  }

  // A part of an object proves nothing.
  Task<Result<GetReply>> Look(const std::string& key) {
    Result<GetReply> reply = co_await store_->Get(context_, key, {});
    const bool found = reply.ok() && reply->state == GetReply::State::kFound;
    if (found && reply->bytes.size() != reply->object_size) {
      co_return Unclear("a Get", "the content is cut short");
    }
    co_return reply;
  }

  Task<Status> Begin() {
    std::vector<Task<Result<PutReply>>> puts;
    puts.push_back(Put(race_key_, kFirst, PutCondition::IfAbsent()));
    puts.push_back(Put(held_key_, kHeld, PutCondition::IfAbsent()));
    const std::vector<Result<PutReply>> replies = co_await WhenAll(std::move(puts));
    CO_RETURN_IF_ERROR(co_await CheckBegun(race_key_, kFirst, replies[0]));
    CO_RETURN_IF_ERROR(co_await CheckBegun(held_key_, kHeld, replies[1]));
    co_return Status::Ok();
  }

  Task<Status> CheckBegun(const std::string& key, std::string_view content,
                          const Result<PutReply>& reply) {
    constexpr std::string_view kWhat = "a first If-None-Match: * of a new key";
    if (!reply.ok()) co_return reply.error();
    if (reply->state == State::kUnknown) co_return Unclear(kWhat, reply->detail);
    if (reply->state == State::kWritten) {
      if (key == race_key_) first_ = reply->tag;
      co_return Status::Ok();
    }
    // Something between may have sent it twice: then the conflict is its own.
    CO_ASSIGN_OR_RETURN(const GetReply seen, co_await Look(key));
    if (seen.state != GetReply::State::kFound) co_return Refused(fmt::format("refused {}", kWhat));
    if (seen.bytes.view() != content) co_return Unclear(kWhat, "there is something else");
    if (key == race_key_) first_ = seen.tag;
    co_return Status::Ok();
  }

  // Rivals swap with the same tag at the same time: one may win. Meanwhile, elsewhere, two puts
  // that must be refused.
  Task<Status> Race() {
    std::vector<Task<Result<PutReply>>> puts;
    for (int i = 0; i < kRivals; ++i) {
      puts.push_back(Put(race_key_, Rival(i), PutCondition::IfMatch(first_)));
    }
    puts.push_back(Put(held_key_, "two", PutCondition::IfAbsent()));
    puts.push_back(Put(missing_key_, "ghost", PutCondition::IfMatch(first_)));
    const std::vector<Result<PutReply>> replies = co_await WhenAll(std::move(puts));
    CHECK(replies.size() == kRivals + 2);
    CO_RETURN_IF_ERROR(CheckConflict("If-None-Match: * of a key that exists", replies[kRivals]));
    int answered = 0;
    Status throttled;
    for (int i = 0; i < kRivals; ++i) {
      if (replies[i].status().code() == StatusCode::kUnavailable) {
        // R2 admits one write of a key a second and turns the others away: they did not win.
        throttled = replies[i].error();
        continue;
      }
      if (!replies[i].ok()) co_return replies[i].error();
      ++answered;
      if (replies[i]->state == State::kUnknown) co_return Unclear("If-Match", replies[i]->detail);
      if (replies[i]->state == State::kConflict) continue;
      if (!winner_.empty()) co_return Refused("let two writers win the same race");
      winner_ = Rival(i);
    }
    CO_RETURN_IF_ERROR(CheckConflict("If-Match of a missing key", replies[kRivals + 1]));
    if (answered < kRivalsAnsweredMin) co_return throttled;
    if (!winner_.empty()) co_return Status::Ok();
    co_return co_await SwapAlone();
  }

  // Nobody won: a store may refuse all rivals as in each other's way, and the answer of one that
  // was sent twice is the conflict with itself. On its own, a swap must succeed. Looking several
  // times makes up for answers from a cache.
  Task<Status> SwapAlone() {
    for (int i = 0; i < kLooks; ++i) {
      CO_ASSIGN_OR_RETURN(const GetReply seen, co_await Look(race_key_));
      if (seen.state == GetReply::State::kFound && seen.tag != first_) {
        winner_ = seen.bytes.view();
        co_return Status::Ok();
      }
      const std::string content = Rival(kRivals);
      const Result<PutReply> reply =
          co_await Put(race_key_, content, PutCondition::IfMatch(first_));
      if (!reply.ok()) co_return reply.error();
      if (reply->state == State::kUnknown) co_return Unclear("If-Match", reply->detail);
      if (reply->state != State::kWritten) continue;
      winner_ = content;
      co_return Status::Ok();
    }
    co_return Refused("refused If-Match with the right tag");
  }

  // After the race the key's turn may be a second away: longer than retries may take.
  Task<Result<PutReply>> PutStale() {
    for (int i = 1;; ++i) {
      Result<PutReply> reply = co_await Put(race_key_, "stale", PutCondition::IfMatch(first_));
      if (reply.status().code() != StatusCode::kUnavailable || i == kLooks) co_return reply;
      CO_RETURN_IF_ERROR(co_await Sleep(context_, kThrottledUs));
    }
  }

  // At the right size, but to another content: it must not land. A store that turns out not to
  // append at all is written to as a whole.
  Task<Status> AppendStale() {
    // Named: what is made of braces within co_await, g++ 12 destroys twice.
    ObjectStore::AppendPosition position{kHeld.size(), first_};
    const Result<PutReply> reply =
        co_await store_->Append(context_, held_key_, Bytes("stale"), std::move(position));
    if (reply.status().code() == StatusCode::kUnsupported) co_return Status::Ok();
    co_return CheckConflict("an append to an old tag", reply);
  }

  static std::string Rival(int number) { return fmt::format("rival {}", number); }

  // What was refused must not have happened.
  Task<Status> CheckContents() {
    std::vector<Task<Result<GetReply>>> looks;
    for (const std::string* key : {&race_key_, &held_key_, &missing_key_}) {
      looks.push_back(Look(*key));
    }
    const std::vector<Result<GetReply>> seen = co_await WhenAll(std::move(looks));
    for (const auto& reply : seen) {
      if (!reply.ok()) co_return reply.error();
    }
    CO_RETURN_IF_ERROR(CheckContent(*seen[0], winner_));
    CO_RETURN_IF_ERROR(CheckContent(*seen[1], kHeld));
    co_return CheckContent(*seen[2], "");
  }

  // `expected` is empty for an object that must not be there.
  Status CheckContent(const GetReply& seen, std::string_view expected) const {
    const std::string_view content = seen.bytes.view();
    if (content == expected) return Status::Ok();
    bool refused =
        content == "two" || content == "stale" || content == "ghost" || content == "heldstale";
    for (int i = 0; i < kRivals; ++i) refused = refused || content == Rival(i);
    if (refused) return Refused("wrote what it had refused to write");
    return Unclear("a Get after the last write", "the content is older than it");
  }

  const std::shared_ptr<ObjectStore> store_;
  const Context context_;
  const std::string race_key_;     // Swapped by rivals.
  const std::string held_key_;     // Created once.
  const std::string missing_key_;  // Never there.
  ObjectTag first_;                // Of what race_key_ had before the race.
  std::string winner_;             // What race_key_ has had since.
};

Task<Status> Remove(std::shared_ptr<ObjectStore> store, Context context, std::string key) {
  // Left behind is a few bytes that no pond looks at; not worth failing for.
  const auto reply = co_await store->Delete(std::move(context), std::move(key), std::nullopt);
  co_return Status::Ok();
}

}  // namespace

std::string ProofText(const ObjectStore& store) {
  return fmt::format("conditions/1 {}", store.endpoint());
}

Task<Result<StoreProof>> TryConditions(Env& env, std::shared_ptr<ObjectStore> store,
                                       Context context) {
  const std::string key = "proof/" + env.uuids.Next().ToString();
  StoreProof proof{ProofText(*store), {key, key + "-held", key + "-missing"}};
  Prover prover(store, context, proof.objects);
  const Status proved = co_await prover.Run();
  if (proved.ok()) co_return proof;
  const Status removed = co_await RemoveProof(store, context, std::move(proof));
  co_return proved;
}

Task<Status> RemoveProof(std::shared_ptr<ObjectStore> store, Context context, StoreProof proof) {
  std::vector<Task<Status>> removals;
  for (const std::string& key : proof.objects) removals.push_back(Remove(store, context, key));
  const auto removed = co_await WhenAll(std::move(removals));
  co_return Status::Ok();
}

Task<Result<std::string>> ProveConditions(Env& env, std::shared_ptr<ObjectStore> store,
                                          Context context) {
  CO_ASSIGN_OR_RETURN(StoreProof proof, co_await TryConditions(env, store, context));
  std::string text = proof.text;
  const Status removed = co_await RemoveProof(store, context, std::move(proof));
  co_return text;
}

}  // namespace duckpond
