// SPDX-License-Identifier: MIT
#include "sql/file_upload.h"

#include <utility>

#include "base/env.h"
#include "sql/connection_state.h"
#include "sql/errors.h"

namespace duckpond {
namespace {

// How often a put whose outcome is unknown is made again; the object is the same each time.
constexpr int kPutAttempts = 3;

Task<Status> PutFile(std::shared_ptr<Pond> pond, Context context, std::string path, Bytes body) {
  Result<PutReply> reply = Status::Internal("not tried");
  for (int attempt = 0; attempt < kPutAttempts; ++attempt) {
    PutCondition condition = PutCondition::None();
    reply = co_await pond->store().Put(context, path, body, std::move(condition));
    if (!reply.ok()) {
      co_return TimeoutAsUnavailable(reply.error()).Prefixed("writing " + path);
    }
    if (reply->state == PutReply::State::kWritten) co_return Status::Ok();
  }
  co_return Status::Unavailable("writing " + path + ": " + reply->detail);
}

Task<Status> Take(Completion<Status> done) { co_return co_await done; }

}  // namespace

Status FileUpload::Wait(const std::function<void()>& poll) {
  Status status = Block(Env::Process().executor, Take(under_way_->done), poll);
  under_way_.reset();
  return status;
}

void FileUpload::Stop() {
  if (!under_way_) return;
  under_way_->cancel.Cancel();
  const Status ended = Wait(nullptr);
  (void)ended;  // The statement failed of something else.
}

void FileUpload::Begin(std::string path, Bytes body) {
  Finish();
  // The statement's deadline, but a cancellation of its own.
  Context context = StatementWait(client_).context();
  context.ledger = ledger_;
  CancelSource cancel;
  context.cancel = cancel.token();
  auto done = Start(Env::Process().executor,
                    PutFile(pond_, std::move(context), std::move(path), std::move(body)));
  under_way_.emplace(UnderWay{std::move(cancel), std::move(done)});
}

void FileUpload::Finish() {
  if (!under_way_) return;
  const Status status = Wait([this] {
    if (client_.interrupted) under_way_->cancel.Cancel();
  });
  if (client_.interrupted) throw duckdb::InterruptException();
  if (!status.ok()) ThrowStoreStatus(status);
}

}  // namespace duckpond
