// SPDX-License-Identifier: MIT
//
// FaultyObjectStore: an ObjectStore whose requests go wrong, as chosen by a seed or by rules such
// as "the second put of pond.log times out after it was applied". What it does to the store below
// is what networks and servers do: nothing here is weaker than object_store.h allows.
//
// Threads:      all methods may be called concurrently.
// Determinism:  the same seed and the same order of requests give the same faults.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "base/cost.h"
#include "base/random.h"
#include "store/store_wrapper.h"

namespace duckpond {

enum class Fault : unsigned char {
  kNone,
  kFail,       // Refused before anything happened: kUnavailable.
  kDrop,       // Sent and lost on the way. A write is kUnknown (and did not happen).
  kTimeOut,    // Applied, and the answer lost. A write is kUnknown (and did happen).
  kLate,       // A write is kUnknown now and is applied later, after up to delay_us.
  kDelay,      // Waits up to delay_us, part of it before and part of it after being applied.
  kDuplicate,  // Sent twice, as by a proxy; the answer is the second one's: a conditional write
               // sees the conflict with itself.
  kTruncate,   // A read comes back with fewer bytes than it says.
  kStale,      // A read is answered with an earlier content of the object, and that one's tag.
};

// Names one request: the `nth` of those that match, counted from 1.
struct FaultRule {
  std::optional<RequestKind> kind;  // Any kind if empty.
  std::string key;                  // Any key if empty.
  uint64_t nth = 1;
  Fault fault = Fault::kNone;
  int64_t delay_us = 0;  // Of kLate and kDelay.
};

// Probabilities from 0 to 1; a request suffers one fault at most.
struct FaultRates {
  double fail = 0;
  double drop = 0;
  double time_out = 0;
  double late = 0;
  double delay = 0;
  double duplicate = 0;
  double truncate = 0;
  double stale = 0;
};

struct FaultOptions {
  uint64_t seed = 0;
  FaultRates rates;
  int64_t delay_us_max = 100'000;  // Of kLate and kDelay when drawn by rate.
  std::vector<FaultRule> rules;    // Looked at before the rates; the first that matches counts.
  // After so many requests the client is dead: nothing it sends arrives, no answer reaches it.
  std::optional<uint64_t> crash_after;
};

class FaultyObjectStore final : public StoreWrapper {
 public:
  FaultyObjectStore(std::shared_ptr<ObjectStore> below, FaultOptions options);

  Task<Result<GetReply>> Get(Context context, std::string key, GetOptions options) override;
  Task<Result<PutReply>> Put(Context context, std::string key, Bytes body,
                             PutCondition condition) override;
  Task<Result<PutReply>> Append(Context context, std::string key, Bytes body,
                                AppendPosition position) override;
  Task<Result<DeleteReply>> Delete(Context context, std::string key,
                                   std::optional<ObjectTag> if_match) override;
  Task<Result<ListReply>> List(Context context, std::string prefix,
                               std::optional<std::string> token) override;

  // Kills the client now, as crash_after does. What it has sent late may still land.
  void Crash();
  bool crashed() const;
  // Requests so far.
  uint64_t requests() const;

 private:
  struct Decision {
    Fault fault = Fault::kNone;
    int64_t delay_before_us = 0;
    int64_t delay_after_us = 0;
    bool crashed = false;
  };
  struct Version {
    Bytes content;
    ObjectTag tag;
  };

  Decision Decide(RequestKind kind, const std::string& key);
  Fault Draw();            // REQUIRES: mutex_ is held.
  double Uniform();        // In [0, 1). REQUIRES: mutex_ is held.
  Status Crashed() const;  // kCancelled once crashed.
  Task<Result<GetReply>> GetNow(Context context, std::string key, GetOptions options,
                                Decision decision);
  void Remember(const std::string& key, Bytes content, ObjectTag tag);
  std::optional<Version> Earlier(const std::string& key);

  template <class Reply>
  Task<Result<Reply>> Write(Context context, std::string key, Decision decision, Send<Reply> send);
  template <class Reply>
  static Task<void> SendLate(int64_t wait_us, Send<Reply> send);

  const FaultOptions options_;
  const bool remembers_;  // Whether a stale answer can ever be asked for.
  mutable std::mutex mutex_;
  // All guarded by mutex_.
  SeededRandom random_;
  uint64_t requests_ = 0;
  std::vector<uint64_t> rule_matches_;
  bool crashed_ = false;
  std::map<std::string, std::vector<Version>> history_;  // Oldest first.
};

}  // namespace duckpond
