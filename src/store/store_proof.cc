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
    CO_RETURN_IF_ERROR(co_await MustWrite("a first If-None-Match: * of a new key", "one",
                                          PutCondition::IfAbsent()));
    CO_RETURN_IF_ERROR(CheckServer());
    const ObjectTag first = tag_;
    CO_RETURN_IF_ERROR(co_await MustConflict("If-None-Match: * of a key that exists", key_, "two",
                                             PutCondition::IfAbsent()));
    CO_RETURN_IF_ERROR(co_await Race(first));
    CO_RETURN_IF_ERROR(co_await MustConflict("If-Match with an old tag", key_, "stale",
                                             PutCondition::IfMatch(first)));
    CO_RETURN_IF_ERROR(co_await MustConflict("If-Match of a missing key", missing_key_, "ghost",
                                             PutCondition::IfMatch(first)));
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

  Task<Status> MustConflict(std::string_view what, std::string key, std::string content,
                            PutCondition condition) {
    Result<PutReply> reply =
        co_await store_->Put(context_, std::move(key), Bytes(std::move(content)), condition);
    if (!reply.ok()) co_return reply.error();
    if (reply->state == State::kUnknown) co_return Unclear(what, reply->detail);
    if (reply->state == State::kWritten) co_return Refused(fmt::format("accepted {}", what));
    co_return Status::Ok();
  }

  Task<Status> MustWrite(std::string_view what, std::string content, PutCondition condition) {
    Result<PutReply> reply = co_await store_->Put(context_, key_, Bytes(content), condition);
    if (!reply.ok()) co_return reply.error();
    if (reply->state == State::kUnknown) co_return Unclear(what, reply->detail);
    if (reply->state == State::kConflict) {
      // Something between may have sent it twice: then the conflict is its own.
      CO_RETURN_IF_ERROR(co_await Look());
      if (seen_ != content) co_return Refused(fmt::format("refused {}", what));
      co_return Status::Ok();
    }
    tag_ = reply->tag;
    seen_ = content;
    co_return Status::Ok();
  }

  // Reads the object into seen_ and tag_.
  Task<Status> Look() {
    Result<GetReply> reply = co_await store_->Get(context_, key_, {});
    if (!reply.ok()) co_return reply.error();
    seen_ = reply->state == GetReply::State::kFound ? std::string(reply->bytes.view()) : "";
    tag_ = reply->tag;
    co_return Status::Ok();
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
      rivals.push_back(store_->Put(context_, key_, Bytes(Rival(i)), PutCondition::IfMatch(first)));
    }
    const std::vector<Result<PutReply>> replies = co_await WhenAll(std::move(rivals));
    for (int i = 0; i < kRivals; ++i) {
      if (!replies[i].ok()) co_return replies[i].error();
      if (replies[i]->state == State::kUnknown) co_return Unclear("If-Match", replies[i]->detail);
      if (replies[i]->state == State::kConflict) continue;
      if (!winner_.empty()) co_return Refused("let two writers win the same race");
      winner_ = Rival(i);
    }
    if (!winner_.empty()) co_return Status::Ok();
    CO_RETURN_IF_ERROR(co_await Look());
    if (tag_ == first) {
      CO_RETURN_IF_ERROR(co_await MustWrite("If-Match with the right tag", Rival(kRivals),
                                            PutCondition::IfMatch(first)));
    }
    winner_ = seen_;
    co_return Status::Ok();
  }

  static std::string Rival(int number) { return fmt::format("rival {}", number); }

  // What was refused must not have happened.
  Task<Status> CheckContent() {
    CO_RETURN_IF_ERROR(co_await Look());
    if (seen_ == winner_) co_return Status::Ok();
    bool refused = seen_ == "two" || seen_ == "stale";
    for (int i = 0; i < kRivals; ++i) refused = refused || seen_ == Rival(i);
    if (refused) co_return Refused("wrote what it had refused to write");
    co_return Unclear("a Get after the last write", "the content is older, or cut short");
  }

  const std::shared_ptr<ObjectStore> store_;
  const Context context_;
  const std::string key_;
  const std::string missing_key_;
  // What the last write or look found under key_.
  ObjectTag tag_;
  std::string seen_;
  std::string winner_;  // What the one rival that won wrote.
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
