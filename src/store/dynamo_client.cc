// SPDX-License-Identifier: MIT
#include "store/dynamo_client.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "store/aws_profile.h"
#include "store/dynamo_units.h"
#include "store/http_reply.h"

namespace duckpond {
namespace {

constexpr std::string_view kTarget = "DynamoDB_20120810.";
// A BatchGetItem gives 16 MB of items, which JSON makes a third longer.
constexpr uint64_t kReplyBytesMax = uint64_t{32} << 20;

bool Among(std::string_view type, std::initializer_list<std::string_view> types) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

bool IsThrottling(std::string_view type) {
  return Among(type, {"ProvisionedThroughputExceededException", "ThrottlingException", "Throttling",
                      "RequestLimitExceeded", "LimitExceededException", "ThrottlingError",
                      "ProvisionedThroughputExceeded", "TransactionInProgressException",
                      "ResourceInUseException"});
}

// Of a clock that is off, too: the message says which, in words that nobody promises.
bool IsBadSignature(std::string_view type) {
  return Among(type, {"InvalidSignatureException", "IncompleteSignatureException",
                      "SignatureDoesNotMatch", "RequestTimeTooSkewed", "RequestExpired"});
}

bool IsExpiry(std::string_view type) {
  return Among(type, {"ExpiredTokenException", "ExpiredToken"});
}

// What to do about an error that is about who asks, or nothing.
std::string_view AdviceOnKeys(std::string_view type) {
  if (Among(type, {"UnrecognizedClientException", "InvalidClientTokenId"})) {
    return "the access key is not known there: check the key and the endpoint";
  }
  if (IsBadSignature(type)) {
    return "check the secret key, the region and this machine's clock";
  }
  if (IsExpiry(type)) return "the keys have expired";
  if (Among(type, {"MissingAuthenticationTokenException", "MissingAuthenticationToken"})) {
    return "check the keys";
  }
  if (Among(type, {"AccessDeniedException", "AccessDenied", "OptInRequired"})) {
    return "it is not permitted: the policy in docs/guide/stores.md names what is needed";
  }
  return {};
}

}  // namespace

// An answer taken apart. `type` is empty where it is none of DynamoDB's.
struct DynamoClient::Answer {
  int status = 0;
  bool is_json = false;
  std::string type;                  // "ConditionalCheckFailedException"
  std::string message;               // Printable.
  std::vector<std::string> reasons;  // Why a transaction was cancelled, an entry an action.
  std::optional<double> units;       // That it says were consumed.

