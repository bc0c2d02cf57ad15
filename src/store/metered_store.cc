// SPDX-License-Identifier: MIT
#include "store/metered_store.h"

#include <utility>
#include <vector>

namespace duckpond {
class MeteredObjectStore::Count {
 public:
  // Makes the call's bill, which is the ledger of the context that goes below.
  Count(std::shared_ptr<CostLedger> own, Context& context)
      : bill_(std::make_shared<CostLedger>(
            std::vector<std::shared_ptr<CostLedger>>{std::move(own), context.ledger})),
        place_(bill_->Begin()) {
    context.ledger = bill_;
  }

  void End(const Status& status, CostLedger::Entry entry) const {
    if (status.code() == StatusCode::kCancelled) return;
    if (bill_->Total().requests() > 0) {
      // The store has said more exactly what was asked; what of it was content, it cannot know.
      entry.requests = 0;
      entry.usd = 0;
    }
    bill_->End(place_, entry);
  }

 private:
  // Shared: a caller may drop its context's ledger while the request is under way.
  const std::shared_ptr<CostLedger> bill_;
  const CostLedger::Place place_;
};

MeteredObjectStore::MeteredObjectStore(std::shared_ptr<ObjectStore> below,
                                       std::shared_ptr<CostLedger> ledger)
    : StoreWrapper(std::move(below)), ledger_(std::move(ledger)) {}

Task<Result<GetReply>> MeteredObjectStore::Get(Context context, std::string key,
                                               GetOptions options) {
  const Count count(ledger_, context);
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
  const Count count(ledger_, context);
  Result<PutReply> reply = co_await below()->Put(context, key, body, condition);
  count.End(reply.status(), EntryOfWrite(body, reply));
  co_return reply;
}

Task<Result<PutReply>> MeteredObjectStore::Append(Context context, std::string key, Bytes body,
                                                  AppendPosition position) {
  const Count count(ledger_, context);
  Result<PutReply> reply = co_await below()->Append(context, key, body, position);
  count.End(reply.status(), EntryOfWrite(body, reply));
  co_return reply;
}

Task<Result<DeleteReply>> MeteredObjectStore::Delete(Context context, std::string key,
                                                     std::optional<ObjectTag> if_match) {
  const Count count(ledger_, context);
  Result<DeleteReply> reply = co_await below()->Delete(context, key, if_match);
  CostLedger::Entry entry;  // Who asks money for a delete enters it himself.
  entry.kind = RequestKind::kDelete;
  count.End(reply.status(), entry);
  co_return reply;
}

Task<Result<ListReply>> MeteredObjectStore::List(Context context, std::string prefix,
                                                 std::optional<std::string> token) {
  const Count count(ledger_, context);
  Result<ListReply> reply = co_await below()->List(context, prefix, token);
  CostLedger::Entry entry;
  entry.kind = RequestKind::kList;
  entry.usd = traits().prices.list;
  count.End(reply.status(), entry);
  co_return reply;
}

}  // namespace duckpond
