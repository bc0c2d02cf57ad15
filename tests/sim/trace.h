// SPDX-License-Identifier: MIT
//
// Trace: a hash of everything that happened in a run, and TracingStore, which enters each request
// and its answer. Two runs with the same hash did the same.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/hash.h"
#include "store/store_wrapper.h"

namespace duckpond {

class Trace {
 public:
  void Add(const std::string& what) {
    hash_ = Xxh3_64(std::to_string(hash_) + what);
    ++entries_;
  }
  uint64_t hash() const { return hash_; }
  uint64_t entries() const { return entries_; }

 private:
  uint64_t hash_ = 0;
  uint64_t entries_ = 0;
};

class TracingStore final : public StoreWrapper {
 public:
  TracingStore(std::shared_ptr<ObjectStore> below, std::shared_ptr<Trace> trace,
               const Executor& executor)
      : StoreWrapper(std::move(below)), trace_(std::move(trace)), executor_(executor) {}

  uint64_t calls() const { return calls_; }

  Task<Result<GetReply>> Get(Context context, std::string key, GetOptions options) override {
    ++calls_;
    Enter("get " + key);
    auto reply = co_await below()->Get(std::move(context), key, std::move(options));
    Enter("got " + key +
          (reply.ok()
               ? std::to_string(static_cast<int>(reply->state)) + std::string(reply->tag.value)
               : reply.error().ToString()));
    co_return reply;
  }
  Task<Result<PutReply>> Put(Context context, std::string key, Bytes body,
                             PutCondition condition) override {
    ++calls_;
    Enter("put " + key + std::to_string(Xxh3_64(body.view())));
    auto reply =
        co_await below()->Put(std::move(context), key, std::move(body), std::move(condition));
    Enter("was put " + key + PutText(reply));
    co_return reply;
  }
  Task<Result<PutReply>> Append(Context context, std::string key, Bytes body,
                                AppendPosition position) override {
    ++calls_;
    Enter("append " + key + std::to_string(Xxh3_64(body.view())));
    auto reply =
        co_await below()->Append(std::move(context), key, std::move(body), std::move(position));
    Enter("was appended " + key + PutText(reply));
    co_return reply;
  }

 private:
  static std::string PutText(const Result<PutReply>& reply) {
    return reply.ok() ? std::to_string(static_cast<int>(reply->state)) : reply.error().ToString();
  }
  void Enter(const std::string& what) {
    trace_->Add(what + "@" + std::to_string(executor_.NowUs()));
  }

  const std::shared_ptr<Trace> trace_;
  const Executor& executor_;
  uint64_t calls_ = 0;
};

}  // namespace duckpond
