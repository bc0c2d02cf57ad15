// SPDX-License-Identifier: MIT
#include "store/store_proof.h"

#include <fmt/format.h>

#include <cctype>
#include <string_view>
#include <utility>
#include <vector>

namespace duckpond {
namespace {

constexpr int kRivals = 4;

using State = PutReply::State;

// Names, in lower case, in the Server header of servers that pass a single-handed test and lose
// races all the same: moto (served by Werkzeug) and s3rver.
constexpr std::string_view kRacyServers[] = {"werkzeug", "s3rver"};

class Prover {
 public:
  Prover(std::shared_ptr<ObjectStore> store, Context context, const std::string& name)
      : store_(std::move(store)),
        context_(std::move(context)),
        key_("proof/" + name),
        missing_key_(key_ + "-missing") {}

  // All steps; each says what the store did wrong.
  Task<Status> Run() {
    CO_RETURN_IF_ERROR(co_await Expect("a first If-None-Match: * of a new key", key_, "one",
                                       PutCondition::IfAbsent(), State::kWritten));
    CO_RETURN_IF_ERROR(CheckServer());
    const ObjectTag first = tag_;
    CO_RETURN_IF_ERROR(co_await Expect("If-None-Match: * of a key that exists", key_, "two",
                                       PutCondition::IfAbsent(), State::kConflict));
    CO_RETURN_IF_ERROR(co_await Race(first));
    CO_RETURN_IF_ERROR(co_await Expect("If-Match with an old tag", key_, "stale",
                                       PutCondition::IfMatch(first), State::kConflict));
    CO_RETURN_IF_ERROR(co_await Expect("If-Match of a missing key", missing_key_, "ghost",
                                       PutCondition::IfMatch(first), State::kConflict));
    co_return co_await CheckContent();
  }

  Task<void> CleanUp() {
    // Left behind is a few bytes that no pond looks at; not worth failing for.
    Result<DeleteReply> one = co_await store_->Delete(context_, key_, std::nullopt);
    Result<DeleteReply> other = co_await store_->Delete(context_, missing_key_, std::nullopt);
  }

 private:
  Status Refused(std::string_view what) const {
    const std::string server = store_->server();
    return Status::Unsupported(fmt::format(
        "{} ({}{}{}) {}; writers would lose each other's commits there. Use a store with "
        "conditional writes: AWS S3, R2, Tigris, MinIO, Ceph, versitygw or a local directory",
        store_->url(), store_->endpoint(), server.empty() ? "" : ", server ", server, what));
  }

  Status CheckServer() const {
    std::string server = store_->server();
    for (char& c : server) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    for (const std::string_view racy : kRacyServers) {
      if (server.find(racy) == std::string::npos) continue;
      return Refused("is known to let two writers win the same race");
    }
    return Status::Ok();
  }

  Task<Status> Expect(std::string_view what, std::string key, std::string content,
                      PutCondition condition, State expected) {
    Result<PutReply> reply =
        co_await store_->Put(context_, std::move(key), Bytes(std::move(content)), condition);
    if (!reply.ok()) co_return reply.error();
    if (reply->state == State::kWritten) tag_ = reply->tag;
    if (reply->state == expected) co_return Status::Ok();
    if (reply->state == State::kUnknown) co_return Unclear(what, reply->detail);
    co_return Refused(expected == State::kWritten ? fmt::format("refused {}", what)
                                                  : fmt::format("accepted {}", what));
  }

  Status Unclear(std::string_view what, const std::string& detail) const {
    return Status::Unavailable(
        fmt::format("{} did not answer {} clearly: {}", store_->url(), what, detail));
  }

  // Rivals swap with the same tag at the same time: one may win. A store may refuse all of them as
  // in each other's way; then one swap on its own must succeed.
  Task<Status> Race(ObjectTag first) {
    std::vector<Task<Result<PutReply>>> rivals;
    for (int i = 0; i < kRivals; ++i) {
      rivals.push_back(store_->Put(context_, key_, Bytes(fmt::format("rival {}", i)),
                                   PutCondition::IfMatch(first)));
    }
    const std::vector<Result<PutReply>> replies = co_await WhenAll(std::move(rivals));
    for (int i = 0; i < kRivals; ++i) {
      if (!replies[i].ok()) co_return replies[i].error();
      if (replies[i]->state == State::kUnknown) co_return Unclear("If-Match", replies[i]->detail);
      if (replies[i]->state != State::kWritten) continue;
      if (!winner_.empty()) co_return Refused("let two writers win the same race");
      winner_ = fmt::format("rival {}", i);
    }
    if (!winner_.empty()) co_return Status::Ok();
    winner_ = "rival";
    co_return co_await Expect("If-Match with the right tag", key_, winner_,
                              PutCondition::IfMatch(first), State::kWritten);
  }

  // What was refused must not have happened.
  Task<Status> CheckContent() {
    Result<GetReply> reply = co_await store_->Get(context_, key_, {});
    if (!reply.ok()) co_return reply.error();
    if (reply->state != GetReply::State::kFound || reply->bytes.view() != winner_) {
      co_return Refused("wrote what it had refused to write");
    }
    co_return Status::Ok();
  }

  const std::shared_ptr<ObjectStore> store_;
  const Context context_;
  const std::string key_;
  const std::string missing_key_;
  ObjectTag tag_;
  std::string winner_;  // What the one rival that was told so wrote.
};

}  // namespace

std::string ProofText(const ObjectStore& store) {
  return fmt::format("conditions/1 {}", store.endpoint());
}

Task<Result<std::string>> ProveConditions(Env& env, std::shared_ptr<ObjectStore> store,
                                          Context context) {
  Prover prover(store, context, env.uuids.Next().ToString());
  const Status proved = co_await prover.Run();
  co_await prover.CleanUp();
  if (!proved.ok()) co_return proved;
  co_return ProofText(*store);
}

}  // namespace duckpond
