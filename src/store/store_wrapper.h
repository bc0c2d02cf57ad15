// SPDX-License-Identifier: MIT
//
// StoreWrapper: an ObjectStore around another that passes everything on; each wrapper overrides
// what it changes. Their order is fixed, see store/store_stack.h.
//
// Lifetime:  shares the store below, because requests of a wrapper may outlive it (a late put).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"
#include "store/object_store.h"

namespace duckpond {

class StoreWrapper : public ObjectStore {
 public:
  explicit StoreWrapper(std::shared_ptr<ObjectStore> below) : below_(std::move(below)) {
    CHECK(below_ != nullptr);
  }

  Task<Result<GetReply>> Get(Context context, std::string key, GetOptions options) override {
    return below_->Get(std::move(context), std::move(key), std::move(options));
  }
  Task<Result<PutReply>> Put(Context context, std::string key, Bytes body,
                             PutCondition condition) override {
    return below_->Put(std::move(context), std::move(key), std::move(body), std::move(condition));
  }
  Task<Result<PutReply>> Append(Context context, std::string key, Bytes body,
                                AppendPosition position) override {
    return below_->Append(std::move(context), std::move(key), std::move(body), std::move(position));
  }
  Task<Result<DeleteReply>> Delete(Context context, std::string key,
                                   std::optional<ObjectTag> if_match) override {
    return below_->Delete(std::move(context), std::move(key), std::move(if_match));
  }
  Task<Result<ListReply>> List(Context context, std::string prefix,
                               std::optional<std::string> token) override {
    return below_->List(std::move(context), std::move(prefix), std::move(token));
  }
  const StoreTraits& traits() const override { return below_->traits(); }
  const std::string& url() const override { return below_->url(); }
  std::string endpoint() const override { return below_->endpoint(); }
  std::string server() const override { return below_->server(); }

 protected:
  // One request to the store below, to be sent when and as often as a wrapper likes.
  template <class Reply>
  using Send = std::function<Task<Result<Reply>>(Context)>;
  Send<GetReply> SendGet(std::string key, GetOptions options) const;
  Send<PutReply> SendPut(std::string key, Bytes body, PutCondition condition) const;
  Send<PutReply> SendAppend(std::string key, Bytes body, AppendPosition position) const;
  Send<DeleteReply> SendDelete(std::string key, std::optional<ObjectTag> if_match) const;
  Send<ListReply> SendList(std::string prefix, std::optional<std::string> token) const;

  const std::shared_ptr<ObjectStore>& below() const { return below_; }

 private:
  const std::shared_ptr<ObjectStore> below_;
};

}  // namespace duckpond
