// SPDX-License-Identifier: MIT
#include "store/store_wrapper.h"

namespace duckpond {

StoreWrapper::Send<GetReply> StoreWrapper::SendGet(std::string key, GetOptions options) const {
  return [store = below_, key = std::move(key), options = std::move(options)](Context context) {
    return store->Get(std::move(context), key, options);
  };
}

StoreWrapper::Send<PutReply> StoreWrapper::SendPut(std::string key, Bytes body,
                                                   PutCondition condition) const {
  return [store = below_, key = std::move(key), body = std::move(body),
          condition = std::move(condition)](Context context) {
    return store->Put(std::move(context), key, body, condition);
  };
}

StoreWrapper::Send<PutReply> StoreWrapper::SendAppend(std::string key, Bytes body,
                                                      AppendPosition position) const {
  return [store = below_, key = std::move(key), body = std::move(body),
          position = std::move(position)](Context context) {
    return store->Append(std::move(context), key, body, position);
  };
}

StoreWrapper::Send<DeleteReply> StoreWrapper::SendDelete(std::string key,
                                                         std::optional<ObjectTag> if_match) const {
  return [store = below_, key = std::move(key), if_match = std::move(if_match)](Context context) {
    return store->Delete(std::move(context), key, if_match);
  };
}

StoreWrapper::Send<ListReply> StoreWrapper::SendList(std::string prefix,
                                                     std::optional<std::string> token) const {
  return [store = below_, prefix = std::move(prefix), token = std::move(token)](Context context) {
    return store->List(std::move(context), prefix, token);
  };
}

}  // namespace duckpond
