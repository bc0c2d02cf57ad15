// SPDX-License-Identifier: MIT
//
// The writing half of DynamoObjectStore.
#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/check.h"
#include "base/json_writer.h"
#include "store/dynamo_store.h"
#include "store/object_rules.h"

namespace duckpond {
namespace {

constexpr int64_t kBehindUsMax = 60'000'000;

using Written = DynamoClient::Written;
using PutState = PutReply::State;
using DeleteState = DeleteReply::State;

PutReply Conflict(std::string detail) {
  return {.state = PutState::kConflict, .tag = {}, .detail = std::move(detail)};
}

// Members of a request that let it happen only if the head is still the one of `tag`.
std::string IfStill(const DynamoTag& tag, const std::string& more_values = "") {
  return fmt::format(R"("ConditionExpression":"gen = :g AND len = :n","ExpressionAttributeValues":)"
                     R"({{":g":{},":n":{}{}}})",
                     TextJson(tag.generation), NumberJson(tag.length), more_values);
}

Task<void> RemoveReplaced(DynamoClientPtr client, Context context, std::string hash,
                          DynamoTag old) {
  DynamoChunks chunks(hash, old.chunks, old.generation, old.chunked);
  co_await RemoveChunks(client, context, std::move(chunks));
  if (old.start != 0) co_await RemoveDeadParts(client, context, hash);
}

}  // namespace

struct DynamoObjectStore::Writing {
  std::string key;
  std::string hash;
  Bytes body;
  PutCondition::Kind condition = PutCondition::Kind::kNone;
  DynamoTag replaced;  // Of kIfMatch.
  DynamoItem head;     // As it is to be.
};

// Nobody waits for what is done under it; it is on the same bill.
Context DynamoObjectStore::Behind(const Context& context) const {
  Context behind;
  behind.deadline_us = client_->env().executor.NowUs() + kBehindUsMax;
  if (context.ledger) {
    behind.ledger = std::make_shared<CostLedger>(
        std::vector<std::shared_ptr<CostLedger>>{context.ledger}, CostLedger::Waits::kNobody);
  }
  return behind;
}

void DynamoObjectStore::RemoveBehind(const Context& context, const std::string& hash,
                                     const DynamoTag& old) {
  if (old.chunks.empty() && old.start == 0) return;
  Spawn(client_->env().executor, RemoveReplaced(client_, Behind(context), hash, old));
}

Task<Result<Written>> DynamoObjectStore::Transact(Context context, std::string key,
                                                  std::string actions) {
  DynamoClient::Call call("TransactWriteItems", std::move(key),
                          R"({"TransactItems":[)" + actions + "]}");
  co_return co_await client_->Write(std::move(context), std::move(call));
}

Task<Result<PutReply>> DynamoObjectStore::Put(Context context, std::string key, Bytes body,
                                              PutCondition condition) {
  CO_RETURN_IF_ERROR(CheckKey(key));
  if (body.size() > kDynamoObjectBytesMax) {
    co_return Status::Exhausted(fmt::format("{}/{}: an object of {} bytes is larger than {}", url(),
                                            key, body.size(), kDynamoObjectBytesMax));
  }
  Writing writing{key, Hash(key), std::move(body), condition.kind, {}, {}};
  writing.head.key = {writing.hash, kHeadRange};
  writing.head.generation = client_->env().uuids.Next().ToString();
  writing.head.length = writing.body.size();
  if (condition.kind == PutCondition::Kind::kIfMatch) {
    const auto tag = DynamoTag::Parse(condition.tag.value);
    if (!tag) co_return Conflict("a tag that no object of this store has had");
    writing.replaced = *tag;
    if (tag->start != 0) co_return co_await PutOverParts(context, std::move(writing));
    co_return co_await PutWhole(context, std::move(writing));
  }
  if (marked_) co_return co_await PutWhole(context, std::move(writing));
  const auto marking = Start(client_->env().executor, MarkPlace(context));
  Result<PutReply> reply = co_await PutWhole(context, std::move(writing));
  const Status marked = co_await marking;
  if (!marked.ok() && reply.ok() && reply->state == PutState::kWritten) {
    // It is there, and List may not know: not to be called written before it is put again.
    co_return PutReply{PutState::kUnknown, {}, marked.message()};
  }
  co_return reply;
}

// What List looks for first: an item for this place and each that it is part of.
Task<Status> DynamoObjectStore::MarkPlace(Context context) {
  std::vector<Task<Result<Written>>> puts;
  const std::string& prefix = client_->place().prefix;
  for (size_t end = prefix.size();;) {
    DynamoItem mark;
    mark.key = {prefix.substr(0, end) + "/", 0};
    mark.generation = "mark";
    DynamoClient::Call call("PutItem", "",
                            fmt::format(R"({{"TableName":{},"Item":{}}})",
                                        JsonQuote(client_->place().table), ItemJson(mark)));
    puts.push_back(client_->Write(context, std::move(call)));
    if (end == 0) break;
    const size_t slash = end < 2 ? std::string::npos : prefix.rfind('/', end - 2);
    end = slash == std::string::npos ? 0 : slash + 1;
  }
  for (const Result<Written>& put : co_await WhenAll(std::move(puts))) {
    if (!put.ok()) co_return put.error();
    if (put->state != Written::State::kDone) co_return Status::Unavailable(put->detail);
  }
  marked_ = true;
  co_return Status::Ok();
}

Task<Result<PutReply>> DynamoObjectStore::PutWhole(Context context, Writing writing) {
  CO_ASSIGN_OR_RETURN(const bool may_go_on, co_await PutContent(context, &writing));
  if (!may_go_on) co_return Conflict("there is an object of that key");
  co_return co_await PutHead(context, std::move(writing));
}

// Into the head, or into chunks. False if the object need not be written: it may not exist, and
// does.
Task<Result<bool>> DynamoObjectStore::PutContent(Context context, Writing* writing) {
  DynamoItem& head = writing->head;
  if (writing->body.size() <= kInlineBytesMax) {
    head.body = std::string(writing->body.view());
    co_return true;
  }
  head.chunked = writing->body.size();
  const bool swaps = writing->condition == PutCondition::Kind::kIfMatch;
  head.chunks = swaps ? head.generation : kFirstChunks;
  DynamoChunks chunks{writing->hash, head.chunks, head.generation, head.chunked};
  const Result<bool> first =
      co_await WriteChunks(client_, context, writing->key, chunks, writing->body);
  if (first.ok() && *first) co_return true;
  RemoveBehind(context, writing->hash, DynamoTag::Of(head));
  if (!first.ok()) co_return first.error();
  if (writing->condition == PutCondition::Kind::kIfAbsent) {
    DynamoSpan head_only(writing->hash, kHeadRange, kInlineBytesMax);
    CO_ASSIGN_OR_RETURN(const DynamoObject there,
                        co_await QueryObject(client_, context, writing->key, std::move(head_only)));
    if (there.head) co_return false;
  }
  // Names of another's, who may have been killed: names of our own, then.
  chunks.name = head.chunks = head.generation;
  CO_ASSIGN_OR_RETURN(const bool ours, co_await WriteChunks(client_, context, writing->key,
                                                            std::move(chunks), writing->body));
  if (!ours) co_return Status::Internal("two objects have one generation: " + head.generation);
  co_return true;
}

Task<Result<PutReply>> DynamoObjectStore::PutHead(Context context, Writing writing) {
  // Nobody appends between: all of the content is where the head says.
  CHECK(writing.head.IsHead() && writing.head.base_length() == writing.head.length);
  using Kind = PutCondition::Kind;
  std::string json = fmt::format(R"({{"TableName":{},"Item":{})", JsonQuote(client_->place().table),
                                 ItemJson(writing.head));
  if (writing.condition == Kind::kIfMatch) {
    json += "," + IfStill(writing.replaced);
  } else if (writing.condition == Kind::kIfAbsent) {
    json += R"-(,"ConditionExpression":"attribute_not_exists(hash_key)")-";
  } else {
    json += R"(,"ReturnValues":"ALL_OLD")";
  }
  DynamoClient::Call call("PutItem", writing.key, json + "}");
  const Result<Written> put = co_await client_->Write(context, std::move(call));
  const DynamoTag tag = DynamoTag::Of(writing.head);
  if (put.ok() && put->state == Written::State::kDone) {
    DynamoTag old = writing.replaced;
    if (writing.condition == Kind::kNone) {
      const auto there = ParseOneItem(put->body, "Attributes");
      if (there.ok() && *there) old = DynamoTag::Of(**there);
    }
    RemoveBehind(context, writing.hash, old);
    co_return PutReply{.state = PutState::kWritten, .tag = {tag.Text()}, .detail = {}};
  }
  if (put.ok() && put->state == Written::State::kUnknown) {
    co_return PutReply{.state = PutState::kUnknown, .tag = {}, .detail = put->detail};
  }
  RemoveBehind(context, writing.hash, {tag.generation, 0, 0, tag.chunks, tag.chunked});
  if (!put.ok()) co_return put.error();
  // An append's transaction was in the way of what has no condition: it can be tried again.
  if (writing.condition == Kind::kNone) co_return Status::Unavailable(put->detail);
  co_return Conflict(put->detail);
}

// The new parts lie behind all that readers of the old ones know, so that a query for the tail
// meets them or the head, and never a part that it would take for its own.
Task<Result<PutReply>> DynamoObjectStore::PutOverParts(Context context, Writing writing) {
  CHECK(writing.replaced.start != 0);
  DynamoItem& head = writing.head;
  head.start = writing.replaced.start + writing.replaced.length + 1;
  if (head.start + head.length >= kHeadRange) {
    co_return Status::Exhausted(
        fmt::format("{}/{}: {} bytes were appended in all, more than there "
                    "are places",
                    url(), writing.key, head.start));
  }
  if (writing.body.size() > kPartBytesMax) {
    co_return co_await PutWhole(context, std::move(writing));
  }
  DynamoItem part;
  part.key = {writing.hash, head.start};
  part.generation = head.generation;
  part.length = head.length;
  part.body = std::string(writing.body.view());
  const std::string table = JsonQuote(client_->place().table);
  std::string actions = fmt::format(
      R"({{"Put":{{"TableName":{},"Item":{},{}}}}},{{"Put":{{"TableName":{},"Item":{}}}}})", table,
      ItemJson(head), IfStill(writing.replaced), table, ItemJson(part));
  const Result<Written> put = co_await Transact(context, writing.key, std::move(actions));
  if (!put.ok()) co_return put.error();
  if (put->state == Written::State::kConflict) co_return Conflict(put->detail);
  if (put->state == Written::State::kUnknown) {
    co_return PutReply{.state = PutState::kUnknown, .tag = {}, .detail = put->detail};
  }
  RemoveBehind(context, writing.hash, writing.replaced);
  co_return PutReply{
      .state = PutState::kWritten, .tag = {DynamoTag::Of(head).Text()}, .detail = {}};
}

Task<Result<PutReply>> DynamoObjectStore::Append(Context context, std::string key, Bytes body,
                                                 AppendPosition position) {
  CO_RETURN_IF_ERROR(CheckKey(key));
  const std::optional<DynamoTag> at = DynamoTag::Parse(position.tag.value);
  if (!at || at->length != position.size) co_return Conflict("it has another length or tag");
  const uint64_t start = at->start == 0 ? 1 : at->start;
  if (body.empty()) co_return Status::Invalid(url() + "/" + key + ": an append of no bytes");
  if (at->length + body.size() > kDynamoObjectBytesMax ||
      start + at->length >= kHeadRange - body.size()) {
    co_return Status::Exhausted(
        fmt::format("{}/{}: it would have more than {} bytes", url(), key, kDynamoObjectBytesMax));
  }
  DynamoItem part;
  part.key = {Hash(key), start + at->length};
  part.generation = at->generation;
  part.length = body.size();
  if (body.size() <= kPartBytesMax) {
    part.body = std::string(body.view());
    co_return co_await AppendPart(std::move(context), std::move(key), *at, std::move(part));
  }
  part.chunks = client_->env().uuids.Next().ToString();
  DynamoChunks chunks{part.key.hash, part.chunks, part.chunks, part.length};
  CO_ASSIGN_OR_RETURN(const bool ours,
                      co_await WriteChunks(client_, context, key, chunks, std::move(body)));
  if (!ours) co_return Status::Internal("two parts have one name: " + part.chunks);
  const Result<PutReply> reply = co_await AppendPart(context, std::move(key), *at, std::move(part));
  const bool lost = !reply.ok() || reply->state == PutState::kConflict;
  if (lost) {
    Spawn(client_->env().executor, RemoveChunks(client_, Behind(context), std::move(chunks)));
  }
  co_return reply;
}

Task<Result<PutReply>> DynamoObjectStore::AppendPart(Context context, std::string key, DynamoTag at,
                                                     DynamoItem part) {
  DynamoTag next = at;
  next.length += part.length;
  next.start = part.key.range - at.length;
  CHECK(part.length > 0 && part.key.range > at.length);
  const std::string table = JsonQuote(client_->place().table);
  const std::string values =
      fmt::format(R"(,":l":{},":p":{})", NumberJson(next.length), NumberJson(next.start));
  const DynamoKey head{part.key.hash, kHeadRange};
  std::string actions =
      fmt::format(R"({{"Update":{{"TableName":{},"Key":{},)"
                  R"("UpdateExpression":"SET len = :l, pos = :p",{}}}}},)"
                  R"({{"Put":{{"TableName":{},"Item":{}}}}})",
                  table, KeyJson(head), IfStill(at, values), table, ItemJson(part));
  const Result<Written> put =
      co_await Transact(std::move(context), std::move(key), std::move(actions));
  if (!put.ok()) co_return put.error();
  if (put->state == Written::State::kConflict) co_return Conflict(put->detail);
  if (put->state == Written::State::kUnknown) {
    co_return PutReply{.state = PutState::kUnknown, .tag = {}, .detail = put->detail};
  }
  co_return PutReply{.state = PutState::kWritten, .tag = {next.Text()}, .detail = {}};
}

Task<Result<DeleteReply>> DynamoObjectStore::Delete(Context context, std::string key,
                                                    std::optional<ObjectTag> if_match) {
  CO_RETURN_IF_ERROR(CheckKey(key));
  std::string json =
      fmt::format(R"({{"TableName":{},"Key":{},"ReturnValues":"ALL_OLD")",
                  JsonQuote(client_->place().table), KeyJson({Hash(key), kHeadRange}));
  if (if_match) {
    const auto tag = DynamoTag::Parse(if_match->value);
    // No object has such a tag; one that cannot be is asked for, since there may be none at all.
    json += R"(,"ReturnValuesOnConditionCheckFailure":"ALL_OLD",)" +
            IfStill(tag.value_or(DynamoTag{"none", 0, 0, {}, 0}));
  }
  DynamoClient::Call call("DeleteItem", key, json + "}");
  const Result<Written> deleted = co_await client_->Write(context, std::move(call));
  if (!deleted.ok()) co_return deleted.error();
  if (deleted->state == Written::State::kUnknown) {
    co_return DeleteReply{DeleteState::kUnknown, deleted->detail};
  }
  if (deleted->state == Written::State::kConflict) {
    if (!deleted->condition_failed) co_return Status::Unavailable(deleted->detail);
    const auto there = ParseOneItem(deleted->body, "Item");
    if (!there.ok()) co_return there.error().Prefixed(url() + "/" + key);
    const auto state = *there ? DeleteState::kConflict : DeleteState::kMissing;
    co_return DeleteReply{state, deleted->detail};
  }
  const auto old = ParseOneItem(deleted->body, "Attributes");
  if (!old.ok()) co_return old.error().Prefixed(url() + "/" + key);
  if (!*old) co_return DeleteReply{DeleteState::kMissing, {}};
  // Waited for: who deletes wants the room.
  DynamoTag was = DynamoTag::Of(**old);
  co_await RemoveReplaced(client_, context, Hash(key), std::move(was));
  co_return DeleteReply{DeleteState::kDeleted, {}};
}

}  // namespace duckpond
