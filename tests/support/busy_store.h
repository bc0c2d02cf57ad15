// SPDX-License-Identifier: MIT
//
// BusyStore: answers some puts with a conflict and does nothing, as S3 does (409) while another
// request for the same key is under way, which may yet fail.
//
// Threads:  one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "store/store_wrapper.h"

namespace duckpond {

class BusyStore final : public StoreWrapper {
 public:
  // Whether the store is busy with `key` right now; asked once a put.
  using Busy = std::function<bool(const std::string& key)>;
  BusyStore(std::shared_ptr<ObjectStore> below, Busy busy)
      : StoreWrapper(std::move(below)), busy_(std::move(busy)) {}

  Task<Result<PutReply>> Put(Context context, std::string key, Bytes body,
                             PutCondition condition) override {
    if (busy_(key)) {
      ++refused_;
      return Conflict();
    }
    return below()->Put(std::move(context), std::move(key), std::move(body), std::move(condition));
  }
  int refused() const { return refused_; }

 private:
  static Task<Result<PutReply>> Conflict() {
    co_return PutReply{PutReply::State::kConflict, {}, "409"};
  }

  const Busy busy_;
  int refused_ = 0;
};

// Busy with the first `times` puts of keys that start with `prefix`.
inline BusyStore::Busy FirstPuts(std::string prefix, int times) {
  return [prefix = std::move(prefix), left = times](const std::string& key) mutable {
    return key.starts_with(prefix) && left-- > 0;
  };
}

}  // namespace duckpond
