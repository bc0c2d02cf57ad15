// SPDX-License-Identifier: MIT
#include "store/metered_store.h"

#include <array>
#include <utility>

namespace duckpond {
class MeteredObjectStore::Count {
 public:
  Count(std::shared_ptr<CostLedger> own, std::shared_ptr<CostLedger> callers)
      : ledgers_{std::move(own), std::move(callers)} {
    for (size_t i = 0; i < ledgers_.size(); ++i) {
      if (ledgers_[i]) places_[i] = ledgers_[i]->Begin();
    }
  }

  void End(const Status& status, const CostLedger::Entry& entry) const {
    if (status.code() == StatusCode::kCancelled) return;
    for (size_t i = 0; i < ledgers_.size(); ++i) {
      if (ledgers_[i]) ledgers_[i]->End(places_[i], entry);
    }
  }

 private:
  // Shared: a caller may drop its context's ledger while the request is under way.
  const std::array<std::shared_ptr<CostLedger>, 2> ledgers_;
  std::array<uint64_t, 2> places_{};
};

MeteredObjectStore::MeteredObjectStore(std::shared_ptr<ObjectStore> below,
                                       std::shared_ptr<CostLedger> ledger)
    : StoreWrapper(std::move(below)), ledger_(std::move(ledger)) {}

Task<Result<GetReply>> MeteredObjectStore::Get(Context context, std::string key,
                                               GetOptions options) {
  const Count count(ledger_, context.ledger);
  Result<GetReply> reply = co_await below()->Get(context, key, options);
  CostLedger::Entry entry;
  entry.kind = RequestKind::kGet;
  if (reply.ok()) {
    entry.bytes_read = reply->bytes.size();
  } else if (reply.error().code() == StatusCode::kUnknown && options.range) {
    // Given up, or broken off, while it was answered: what was sent is billed. No more than this.
    entry.bytes_read = options.range->length.value_or(0);
  }
  entry.usd = traits().prices.OfGet(entry.bytes_read);
  count.End(reply.status(), entry);
  co_return reply;
}

CostLedger::Entry MeteredObjectStore::EntryOfWrite(const Bytes& body,
                                                   const Result<PutReply>& reply) const {
  CostLedger::Entry entry;
  entry.kind = RequestKind::kPut;
  entry.bytes_written = body.size();
  entry.usd = traits().prices.OfPut(body.size());
  if (reply.ok() && reply->requests > 1) {
    entry.requests = reply->requests;
    entry.usd += traits().prices.OfPut(0) * static_cast<double>(entry.requests - 1);
  }
  return entry;
}

Task<Result<PutReply>> MeteredObjectStore::Put(Context context, std::string key, Bytes body,
                                               PutCondition condition) {
  const Count count(ledger_, context.ledger);
  Result<PutReply> reply = co_await below()->Put(context, key, body, condition);
  count.End(reply.status(), EntryOfWrite(body, reply));
  co_return reply;
}

Task<Result<PutReply>> MeteredObjectStore::Append(Context context, std::string key, Bytes body,
                                                  AppendPosition position) {
  const Count count(ledger_, context.ledger);
  Result<PutReply> reply = co_await below()->Append(context, key, body, position);
  count.End(reply.status(), EntryOfWrite(body, reply));
  co_return reply;
}

Task<Result<DeleteReply>> MeteredObjectStore::Delete(Context context, std::string key,
                                                     std::optional<ObjectTag> if_match) {
  const Count count(ledger_, context.ledger);
  Result<DeleteReply> reply = co_await below()->Delete(context, key, if_match);
  CostLedger::Entry entry;  // No store that we know asks money for a delete.
  entry.kind = RequestKind::kDelete;
  count.End(reply.status(), entry);
  co_return reply;
}

Task<Result<ListReply>> MeteredObjectStore::List(Context context, std::string prefix,
                                                 std::optional<std::string> token) {
  const Count count(ledger_, context.ledger);
  Result<ListReply> reply = co_await below()->List(context, prefix, token);
  CostLedger::Entry entry;
  entry.kind = RequestKind::kList;
  entry.usd = traits().prices.list;
  count.End(reply.status(), entry);
  co_return reply;
}

}  // namespace duckpond
