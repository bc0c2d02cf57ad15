// SPDX-License-Identifier: MIT
#include "store/s3_upload.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include "base/check.h"

namespace duckpond {
namespace {

constexpr uint64_t kPartsMax = 10'000;
constexpr int kPartsInFlightMax = 4;
constexpr int kPartAttemptsMax = 4;
constexpr int64_t kWaitFirstUs = 100'000;
// Giving up goes on when the caller has stopped waiting, but not for long.
constexpr int64_t kAbortUsMax = 10'000'000;

struct Part {
  uint64_t offset = 0;
  uint64_t bytes = 0;
  std::string tag;
};

// What the tasks of one upload share.
struct Upload {
  Upload(Env& e, S3Sender& s, S3Upload w) : env(e), sender(s), wanted(std::move(w)) {}

  S3Call Call(std::string method) const {
    return {std::move(method), sender.place().prefix + wanted.key};
  }
  S3Asked Asked(std::string method) const { return sender.Asked(std::move(method), wanted.key); }

  Env& env;
  S3Sender& sender;
  const S3Upload wanted;
  std::string id;
  std::vector<Part> parts;
  std::atomic<size_t> next_part{0};
  std::atomic<uint32_t> requests{0};
  std::atomic<bool> failed{false};
};
using UploadPtr = std::shared_ptr<Upload>;

// For requests that can be made again: that they may have been done matters to nobody.
Status Undone(const Status& status) {
  if (status.code() != StatusCode::kUnknown) return status;
  return Status::Unavailable(status.message());
}

std::vector<Part> Cut(uint64_t size, uint64_t part_bytes) {
  CHECK(size > 0 && part_bytes > 0);
  part_bytes = PartBytesOf(size, part_bytes);
  std::vector<Part> parts;
  for (uint64_t offset = 0; offset < size; offset += part_bytes) {
    parts.push_back({offset, std::min(part_bytes, size - offset), {}});
  }
  CHECK(parts.size() <= kPartsMax && parts.back().offset + parts.back().bytes == size);
  return parts;
}

Task<Status> Begin(UploadPtr upload, Context context) {
  S3Call call = upload->Call("POST");
  call.query = {{"uploads", ""}};
  call.headers = upload->wanted.headers;
  ++upload->requests;
  const Result<HttpReply> reply = co_await upload->sender.Send(context, std::move(call));
  if (!reply.ok()) co_return Undone(reply.error());
  CO_ASSIGN_OR_RETURN(upload->id, MeaningOfBegin(upload->Asked("POST"), *reply));
  co_return Status::Ok();
}

Task<Result<std::string>> SendOnce(UploadPtr upload, Context context, size_t place) {
  CHECK(place < upload->parts.size() && !upload->id.empty());
  const Part& part = upload->parts[place];
  S3Call call = upload->Call("PUT");
  call.query = {{"partNumber", std::to_string(place + 1)}, {"uploadId", upload->id}};
  call.body = upload->wanted.body.Slice(part.offset, part.bytes);
  ++upload->requests;
  const Result<HttpReply> reply = co_await upload->sender.Send(context, std::move(call));
  if (!reply.ok()) {
    // A stop is not a part that got lost.
    const Status ended = context.Check(upload->env.executor.NowUs());
    co_return ended.ok() ? Undone(reply.error()) : ended;
  }
  co_return MeaningOfPart(upload->Asked("PUT"), *reply);
}

Task<Status> SendPart(UploadPtr upload, Context context, size_t place) {
  for (int attempt = 1;; ++attempt) {
    Result<std::string> tag = co_await SendOnce(upload, context, place);
    if (tag.ok()) {
      upload->parts[place].tag = *std::move(tag);
      co_return Status::Ok();
    }
    if (tag.error().code() != StatusCode::kUnavailable || attempt == kPartAttemptsMax) {
      co_return tag.error();
    }
    const auto wait_us = static_cast<int64_t>(
        upload->env.random.Below(static_cast<uint64_t>(kWaitFirstUs << attempt)));
    CO_RETURN_IF_ERROR(co_await Sleep(context, wait_us));
  }
}

// One of several that take parts until there are none.
Task<Status> SendParts(UploadPtr upload, Context context) {
  while (!upload->failed) {
    const size_t place = upload->next_part++;
    if (place >= upload->parts.size()) break;
    const Status sent = co_await SendPart(upload, context, place);
    if (sent.ok()) continue;
    upload->failed = true;
    co_return sent;
  }
  co_return Status::Ok();
}

Task<Status> SendAllParts(UploadPtr upload, Context context) {
  std::vector<Task<Status>> senders;
  for (int i = 0; i < kPartsInFlightMax; ++i) senders.push_back(SendParts(upload, context));
  for (const Status& status : co_await WhenAll(std::move(senders))) {
    if (!status.ok()) co_return status;
  }
  co_return Status::Ok();
}

std::string PartList(const std::vector<Part>& parts) {
  std::string text = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (size_t i = 0; i < parts.size(); ++i) {
    std::string tag;
    for (const char c : parts[i].tag)
      tag += c == '&' ? "&amp;" : c == '<' ? "&lt;" : std::string(1, c);
    CHECK(!parts[i].tag.empty());  // One that was not taken would be missing from the object.
    text += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", i + 1, tag);
  }
  return text + "</CompleteMultipartUpload>";
}

Task<Result<PutReply>> Complete(UploadPtr upload, Context context) {
  const bool free = upload->wanted.condition.kind == PutCondition::Kind::kNone;
  CHECK(!upload->failed && upload->wanted.conditions.empty() == free);
  S3Call call = upload->Call("POST");
  call.query = {{"uploadId", upload->id}};
  call.headers = upload->wanted.conditions;
  call.body = Bytes(PartList(upload->parts));
  ++upload->requests;
  const Result<HttpReply> reply = co_await upload->sender.Send(context, std::move(call));
  if (reply.ok()) {
    co_return MeaningOfComplete(upload->Asked("POST"), upload->wanted.condition, *reply);
  }
  const StatusCode code = reply.error().code();
  if (code != StatusCode::kUnknown && code != StatusCode::kExhausted) co_return reply.error();
  co_return PutReply{PutReply::State::kUnknown, {}, reply.error().message()};
}

// As far as it can: what stays costs money, and nothing else.
Task<void> Abort(UploadPtr upload) {
  Context context;
  context.deadline_us = upload->env.executor.NowUs() + kAbortUsMax;
  S3Call call = upload->Call("DELETE");
  call.query = {{"uploadId", upload->id}};
  ++upload->requests;
  const auto reply = co_await upload->sender.Send(context, std::move(call));
}

}  // namespace

uint64_t PartBytesOf(uint64_t size, uint64_t wanted) {
  CHECK(wanted > 0 && size <= kUploadBytesMax);
  return std::max(wanted, (size + kPartsMax - 1) / kPartsMax);
}

Task<Result<PutReply>> UploadInParts(Env& env, S3Sender& sender, Context context, S3Upload wanted) {
  auto upload = std::make_shared<Upload>(env, sender, std::move(wanted));
  upload->parts = Cut(upload->wanted.body.size(), upload->wanted.part_bytes);
  CO_RETURN_IF_ERROR(co_await Begin(upload, context));
  const Status sent = co_await SendAllParts(upload, context);
  if (!sent.ok()) {
    co_await Abort(upload);
    co_return sent;
  }
  Result<PutReply> reply = co_await Complete(upload, context);
  const bool done = reply.ok() && reply->state == PutReply::State::kWritten;
  const bool unknown = reply.ok() && reply->state == PutReply::State::kUnknown;
  // While its outcome is not known, the parts may still become the object.
  if (!done && !unknown) co_await Abort(upload);
  if (reply.ok()) reply->requests = upload->requests;
  co_return reply;
}

}  // namespace duckpond
