// SPDX-License-Identifier: MIT
#include "sql/pond_transaction.h"

#include "duckdb/planner/tableref/bound_at_clause.hpp"
#include "log/known_age.h"
#include "sql/answer_note.h"
#include "sql/commit_note.h"
#include "sql/connection_state.h"
#include "sql/errors.h"
#include "sql/file_upload.h"
#include "sql/pond_catalog.h"
#include "sql/settings.h"

namespace duckpond {
namespace {

// Above every version of a pond: a changed transaction's state is nobody else's.
constexpr uint64_t kChangedVersions = uint64_t{1} << 62;

std::atomic<uint64_t> g_last_changed{kChangedVersions};

// What was said last counts: with the request, by the session, or when the pond was attached.
Freshness WantedFreshness(duckdb::ClientContext& client, const PondAttachment& attachment) {
  const ReadingOptions& asked = ConnectionState::Of(client)->reading();
  std::optional<Consistency> consistency = asked.consistency;
  if (!consistency) consistency = ConsistencyOf(client);
  Freshness freshness = consistency.value_or(attachment.consistency).ToFreshness();
  freshness.min_version = asked.min_version;
  return freshness;
}

}  // namespace

Version VersionOf(const duckdb::Value& value) {
  if (value.IsNull()) ThrowStatus(Status::Invalid("a version cannot be NULL"));
  const duckdb::Value version = value.DefaultCastAs(duckdb::LogicalType::UBIGINT);
  // The cast rounds.
  if (version.DefaultCastAs(value.type()) != value) {
    ThrowStatus(Status::Invalid("a version is a whole number, not " + value.ToString()));
  }
  return duckdb::UBigIntValue::Get(version);
}

int64_t MicrosOf(duckdb::ClientContext& client, const duckdb::Value& value) {
  if (value.IsNull()) ThrowStatus(Status::Invalid("a time cannot be NULL"));
  duckdb::Value time;
  std::string why;
  const bool done = value.TryCastAs(client, duckdb::LogicalType::TIMESTAMP_TZ, time, &why);
  // The cast of a text that is no time may succeed and give NULL.
  if (!done || time.IsNull()) {
    ThrowStatus(Status::Invalid(why.empty() ? value.ToString() + " is no time" : why));
  }
  return duckdb::TimestampValue::Get(time).value;
}

PondTransaction::PondTransaction(duckdb::TransactionManager& manager, duckdb::ClientContext& client,
                                 PondCatalog& catalog)
    : duckdb::Transaction(manager, client), catalog_(catalog) {}
PondTransaction::~PondTransaction() = default;

PondTransaction& PondTransaction::Of(duckdb::ClientContext& client, duckdb::Catalog& catalog) {
  auto& transaction = duckdb::Transaction::Get(client, catalog).Cast<PondTransaction>();
  if (transaction.forked()) {
    ThrowStatus(Status::Invalid("\"" + catalog.GetName() +
                                "\" was attached before this process was forked off: open a "
                                "DuckDB instance of its own in it"));
  }
  return transaction;
}

bool PondTransaction::forked() const { return &catalog_.pond()->env() != &Env::Process(); }

void PondTransaction::Start(duckdb::ClientContext& client) {
  const Status status = TryStart(client);
  if (!status.ok()) ThrowStoreStatus(status);
}

Status PondTransaction::TryStart(duckdb::ClientContext& client) {
  if (changes_ || !refused_.ok()) return refused_;
  Pond& pond = *catalog_.pond();
  const PondAttachment& attachment = catalog_.attachment();
  const auto note = CommitNote::Of(client);
  note->Idle(true);
  auto snapshot = RunTask(client, [&](Context context) {
    if (attachment.version) return pond.At(context, *attachment.version);
    if (attachment.time_us) return pond.AtTime(context, *attachment.time_us);
    return pond.Latest(context, WantedFreshness(client, attachment));
  });
  note->Idle(false);
  if (snapshot.ok()) {
    note->Saw(snapshot->version);
    AnswerNote::Of(client)->Saw(client,
                                {snapshot->version, snapshot->time_us, KnownAgeUs(pond.log()), {}});
    changes_ = pond.Begin(*std::move(snapshot));
    return Status::Ok();
  }
  if (snapshot.error().code() == StatusCode::kUnsupported) {
    refused_ = snapshot.error();
    return refused_;
  }
  const bool fixed = attachment.version || attachment.time_us;
  if (fixed || snapshot.error().code() != StatusCode::kNotFound) ThrowStoreStatus(snapshot.error());
  missing_ = true;
  changes_ = pond.Begin(pond.Nothing());
  return Status::Ok();
}

CatalogPtr PondTransaction::View(duckdb::ClientContext& client) {
  std::lock_guard lock(mutex_);
  Start(client);
  return changes_->view();
}

CatalogSnapshot PondTransaction::Base(duckdb::ClientContext& client) {
  std::lock_guard lock(mutex_);
  Start(client);
  return changes_->base();
}

CatalogPtr PondTransaction::ViewAt(duckdb::ClientContext& client,
                                   duckdb::optional_ptr<duckdb::BoundAtClause> clause) {
  if (!clause) return View(client);
  AnswerNote::Of(client)->SawPast();
  const std::string unit = duckdb::StringUtil::Lower(clause->Unit());
  const bool by_version = unit == "version";
  if (!by_version && unit != "timestamp") {
    ThrowStatus(Status::Invalid("AT takes VERSION or TIMESTAMP, not " + unit));
  }
  const Version version = by_version ? VersionOf(clause->GetValue()) : 0;
  const int64_t time_us = by_version ? 0 : MicrosOf(client, clause->GetValue());
  Pond& pond = *catalog_.pond();
  std::lock_guard lock(mutex_);
  CatalogPtr& past = by_version ? past_versions_[version] : past_times_[time_us];
  if (past) return past;
  past = StoredValueOrThrow(RunTask(client, [&](Context context) {
           return by_version ? pond.At(context, version) : pond.AtTime(context, time_us);
         })).catalog;
  return past;
}

void PondTransaction::Hold(std::shared_ptr<duckdb::CatalogEntry> entry) {
  std::lock_guard lock(mutex_);
  held_.insert(std::move(entry));
}

duckpond::Transaction& PondTransaction::Change(duckdb::ClientContext& client) {
  const PondAttachment& attachment = catalog_.attachment();
  if (attachment.version || attachment.time_us) {
    ThrowStatus(Status::Invalid("\"" + catalog_.GetName() +
                                "\" is attached at a version of the past: it cannot be changed"));
  }
  if (attachment.read_only) {
    ThrowStatus(Status::Invalid("\"" + catalog_.GetName() + "\" is attached read-only"));
  }
  std::lock_guard lock(mutex_);
  Start(client);
  changed_version_ = ++g_last_changed;
  return *changes_;
}

std::vector<CommitRecord> PondTransaction::History(duckdb::ClientContext& client) {
  EventLog::VersionRange range;
  {
    std::lock_guard lock(mutex_);
    if (TryStart(client).ok()) {
      range.last = changes_->base().version;
      if (range.last == 0) return {};
    } else {
      range.last = catalog_.attachment().version.value_or(0);
    }
  }
  return StoredValueOrThrow(RunTask(
      client, [&](Context context) { return catalog_.pond()->log().History(context, range); }));
}

bool PondTransaction::Readable(duckdb::ClientContext& client) {
  std::lock_guard lock(mutex_);
  return TryStart(client).ok();
}

uint64_t PondTransaction::CatalogVersion(duckdb::ClientContext& client) {
  if (const uint64_t changed = changed_version_) return changed;
  std::lock_guard lock(mutex_);
  return TryStart(client).ok() ? changes_->base().version : 0;
}

void PondTransaction::CreatePond(duckdb::ClientContext& client) {
  std::lock_guard lock(mutex_);
  Start(client);
  if (!missing_ || created_) return;
  Pond& pond = *catalog_.pond();
  const Status status = RunTask(client, [&](Context context) { return pond.Create(context); });
  if (!status.ok() && status.code() != StatusCode::kExists) ThrowStoreStatus(status);
  created_ = true;
}

void PondTransaction::NoteUpload(std::weak_ptr<FileUpload> upload) {
  std::lock_guard lock(mutex_);
  uploads_.push_back(std::move(upload));
}

void PondTransaction::StopUploads() {
  for (const auto& noted : uploads_) {
    if (const auto upload = noted.lock()) upload->Stop();
  }
  uploads_.clear();
}

Status PondTransaction::Commit(duckdb::ClientContext& client) {
  if (!changes_ || !changes_->has_changes()) return Status::Ok();
  if (forked()) return Status::Invalid("the transaction is that of the process before its fork");
  StopUploads();  // Of statements that failed.
  CommitOptions options;
  options.transaction = Env::Process().uuids.Next();
  StatementWait wait(client);
  const auto note = CommitNote::Of(client);
  note->Idle(true);  // To its end: nothing is left but to answer.
  // Not RunTask: a commit that succeeded is reported as such, interrupted or not.
  auto receipt = Block(Env::Process().executor,
                       changes_->Commit(wait.context(), std::move(options)), wait.poll());
  if (receipt.ok()) {
    note->committed = true;
    note->Saw(receipt->version);
  }
  return client.interrupted ? receipt.status() : TimeoutAsUnavailable(receipt.status());
}

void PondTransaction::Rollback() {
  // What a forked process takes over is its parent's to clean up.
  if (!changes_ || !changes_->has_changes() || forked()) return;
  StopUploads();
  // Not under the statement's cancellation, which may be why there is a rollback; on its bill.
  Context clean_up;
  if (const auto client = context.lock()) clean_up.ledger = StatementLedger(*client);
  // An object that could not be deleted is no data: nothing is lost with the error.
  (void)Block(Env::Process().executor, changes_->Rollback(clean_up));
}

duckdb::Transaction& PondTransactionManager::StartTransaction(duckdb::ClientContext& client) {
  auto transaction = std::make_unique<PondTransaction>(*this, client, catalog_);
  auto& result = *transaction;
  std::lock_guard lock(mutex_);
  transactions_[&result] = std::move(transaction);
  return result;
}

std::unique_ptr<PondTransaction> PondTransactionManager::Take(duckdb::Transaction& transaction) {
  std::lock_guard lock(mutex_);
  auto found = transactions_.extract(&transaction);
  return found.empty() ? nullptr : std::move(found.mapped());
}

duckdb::ErrorData PondTransactionManager::CommitTransaction(duckdb::ClientContext& client,
                                                            duckdb::Transaction& transaction) {
  const auto taken = Take(transaction);
  if (!taken) return {};
  const Status status = taken->Commit(client);
  if (status.ok()) return {};
  ConnectionState::Of(client)->NoteFailedCommit(status);
  return ToErrorData(status);
}

void PondTransactionManager::RollbackTransaction(duckdb::Transaction& transaction) {
  if (const auto taken = Take(transaction)) taken->Rollback();
}

}  // namespace duckpond
