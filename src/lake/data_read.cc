// SPDX-License-Identifier: MIT
#include "lake/data_read.h"

#include "store/object_rules.h"

namespace duckpond {
namespace {

Task<Result<Bytes>> ReadOnce(ObjectStore& store, Context context, DataPart part,
                             int64_t age_us_max) {
  GetOptions options;
  options.want_tag = false;
  options.age_us_max = age_us_max;
  options.bytes_max = part.file_bytes;  // More than the part: some servers know no ranges.
  if (part.bytes != part.file_bytes) options.range = ByteRange{part.offset, part.bytes};
  auto reply = co_await store.Get(std::move(context), part.path, std::move(options));
  if (!reply.ok() && reply.error().code() == StatusCode::kExhausted) {
    co_return Status::Corrupt("data file " + part.path + " is longer in the store than its " +
                              std::to_string(part.file_bytes) +
                              " bytes in the log: " + reply.error().message());
  }
  if (!reply.ok()) co_return reply.error().Prefixed("reading " + part.path);
  if (reply->state == GetReply::State::kPastEnd) {
    co_return Status::Corrupt("data file " + part.path + " ends before byte " +
                              std::to_string(part.offset) + " of " +
                              std::to_string(part.file_bytes) + " in the log");
  }
  if (reply->state != GetReply::State::kFound) {
    co_return Status::Corrupt("data file " + part.path + " is missing from the store");
  }
  if (reply->object_size != part.file_bytes) {
    co_return Status::Corrupt("data file " + part.path + " has " +
                              std::to_string(reply->object_size) + " bytes in the store, " +
                              std::to_string(part.file_bytes) + " in the log");
  }
  if (reply->bytes.size() != part.bytes) {
    co_return Status::Unavailable("reading " + part.path + ": " +
                                  std::to_string(reply->bytes.size()) + " of " +
                                  std::to_string(part.bytes) + " bytes came");
  }
  co_return std::move(reply->bytes);
}

}  // namespace

Task<Result<Bytes>> ReadDataPart(ObjectStore& store, Context context, DataPart part) {
  auto read = co_await ReadOnce(store, context, part, GetOptions::kAnyAge);
  if (read.status().code() != StatusCode::kCorrupt) co_return read;
  // A cache or a CDN may be what is wrong: the store itself has the last word.
  auto anew = co_await ReadDataPartAnew(store, std::move(context), part);
  if (anew.ok()) NoteMended(store, part.path);
  co_return anew;
}

Task<Result<Bytes>> ReadDataPartAnew(ObjectStore& store, Context context, DataPart part) {
  co_return co_await ReadOnce(store, std::move(context), std::move(part), GetOptions::kFromStore);
}

}  // namespace duckpond
