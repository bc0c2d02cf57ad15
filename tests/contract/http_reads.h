// SPDX-License-Identifier: MIT
//
// HttpReads: a store whose objects are read over HTTP from a file server, and written behind its
// back, so that the contract suite can be run over a store that cannot be written.
//
// Threads:   as ObjectStore.
// Lifetime:  the server ends with it.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/encoding.h"
#include "base/env.h"
#include "store/http_store.h"
#include "store/store_wrapper.h"
#include "tests/support/scripted_server.h"

namespace duckpond {

class HttpReads final : public StoreWrapper {
 public:
  explicit HttpReads(std::shared_ptr<ObjectStore> files)
      : StoreWrapper(std::move(files)),
        server_([this](const SeenRequest& seen) { return Serve(seen); }),
        reads_(*OpenHttp(Env::Process(), server_.url() + "/files")) {}

  Task<Result<GetReply>> Get(Context context, std::string key, GetOptions options) override {
    return reads_->Get(std::move(context), std::move(key), std::move(options));
  }
  Task<Result<PutReply>> Put(Context context, std::string key, Bytes body,
                             PutCondition condition) override {
    condition.tag = Unquoted(condition.tag);
    auto reply = co_await below()->Put(std::move(context), std::move(key), std::move(body),
                                       std::move(condition));
    if (reply.ok()) reply->tag = Quoted(reply->tag);
    co_return reply;
  }
  Task<Result<PutReply>> Append(Context context, std::string key, Bytes body,
                                AppendPosition position) override {
    position.tag = Unquoted(position.tag);
    auto reply = co_await below()->Append(std::move(context), std::move(key), std::move(body),
                                          std::move(position));
    if (reply.ok()) reply->tag = Quoted(reply->tag);
    co_return reply;
  }
  Task<Result<DeleteReply>> Delete(Context context, std::string key,
                                   std::optional<ObjectTag> if_match) override {
    if (if_match) if_match = Unquoted(*if_match);
    return below()->Delete(std::move(context), std::move(key), std::move(if_match));
  }

 private:
  static ObjectTag Quoted(const ObjectTag& tag) { return {"\"" + tag.value + "\""}; }
  static ObjectTag Unquoted(ObjectTag tag) {
    std::erase(tag.value, '"');
    return tag;
  }

  // As nginx does over a folder.
  ScriptedReply Serve(const SeenRequest& seen) {
    constexpr std::string_view kRoot = "/files/";
    const auto key = PercentDecode(seen.target.substr(kRoot.size()));
    const auto got = Block(Env::Process().executor, below()->Get({}, *key, {}));
    if (!got.ok()) return ScriptedReply::Http(500);
    if (got->state != GetReply::State::kFound) return ScriptedReply::Http(404);
    const std::string tag = Quoted(got->tag).value;
    const std::string content(got->bytes.view());
    if (seen.Header("if-none-match") == tag) return ScriptedReply::Http(304, {"ETag: " + tag});
    const std::string range = seen.Header("range");
    if (range.empty()) return ScriptedReply::Http(200, {"ETag: " + tag}, content);
    const size_t dash = range.find('-');
    const size_t first = std::stoull(range.substr(range.find('=') + 1));
    if (first >= content.size()) return ScriptedReply::Http(416);
    const size_t asked =
        dash + 1 == range.size() ? content.size() : std::stoull(range.substr(dash + 1));
    const size_t last = std::min(asked, content.size() - 1);
    return ScriptedReply::Http(
        206,
        {"ETag: " + tag, fmt::format("Content-Range: bytes {}-{}/{}", first, last, content.size())},
        content.substr(first, last - first + 1));
  }

  ScriptedServer server_;
  const std::shared_ptr<ObjectStore> reads_;
};

}  // namespace duckpond
