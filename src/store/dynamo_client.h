// SPDX-License-Identifier: MIT
//
// DynamoClient: one table of DynamoDB, spoken to in its JSON protocol, and what its answers mean.
//
//   read   200 the answer · throttled, 5xx, not answered: kUnavailable
//   write  200 done · a condition that failed, another transaction on the item: conflict
//          5xx, not answered: unknown · throttled: kUnavailable, nothing happened
//   both   no such table, another schema, wrong keys, no permission: kInvalid, saying what to do
//
// Each request is entered in the context's ledger, with the units it took (store/dynamo_units.h).
//
// Threads:   all methods may be called concurrently. Held by shared_ptr; tasks keep it alive.
// Lifetime:  borrows Env.
// Errors:    each names table, key and what was answered; a server's text is quoted only where it
//            cannot repeat a key.
// Format:    docs/formats/dynamodb.md
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/cost.h"
#include "base/env.h"
#include "store/prices.h"
#include "store/s3_options.h"

namespace duckpond {

// What follows from a URL, a secret and the environment.
struct DynamoPlace {
  std::string table;
  std::string prefix;     // Empty, or ends with '/'.
  std::string url;        // "dynamodb://table/prefix"
  std::string scheme;     // "https" or "http".
  std::string host;       // With the port if it is not the scheme's own.
  std::string base_path;  // Of the endpoint: empty, or starts with '/'.
  std::string region;
};

// `url` is "dynamodb://table" or "dynamodb://table/prefix". Endpoint: options.endpoint,
// AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL, the profile's endpoint_url, or AWS's own.
// Errors: kInvalid, saying which setting is wrong.
Result<DynamoPlace> LocateDynamo(const std::string& url, const S3Options& options);

class DynamoClient {
 public:
  // Errors: kInvalid for a bad URL or setting, or if no credentials are found.
  static Result<std::shared_ptr<DynamoClient>> Open(Env& env, const std::string& url,
                                                    S3Options options);
  DynamoClient(Env& env, DynamoPlace place, S3Options options);

  // An operation, and the key it is about, for messages. The JSON is the request's body.
  // Not an aggregate, and not to be made inside a co_await: g++ 12 would destroy it twice.
  struct Call {
    Call(std::string o, std::string k, std::string j)
        : operation(std::move(o)), key(std::move(k)), json(std::move(j)) {}
    std::string operation;  // "GetItem"
    std::string key;        // Without the prefix; empty for the table itself.
    std::string json;
  };

  // Sends what changes nothing. Gives the body of the answer, which is JSON.
  Task<Result<Bytes>> Read(Context context, Call call);

  struct Written {
    enum class State : unsigned char { kDone, kConflict, kUnknown };
    State state = State::kUnknown;
    Bytes body;          // Of kDone; of kConflict the error, maybe with the item that is there.
    std::string detail;  // Of kConflict and kUnknown.
    // Of kConflict: a condition was false, and no other request was in the way.
    bool condition_failed = false;
  };
  // Sends what may change something.
  Task<Result<Written>> Write(Context context, Call call);

  const DynamoPlace& place() const { return place_; }
  const Prices& prices() const { return prices_; }
  Env& env() const { return env_; }
  std::string endpoint() const { return place_.scheme + "://" + place_.host + place_.base_path; }
  // The last Server header.
  std::string server() const;

 private:
  struct Answer;
  struct Answered;
  Task<Result<Answered>> Ask(Context context, const Call& call);
  Task<Result<Answered>> Send(Context context, const Call& call);
  HttpRequest Sign(const Call& call, const AwsKeys& keys, int64_t now_us) const;
  // "GetItem dynamodb://table/prefix/key"
  std::string Asked(const Call& call) const;
  Answer AnswerOf(const HttpReply& reply) const;
  Status Failure(const Call& call, const Answer& answer) const;
  Status MissingTable() const;

  Env& env_;
  const DynamoPlace place_;
  const Prices prices_;
  const std::shared_ptr<HttpClient> http_;
  const std::shared_ptr<CredentialsProvider> credentials_;
  const std::shared_ptr<ServerClock> clock_;
  mutable std::mutex mutex_;
  std::string server_;  // Guarded by mutex_.
};

}  // namespace duckpond
