// SPDX-License-Identifier: MIT
#include "store/dynamo_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/encoding.h"
#include "base/json_writer.h"
#include "store/http_reply.h"
#include "store/object_rules.h"

namespace duckpond {
namespace {

// A partition takes 1,000 write units a second, and an append four.
constexpr double kSwapsPerSecond = 250;
// Reads that met a replacement half seen; each starts again from the head.
constexpr int kReadsMax = 10;
// With more chunks in it, a range is asked for when the head is known: a guess that is wrong would
// cost a read unit a chunk.
constexpr uint64_t kGuessedChunksMax = 64;
constexpr size_t kListedMin = 1'000;

}  // namespace

DynamoObjectStore::DynamoObjectStore(DynamoClientPtr client) : client_(std::move(client)) {
  traits_.kind = "dynamodb";
  traits_.can_append = true;
  traits_.object_bytes_max = kDynamoObjectBytesMax;
  traits_.swaps_per_second_max = kSwapsPerSecond;
  traits_.prices = client_->prices();
}

std::string DynamoObjectStore::endpoint() const {
  return fmt::format("dynamodb {}/{}", client_->endpoint(), client_->place().table);
}

Task<Result<GetReply>> DynamoObjectStore::Get(Context context, std::string key,
                                              GetOptions options) {
  CO_RETURN_IF_ERROR(CheckKey(key));
  CO_RETURN_IF_ERROR(CheckGet(options));
  Asked asked{key, Hash(key), std::move(options)};
  const std::optional<ByteRange>& range = asked.options.range;
  const bool guess = !asked.options.want_tag && !asked.options.if_none_match && range &&
                     range->length && *range->length <= kGuessedChunksMax * kChunkBytes;
  if (guess) {
    CO_ASSIGN_OR_RETURN(std::optional<GetReply> reply, co_await GetRange(context, asked));
    if (reply) co_return *std::move(reply);
  }
  // Of an object whose tag and length are known, only what came since.
  uint64_t from = 0;
  if (asked.options.if_none_match && range) {
    const auto tag = DynamoTag::Parse(asked.options.if_none_match->value);
    if (tag && tag->start != 0 && range->offset == tag->length) from = tag->start + tag->length;
  }
  for (int read = 0; read < kReadsMax; ++read) {
    CO_ASSIGN_OR_RETURN(std::optional<GetReply> reply, co_await GetOnce(context, asked, from));
    if (reply) co_return *std::move(reply);
    from = 0;
  }
  co_return Status::Corrupt(fmt::format(
      "{}/{}: {} reads found no whole object: items that its head names are missing, or it is "
      "replaced all the time",
      url(), key, kReadsMax));
}

// Head and chunks at once, by the names that chunks have unless somebody else was in the way.
Task<Result<std::optional<GetReply>>> DynamoObjectStore::GetRange(Context context, Asked asked) {
  const ByteRange range = *asked.options.range;
  std::vector<DynamoKey> keys{{asked.hash, kHeadRange}};
  for (uint64_t i = range.offset / kChunkBytes; i < ChunksOf(range.offset + *range.length); ++i) {
    keys.push_back(ChunkKey(asked.hash, kFirstChunks, i));
  }
  CO_ASSIGN_OR_RETURN(const std::vector<DynamoItem> items,
                      co_await GetItems(client_, context, asked.key, std::move(keys)));
  const auto head = std::find_if(items.begin(), items.end(),
                                 [](const DynamoItem& item) { return item.IsHead(); });
  if (head == items.end()) co_return std::optional<GetReply>(GetReply{});
  const bool named = head->body || head->chunks == kFirstChunks;
  if (head->base_length() != head->length || !named) co_return std::optional<GetReply>();
  const Result<ReplyPart> part = PartOf(head->length, asked.options);
  if (!part.ok()) co_return part.error().Prefixed(url() + "/" + asked.key);
  GetReply reply;
  reply.state = part->past_end ? GetReply::State::kPastEnd : GetReply::State::kFound;
  if (part->past_end) co_return reply;
  std::optional<std::string> bytes;
  if (head->body) {
    bytes = head->body->substr(part->offset, part->length);
  } else {
    bytes = JoinChunks(items, {asked.hash, head->chunks, head->generation, head->chunked},
                       {part->offset, part->length});
  }
  if (!bytes) co_return std::optional<GetReply>();
  reply.bytes = Bytes(*std::move(bytes));
  reply.object_size = head->length;
  co_return reply;
}

Task<Result<std::optional<GetReply>>> DynamoObjectStore::GetOnce(Context context, Asked asked,
                                                                 uint64_t from) {
  DynamoSpan span(asked.hash, from, asked.options.bytes_max);
  CO_ASSIGN_OR_RETURN(const DynamoObject object,
                      co_await QueryObject(client_, context, asked.key, std::move(span)));
  GetReply reply;
  if (!object.head) co_return reply;
  reply.tag = {DynamoTag::Of(*object.head).Text()};
  if (asked.options.if_none_match && *asked.options.if_none_match == reply.tag) {
    reply.state = GetReply::State::kUnchanged;
    co_return reply;
  }
  const Result<ReplyPart> part = PartOf(object.head->length, asked.options);
  if (!part.ok()) co_return part.error().Prefixed(url() + "/" + asked.key);
  reply.state = part->past_end ? GetReply::State::kPastEnd : GetReply::State::kFound;
  if (part->past_end) co_return reply;
  const DynamoBytes wanted{part->offset, part->length};
  CO_ASSIGN_OR_RETURN(std::optional<std::string> content,
                      co_await Content(context, asked, object, wanted));
  if (!content) co_return std::optional<GetReply>();
  reply.bytes = Bytes(*std::move(content));
  reply.object_size = object.head->length;
  co_return reply;
}

// None if an item is missing: it was replaced while it was read.
Task<Result<std::optional<std::string>>> DynamoObjectStore::Content(Context context,
                                                                    const Asked& asked,
                                                                    const DynamoObject& object,
                                                                    DynamoBytes wanted) {
  const DynamoItem& head = *object.head;
  CHECK(wanted.offset + wanted.length <= head.length);
  const uint64_t end = wanted.offset + wanted.length;
  uint64_t at = wanted.offset;
  std::string content;
  content.reserve(wanted.length);
  if (at < head.base_length()) {
    const uint64_t length = std::min(end, head.base_length()) - at;
    const DynamoBytes base{at, length};
    if (head.body) {
      content.append(*head.body, at, length);
    } else {
      DynamoChunks chunks{asked.hash, head.chunks, head.generation, head.chunked};
      CO_ASSIGN_OR_RETURN(const auto bytes, co_await ReadChunks(client_, context, asked.key,
                                                                std::move(chunks), base));
      if (!bytes) co_return std::optional<std::string>();
      content += *bytes;
    }
    at += length;
  }
  for (const DynamoItem& part : object.parts) {
    if (at >= end) break;
    if (part.generation != head.generation || part.key.range < head.start) continue;
    const uint64_t offset = part.key.range - head.start;
    if (offset > at) break;
    const uint64_t length = part.body ? part.body->size() : part.length;
    if (offset + length <= at) continue;
    const DynamoBytes piece{at - offset, std::min(end, offset + length) - at};
    if (part.body) {
      content.append(*part.body, piece.offset, piece.length);
    } else {
      DynamoChunks chunks{asked.hash, part.chunks, part.chunks, part.length};
      CO_ASSIGN_OR_RETURN(const auto bytes, co_await ReadChunks(client_, context, asked.key,
                                                                std::move(chunks), piece));
      if (!bytes) co_return std::optional<std::string>();
      content += *bytes;
    }
    at += piece.length;
  }
  if (at < end) co_return std::optional<std::string>();
  CHECK(content.size() == wanted.length);
  co_return content;
}

namespace {

// "…, range_key of it" as the token of a page, so that a caller has one text.
Result<std::string> StartOf(const std::string& token) {
  auto json = Base64Decode(token);
  if (!json.ok()) return Status::Invalid("a token that no page has given");
  return json;
}

}  // namespace

Task<Result<ListReply>> DynamoObjectStore::List(Context context, std::string prefix,
                                                std::optional<std::string> token) {
  CO_RETURN_IF_ERROR(CheckPrefix(prefix));
  const std::string& table = client_->place().table;
  ListReply reply;
  if (!token && !marked_) {
    // A table may hold many ponds, and to look through it for a new one's objects is dear.
    const DynamoKey mark{client_->place().prefix + "/", 0};
    const std::string json = fmt::format(R"({{"TableName":{},"ConsistentRead":true,"Key":{}}})",
                                         JsonQuote(table), KeyJson(mark));
    DynamoClient::Call look("GetItem", prefix, json);
    CO_ASSIGN_OR_RETURN(const Bytes answer, co_await client_->Read(context, std::move(look)));
    const auto found = ParseOneItem(answer, "Item");
    if (!found.ok()) co_return found.error().Prefixed(url() + "/" + prefix);
    if (!*found) co_return reply;
  }
  const std::string start = fmt::format(
      R"({{"TableName":{},"ConsistentRead":true,"FilterExpression":"begins_with(hash_key, :p) )"
      R"(AND range_key = :r","ProjectionExpression":"hash_key, range_key, len",)"
      R"("ExpressionAttributeValues":{{":r":{},":p":{}}})",
      JsonQuote(table), NumberJson(kHeadRange), TextJson(Hash(prefix)));
  std::string next;
  if (token) {
    CO_ASSIGN_OR_RETURN(next, StartOf(*token));
  }
  do {
    DynamoClient::Call page_call(
        "Scan", prefix, start + (next.empty() ? "}" : R"(,"ExclusiveStartKey":)" + next + "}"));
    CO_ASSIGN_OR_RETURN(const Bytes answer, co_await client_->Read(context, std::move(page_call)));
    auto page = ParsePage(answer, next);
    if (!page.ok()) co_return page.error().Prefixed("Scan " + url() + "/" + prefix);
    for (const DynamoItem& head : page->items) {
      if (!head.key.hash.starts_with(Hash(prefix))) {
        co_return Status::Corrupt(
            fmt::format("Scan {}/{}: there is an item of \"{}\" in the answer", url(), prefix,
                        Printable(head.key.hash)));
      }
      reply.objects.push_back({head.key.hash.substr(client_->place().prefix.size()), head.length});
    }
    next = std::move(page->next_key);
  } while (!next.empty() && reply.objects.size() < kListedMin);
  if (!next.empty()) reply.next_token = Base64Encode(next);
  co_return reply;
}

Result<std::shared_ptr<ObjectStore>> OpenDynamo(Env& env, const std::string& url,
                                                S3Options options) {
  ASSIGN_OR_RETURN(DynamoClientPtr client, DynamoClient::Open(env, url, std::move(options)));
  return std::shared_ptr<ObjectStore>(std::make_shared<DynamoObjectStore>(std::move(client)));
}

}  // namespace duckpond