  bool IsConflict() const {
    if (Among(type, {"ConditionalCheckFailedException", "TransactionConflictException"})) {
      return true;
    }
    if (type != "TransactionCanceledException") return false;
    // A condition that failed decides, whatever else was in the way.
    return std::any_of(reasons.begin(), reasons.end(), [](const std::string& reason) {
      return reason == "ConditionalCheckFailed" || reason == "TransactionConflict";
    });
  }
  bool IsThrottled() const {
    return IsThrottling(type) || status == 429 ||
           (type == "TransactionCanceledException" &&
            std::any_of(reasons.begin(), reasons.end(),
                        [](const std::string& reason) { return IsThrottling(reason); }));
  }
  // DynamoDB throttles with a 400; a 5xx says nothing of what became of a write.
  bool IsServerError() const { return status >= 500; }
};

struct DynamoClient::Answered {
  Bytes body;
  Answer answer;
};

Result<std::shared_ptr<DynamoClient>> DynamoClient::Open(Env& env, const std::string& url,
                                                         S3Options options) {
  ASSIGN_OR_RETURN(DynamoPlace place, LocateDynamo(url, options));
  RETURN_IF_ERROR(FindAccess(env, options));
  return std::make_shared<DynamoClient>(env, std::move(place), std::move(options));
}

DynamoClient::DynamoClient(Env& env, DynamoPlace place, S3Options options)
    : env_(env),
      place_(std::move(place)),
      prices_(PricesOf("dynamodb", place_.region)),
      http_(std::move(options.http)),
      credentials_(std::move(options.credentials)),
      clock_(std::move(options.clock)) {
  CHECK(http_ != nullptr && credentials_ != nullptr && clock_ != nullptr);
}

std::string DynamoClient::server() const {
  std::lock_guard lock(mutex_);
  return server_;
}

std::string DynamoClient::Asked(const Call& call) const {
  return fmt::format("{} {}{}{}", call.operation, place_.url, call.key.empty() ? "" : "/",
                     call.key);
}

HttpRequest DynamoClient::Sign(const Call& call, const AwsKeys& keys, int64_t now_us) const {
  Bytes body(AskForUnits(call.operation, call.json));
  SigV4Request signing{.method = "POST",
                       .host = place_.host,
                       .path = place_.base_path + "/",
                       .query = {},
                       .headers = {{"Content-Type", "application/x-amz-json-1.0"},
                                   {"X-Amz-Target", std::string(kTarget) + call.operation}},
                       .payload_hash = PayloadHash(body.view())};
  SignV4(keys, {.region = place_.region, .service = "dynamodb"}, now_us, &signing);
  return {.method = signing.method,
          .url = place_.scheme + "://" + signing.host + EncodedTarget(signing),
          .headers = std::move(signing.headers),
          .body = std::move(body),
          .expect_continue = false,
          .reply_bytes_max = kReplyBytesMax};
}

Task<Result<DynamoClient::Answered>> DynamoClient::Ask(Context context, const Call& call) {
  const std::shared_ptr<CostLedger> bill = context.ledger;
  CostLedger::Place place;
  if (bill) place = bill->Begin();
  Result<Answered> answered = co_await Send(std::move(context), call);
  if (!bill || answered.status().code() == StatusCode::kCancelled) co_return answered;
  DynamoRequest request;
  request.operation = call.operation;
  request.sent_bytes = call.json.size();
  if (answered.ok()) {
    request.answered_bytes = answered->body.size();
    request.units = answered->answer.units;
  }
  bill->End(place, BillOf(request, prices_));
  co_return answered;
}

Task<Result<DynamoClient::Answered>> DynamoClient::Send(Context context, const Call& call) {
  for (bool first = true;; first = false) {
    const Result<AwsKeys> keys = co_await credentials_->Get(context);
    if (!keys.ok()) co_return keys.error().Prefixed(Asked(call));
    const int64_t signed_us = clock_->NowUs();
    HttpRequest request = Sign(call, *keys, signed_us);
    Result<HttpReply> reply = co_await http_->Send(context, std::move(request));
    if (!reply.ok()) co_return reply.error().Prefixed(Asked(call));
    if (const auto name = reply->Find("server")) {
      std::lock_guard lock(mutex_);
      server_ = *name;
    }
    Answered answered{reply->body, AnswerOf(*reply)};
    // Refused before anything was looked at: nothing is sent twice.
    const std::string type = reply->status < 500 ? answered.answer.type : "";
    bool again = IsExpiry(type) && credentials_->Renew(*keys);
    if (IsBadSignature(type)) {
      const auto skew = clock_->Correct(*reply, signed_us);
      again = skew && skew->corrected;
    }
    if (!first || !again) co_return answered;
  }
}

DynamoClient::Answer DynamoClient::AnswerOf(const HttpReply& reply) const {
  Answer answer;
  answer.status = reply.status;
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  const std::string_view text = reply.body.view();
  answer.is_json = parser.parse(text.data(), text.size()).get(object) == simdjson::SUCCESS;
  if (!answer.is_json) return answer;
  answer.units = UnitsOf(object);
  if (reply.status == 200) return answer;
  std::string_view type;
  if (object["__type"].get(type) == simdjson::SUCCESS) {
    answer.type = Printable(type.substr(type.find('#') + 1));
  }
  std::string_view message;
  if (object["message"].get(message) == simdjson::SUCCESS ||
      object["Message"].get(message) == simdjson::SUCCESS) {
    answer.message = Printable(message);
  }
  simdjson::dom::array reasons;
  if (object["CancellationReasons"].get(reasons) == simdjson::SUCCESS) {
    for (const simdjson::dom::element reason : reasons) {
      std::string_view code;
      if (reason["Code"].get(code) == simdjson::SUCCESS) answer.reasons.emplace_back(code);
    }
  }
  return answer;
}

Status DynamoClient::MissingTable() const {
  return Status::Invalid(fmt::format(
      "{}: there is no table {} at {} in region {}: make it with `duckpond store create "
      "dynamodb://{}`",
      place_.url, place_.table, endpoint(), place_.region, place_.table));
}

Status DynamoClient::Failure(const Call& call, const Answer& answer) const {
  std::string seen = fmt::format("{}: {} answered {}", Asked(call), endpoint(), answer.status);
  if (answer.type.empty()) {
    seen += ", which is no answer of DynamoDB: check the endpoint, and what is on the way";
    const bool later = answer.IsServerError() || answer.status == 429;
    return later ? Status::Unavailable(seen) : Status::Invalid(seen);
  }
  seen += " " + answer.type;
  if (const auto advice = AdviceOnKeys(answer.type); !advice.empty()) {
    // Not the server's own text: it may repeat what was signed.
    return Status::Invalid(
        fmt::format("{}; {}; keys come from {}", seen, advice, credentials_->source()));
  }
  if (answer.type == "ResourceNotFoundException") return MissingTable();
  if (!answer.message.empty()) seen += " (" + answer.message + ")";
  if (answer.IsThrottled() || answer.IsServerError()) return Status::Unavailable(seen);
  if (answer.type == "ValidationException") {
    return Status::Invalid(seen +
                           ": a table for ponds has the partition key hash_key (S) and the "
                           "sort key range_key (N); `duckpond store create` makes one");
  }
  if (answer.type == "RequestEntityTooLargeException" || answer.status == 413 ||
      answer.type == "ItemCollectionSizeLimitExceededException") {
    return Status::Exhausted(seen);
  }
  return Status::Invalid(seen);
}

Task<Result<Bytes>> DynamoClient::Read(Context context, Call call) {
  Result<Answered> reply = co_await Ask(context, call);
  if (!reply.ok()) {
    if (reply.error().code() != StatusCode::kUnknown) co_return reply.error();
    // It changed nothing: that it was sent and not answered matters to nobody.
    if (!context.Check(env_.executor.NowUs()).ok()) {
      co_return Status::Cancelled(reply.error().message());
    }
    co_return Status::Unavailable(reply.error().message());
  }
  const Answer& answer = reply->answer;
  if (answer.status == 200 && answer.is_json) co_return reply->body;
  if (answer.status == 200) {
    co_return Status::Corrupt(fmt::format(
        "{}: {} answered 200 with what is no JSON: is it DynamoDB, or a proxy on the way?",
        Asked(call), endpoint()));
  }
  co_return Failure(call, answer);
}

Task<Result<DynamoClient::Written>> DynamoClient::Write(Context context, Call call) {
  using State = Written::State;
  Result<Answered> reply = co_await Ask(context, call);
  if (!reply.ok()) {
    const bool may_have_happened = reply.error().code() == StatusCode::kUnknown ||
                                   reply.error().code() == StatusCode::kExhausted;
    if (!may_have_happened) co_return reply.error();
    co_return Written{State::kUnknown, {}, reply.error().message(), false};
  }
  const Answer& answer = reply->answer;
  if (answer.status == 200 && answer.is_json)
    co_return Written{State::kDone, reply->body, {}, false};
  std::string seen =
      fmt::format("{}: {} answered {} {}", Asked(call), endpoint(), answer.status, answer.type);
  if (answer.status == 200 || answer.IsServerError()) {
    co_return Written{State::kUnknown, {}, std::move(seen), false};
  }
  if (answer.IsConflict()) {
    const bool failed = answer.type == "ConditionalCheckFailedException";
    co_return Written{State::kConflict, reply->body, std::move(seen), failed};
  }
  co_return Failure(call, answer);
}

}  // namespace duckpond
