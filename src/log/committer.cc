// SPDX-License-Identifier: MIT
#include "log/committer.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "log/create.h"
#include "log/history.h"
#include "log/limits.h"
#include "log/lines.h"
#include "store/store_proof.h"

namespace duckpond {
namespace {

// kCancelled is the end of one request's time, not of the commits': each of those is answered at
// its own deadline, and the round goes on for the others.
bool MayRetry(const Status& status) {
  return status.code() == StatusCode::kUnavailable || status.code() == StatusCode::kCancelled;
}

Status CheckText(std::string_view what, std::string_view text, size_t bytes_max) {
  if (!IsUtf8(text)) return Status::Invalid(fmt::format("a commit's {} must be UTF-8", what));
  if (text.size() > bytes_max) {
    return Status::Invalid(
        fmt::format("a commit's {} has {} bytes; at most {}", what, text.size(), bytes_max));
  }
  return Status::Ok();
}

// Whatever a reader of the log would refuse must not get into it: nobody could take it out again.
Status CheckOptions(const LogSite& site, const CommitOptions& options) {
  if (!site.store->traits().can_write) {
    return Status::Invalid(site.store->url() + " is read-only");
  }
  if (site.options.writer.size() > kWriterBytesMax || !IsUtf8(site.options.writer)) {
    return Status::Invalid("the writer's name is too long or not UTF-8");
  }
  if (options.transaction.is_nil()) return Status::Invalid("a commit needs a transaction id");
  RETURN_IF_ERROR(CheckText("author", options.author, kAuthorBytesMax));
  RETURN_IF_ERROR(CheckText("message", options.message, kMessageBytesMax));
  return CheckText("idempotency key", options.idempotency_key, kIdempotencyKeyBytesMax);
}

// `base` followed by the frames of `batch`, under the tag that the put gave. Offsets are counted
// anew: `base` may be what a roll made of the image that the batch was built on.
ImagePtr ImageAfter(const Folder& folder, const LogImage& base, const Batch& batch, Bytes content,
                    ObjectTag tag) {
  auto image = std::make_shared<LogImage>(base);
  // Another base would be another history: what a roll made has the same commits and the same tag.
  CHECK(base.version() == batch.on->version() && base.tag == batch.on->tag);
  image->content = std::move(content);
  image->tag = std::move(tag);
  uint64_t offset = base.content.size();
  const auto& frames = batch.after->frames;
  for (size_t i = batch.on->frames.size(); i < frames.size(); ++i) {
    image->frames.push_back(frames[i]);
    image->frames.back().offset = offset;
    offset += frames[i].bytes;
  }
  CHECK(offset == image->content.size() && image->version() == batch.after->version());
  image->state = batch.after->state;
  // What a roll wrote is not to be held in memory, nor written again by the next one.
  if (base.base.id != batch.on->base.id) {
    const StatePtr rolled = StateBehind(folder, base.state, *image, base.version());
    if (rolled != nullptr) image->state = rolled;
  }
  return image;
}

// No log is written that a reader would refuse for its size.
Status CheckReadable(std::string_view content) {
  CHECK(content.size() > kLogHeaderBytes);
  if (content.size() > kLogBytesMax) {
    return Status::Exhausted(
        fmt::format("{} would have {} bytes; at most {}", kLogKey, content.size(), kLogBytesMax));
  }
  return CheckObjectText(content.substr(kLogHeaderBytes),
                         Place{std::string(kLogKey), kLogHeaderBytes});
}

// A roll replaces what stands in front of the frames, so it is never an append. Both kinds of write
// compare the tag of `image`: whichever lands first is the only one that does.
Task<Result<PutReply>> SendFrames(SitePtr site, Context context, ImagePtr image, Bytes content,
                                  std::string frames, bool rolled) {
  // An empty tag would be one that no store gave: a put against it may be a put without a
  // condition.
  CHECK(!image->tag.value.empty());
  CHECK(rolled || content.size() == image->content.size() + frames.size());
  std::string key(kLogKey);
  if (site->store->traits().can_append && !rolled) {
    ObjectStore::AppendPosition position{image->content.size(), image->tag};
    Bytes body(std::move(frames));
    auto reply = co_await site->store->Append(context, key, std::move(body), std::move(position));
    // An object takes so many appends, and not each server of a kind takes any: nothing happened.
    const bool refused = !reply.ok() && (reply.error().code() == StatusCode::kExhausted ||
                                         reply.error().code() == StatusCode::kUnsupported);
    if (!refused) co_return reply;
  }
  PutCondition condition = PutCondition::IfMatch(image->tag);
  co_return co_await site->store->Put(std::move(context), std::move(key), std::move(content),
                                      std::move(condition));
}

}  // namespace

Task<Result<CommitReceipt>> Committer::Commit(Context context, std::shared_ptr<Change> change,
                                              CommitOptions options) {
  return CommitNow(shared_from_this(), std::move(context), std::move(change), std::move(options));
}

Task<Result<CommitReceipt>> Committer::CommitNow(Self self, Context context,
                                                 std::shared_ptr<Change> change,
                                                 CommitOptions options) {
  CHECK(change != nullptr);
  Executor& executor = self->site_->env.executor;
  CO_RETURN_IF_ERROR(context.Check(executor.NowUs()));
  CO_RETURN_IF_ERROR(CheckOptions(*self->site_, options));
  auto pending =
      std::make_shared<PendingCommit>(std::move(context), std::move(change), std::move(options));
  {
    std::lock_guard lock(self->mutex_);
    if (self->waiting_.size() >= kWaitingCommitsMax) {
      co_return Status::Exhausted(
          fmt::format("{} commits wait already; try again later", kWaitingCommitsMax));
    }
    self->waiting_.push_back(pending);
  }
  self->Wake();
  co_return co_await AwaitAnswer(executor, pending);
}

Task<Status> Committer::Settle(Context context) {
  struct Wait {
    static Task<Status> Run(Self self, Context context, Completion<bool> done) {
      auto registration = context.cancel.OnCancel([done] { done.Set(false); });
      if (context.deadline_us != std::numeric_limits<MonotonicUs>::max()) {
        self->site_->env.executor.PostAt(context.deadline_us, [done] { done.Set(false); });
      }
      self->Wake();
      const bool idle = co_await done;
      if (idle) co_return Status::Ok();
      co_return Status::Cancelled("commits or a roll are still under way");
    }
  };
  Completion<bool> done;
  {
    std::lock_guard lock(mutex_);
    settling_.push_back(done);
  }
  return Wait::Run(shared_from_this(), std::move(context), done);
}

void Committer::Wake() {
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(running_, true)) return;
  }
  Spawn(site_->env.executor, Run(shared_from_this()));
}

bool Committer::TakeWork(Round& round) {
  std::vector<Completion<bool>> settled;
  bool work = true;
  if (round.commits.empty() && !round.in_doubt.empty()) {
    // All were told that nobody knows; nobody asks any more, and others wait.
    round.in_doubt.clear();
    round.stale = true;
  }
  {
    std::lock_guard lock(mutex_);
    CHECK(running_);  // Else two tasks would put at the same time, and answer the same commits.
    // Nobody new while a put is in doubt: what they would be built on is not known yet.
    while (round.in_doubt.empty() && round.commits.size() < kBatchCommitsMax && !waiting_.empty()) {
      round.commits.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    if (round.commits.empty() && roll_ == nullptr) {
      // Under the lock that Commit queues under: who comes now starts the next run.
      work = running_ = false;
      pacer_.Idle();
      if (!preparing_roll_) settled.swap(settling_);
    }
  }
  CHECK(round.in_doubt.empty() || !round.commits.empty());
  CHECK(round.commits.size() <= kBatchCommitsMax || !round.in_doubt.empty());
  for (const auto& done : settled) done.Set(true);
  return work;
}

Task<void> Committer::Run(Self self) {
  Round round(self->site_->env);
  while (self->TakeWork(round)) {
    self->pacer_.Want();
    const bool waited_for_pace = co_await WaitForPace(self, &round);
    if (waited_for_pace) continue;  // More commits may have come.
    const MonotonicUs started_us = self->site_->env.executor.NowUs();
    const Status step = co_await Step(self, &round);
    std::erase_if(round.commits, [](const PendingPtr& commit) { return commit->answered(); });
    if (step.ok()) {
      round.failing_since_us.reset();
      continue;
    }
    // From the start of the step: an attempt that takes ten seconds to fail has cost ten seconds.
    if (!round.failing_since_us) round.failing_since_us = started_us;
    if (!MayRetry(step) || self->HasHadEnough(round)) {
      self->FailAll(round, step);
      continue;
    }
    const Context context = self->RequestContext(round);
    const Status waited = co_await round.backoff.Wait(context);
    if (!waited.ok()) continue;  // The next step meets the end of the context itself.
  }
}

Task<bool> Committer::WaitForPace(Self self, const Round* round) {
  // What is in doubt is looked for at once.
  if (!round->in_doubt.empty()) co_return false;
  const int64_t wait_us = self->pacer_.ready_us() - self->site_->env.executor.NowUs();
  if (wait_us <= 0) co_return false;
  Context pause;
  const Status slept = co_await Sleep(pause, wait_us);
  co_return slept.ok();
}

// A request is made for all commits of the round: it may take as long as the most patient allows,
// no single caller's cancellation ends it, and it is on the bill of the first.
Context Committer::RequestContext(const Round& round) const {
  Context context;
  const MonotonicUs now_us = site_->env.executor.NowUs();
  if (round.commits.empty()) return context.WithDeadline(now_us + kRequestUsMax);
  context.ledger = round.commits.front()->context.ledger;
  context.deadline_us = now_us;
  for (const PendingPtr& commit : round.commits) {
    context.deadline_us = std::max(context.deadline_us, commit->context.deadline_us);
  }
  return context.WithDeadline(now_us + kRequestUsMax);
}

// In doubt, time alone is no reason to stop: each further look may turn "unknown" into an answer.
bool Committer::HasHadEnough(const Round& round) const {
  CHECK(round.failing_since_us.has_value());
  if (round.backoff.failures() >= kFailuresInARowMax) return true;
  const int64_t failing_us = site_->env.executor.NowUs() - *round.failing_since_us;
  return round.in_doubt.empty() && failing_us >= kUnreachableUsMax;
}

void Committer::FailAll(Round& round, const Status& status) {
  for (const PendingPtr& commit : round.commits) commit->Fail(status);
  round.commits.clear();
  round.in_doubt.clear();
  round.stale = true;
  round.races_lost = 0;
  round.backoff.Reset();
  round.failing_since_us.reset();
  std::lock_guard lock(mutex_);
  // It may be what failed; a log that grows on has it prepared anew.
  roll_ = nullptr;
}

Task<Result<ImagePtr>> Committer::NewestImage(Self self, Round* round, Context context) {
  ImagePtr known = self->reader_->Known();
  const bool read_first = round->in_doubt.empty() && self->pacer_.read_first();
  if (known != nullptr && !round->stale && !read_first) co_return known;
  auto image = co_await self->reader_->Read(context);
  // Nothing is made twice: a log that was there, or in which a put is in doubt, is never made anew.
  if (!image.ok() && image.error().code() == StatusCode::kNotFound && known == nullptr &&
      round->in_doubt.empty()) {
    const Status created = co_await CreatePond(self->site_, context);
    if (!created.ok() && created.code() != StatusCode::kExists) co_return created;
    image = co_await self->reader_->Read(context);
  }
  if (!image.ok()) co_return image;
  CHECK(*image != nullptr && (known == nullptr || (*image)->order() >= known->order()));
  round->stale = false;
  if (known != nullptr && (*image)->order() > known->order()) {
    // Somebody's put was admitted: the store works, and no failure so far says that it does not.
    self->pacer_.SawRival();
    round->failing_since_us.reset();
    round->backoff.Reset();
  }
  co_return image;
}

Task<Status> Committer::MakeReady(Self self, Context context, ImagePtr image) {
  CHECK(image != nullptr);
  if (!image->unknown_event.empty()) {
    co_return Status::Unsupported(
        fmt::format("the log has events '{}', which this program does not know: a newer one must "
                    "write to {}",
                    image->unknown_event, self->site_->store->url()));
  }
  if (!image->unfolded.ok()) co_return image->unfolded;
  {
    std::lock_guard lock(self->mutex_);
    if (self->ready_) co_return Status::Ok();
  }
  // A version was acknowledged only once pond.json said "ready", so later ones need not look.
  if (image->version() == 0) {
    const Status ready = co_await EnsureReady(self->site_, context);
    if (!ready.ok()) co_return ready;
  }
  if (image->base.proof != ProofText(*self->site_->store)) {
    const Status proven = co_await EnsureProven(self->site_, context);
    if (!proven.ok()) co_return proven;
  }
  std::lock_guard lock(self->mutex_);
  self->ready_ = true;
  co_return Status::Ok();
}

Task<Status> Committer::Step(Self self, Round* round) {
  std::erase_if(round->commits, [](const PendingPtr& commit) { return commit->answered(); });
  if (round->commits.empty() && !round->in_doubt.empty()) co_return Status::Ok();
  const Context context = self->RequestContext(*round);
  auto newest = co_await NewestImage(self, round, context);
  if (!newest.ok()) co_return newest.error();
  const ImagePtr image = *newest;
  // What was put can be told even of a log that this program may no longer write to.
  if (!round->in_doubt.empty() && image->order() > round->in_doubt.front().on->order()) {
    co_return co_await SettleDoubt(self, round, context, image);
  }
  const Status ready = co_await MakeReady(self, context, image);
  if (!ready.ok()) co_return ready;
  if (round->in_doubt.empty()) co_return co_await PutNew(self, round, context, image);
  co_return co_await PutAgain(self, round, context, image);
}

Task<Status> Committer::SettleDoubt(Self self, Round* round, Context context, ImagePtr image) {
  CHECK(!round->in_doubt.empty());
  bool landed = false;
  for (Batch& batch : round->in_doubt) {
    // While the log is at that image, an answer that is still under way may move it.
    CHECK(image->order() > batch.on->order());
    // The first frame stands for all: a put is there wholly or not at all.
    TransactionQuery query{batch.first_transaction(), batch.on->version()};
    auto found = co_await FindCommit(self->site_, context, image, query);
    if (!found.ok()) co_return found.error();
    if (!found->has_value()) continue;
    landed = true;
    for (const Batch::Placed& placed : batch.placed) placed.commit->Answer(placed.receipt);
  }
  // The log is past the image of each: what was not found is not there and cannot come any more.
  for (const Batch& batch : round->in_doubt) {
    for (const Batch::Placed& placed : batch.placed) placed.commit->PutFailed();
  }
  round->in_doubt.clear();
  round->backoff.Reset();
  if (!landed) {
    if (++round->races_lost > kCommitAttemptsMax) {
      co_return Status::Unavailable(fmt::format("the race for the log at {} was lost {} times",
                                                self->site_->store->url(), round->races_lost));
    }
  }
  co_return Status::Ok();
}

Task<Status> Committer::PutAgain(Self self, Round* round, Context context, ImagePtr image) {
  CHECK(!round->in_doubt.empty());
  const Status waited = co_await round->backoff.Wait(context);
  if (!waited.ok()) co_return waited;
  if (round->backoff.failures() > kFailuresInARowMax) {
    co_return Status::Unavailable("no certain answer to a put of " + std::string(kLogKey));
  }
  // One caller who wants out is enough: an empty commit settles it for all of the batch, and the
  // others are built again.
  bool give_up = false;
  for (const Batch::Placed& placed : round->in_doubt.front().placed) {
    give_up = give_up || placed.commit->wants_out();
  }
  Batch batch = round->in_doubt.back();
  if (give_up && !batch.placed.empty()) batch = BuildEmptyCommit(*self->site_, image);
  // The frames continue a version by its hash: they fit another image of it, and no other version.
  CHECK(image->order() == batch.on->order() && image->end().hash == batch.on->end().hash);
  batch.on = image;
  co_return co_await Put(self, round, context, std::move(batch));
}

Task<Status> Committer::PutNew(Self self, Round* round, Context context, ImagePtr image) {
  CHECK(round->in_doubt.empty());
  std::vector<PendingPtr> commits = round->commits;
  Batch batch = co_await BuildBatch(self->site_, image, std::move(commits));
  CHECK(batch.placed.size() + batch.deferred.size() <= round->commits.size());
  round->commits.clear();
  for (const Batch::Placed& placed : batch.placed) round->commits.push_back(placed.commit);
  round->commits.insert(round->commits.end(), batch.deferred.begin(), batch.deferred.end());
  if (batch.placed.empty()) {
    if (!round->commits.empty() || self->Rolled(*image) == nullptr) co_return Status::Ok();
    co_return co_await Put(self, round, context, std::move(batch));
  }
  // From here on none of them may be told that nothing happened, until that is certain.
  bool all = true;
  for (const Batch::Placed& placed : batch.placed) all = placed.commit->BeginPut() && all;
  if (!all) {
    // One was cancelled while the others were built on top of it: build again without it.
    for (const Batch::Placed& placed : batch.placed) placed.commit->PutFailed();
    co_return Status::Ok();
  }
  co_return co_await Put(self, round, context, std::move(batch));
}

Task<Status> Committer::Put(Self self, Round* round, Context context, Batch batch) {
  const SitePtr site = self->site_;
  const ImagePtr image = batch.on;
  CHECK(image != nullptr);
  const ImagePtr rolled = self->Rolled(*image);
  const ImagePtr base = rolled != nullptr ? rolled : image;
  // Equal bytes would change nothing, and might bring back a tag that somebody compares with.
  CHECK(!batch.empty() || rolled != nullptr);
  DCHECK(DecodeTail(batch.frames, base->content.size(), base->end(), std::string(kLogKey)).ok());
  std::string text;
  text.reserve(base->content.size() + batch.frames.size());
  text.append(base->content.view()).append(batch.frames);
  const Bytes content(std::move(text));
  if (const Status readable = CheckReadable(content.view()); !readable.ok()) {
    for (const Batch::Placed& placed : batch.placed) {
      if (round->in_doubt.empty()) placed.commit->PutFailed();
    }
    co_return readable;
  }
  self->pacer_.Sent();
  context.once = true;
  auto reply = co_await SendFrames(site, context, image, content, batch.frames, rolled != nullptr);
  if (!reply.ok()) {
    // Most likely it came too soon after another one: it is made anew, with what comes meanwhile.
    if (reply.error().code() == StatusCode::kUnavailable) {
      self->pacer_.Refused();
      round->stale = true;
    }
    // Nothing happened by this put; whether by an earlier one is as open as before.
    if (round->in_doubt.empty()) {
      for (const Batch::Placed& placed : batch.placed) placed.commit->PutFailed();
    }
    co_return reply.error().Prefixed(kLogKey);
  }
  if (reply->state == PutReply::State::kWritten) {
    self->Landed(*round, batch, ImageAfter(site->folder, *base, batch, content, reply->tag));
    co_return Status::Ok();
  }
  // A conflict is no better than no answer: a proxy that sent the put twice reports the second one.
  round->stale = true;
  if (reply->state == PutReply::State::kConflict) self->pacer_.Lost();
  if (batch.empty()) {
    // A roll alone: nobody waits for it, and the next step sees whether it still fits.
    const Status waited = co_await round->backoff.Wait(context);
    co_return round->backoff.failures() > kFailuresInARowMax ? Status::Unavailable("roll") : waited;
  }
  const bool again = !round->in_doubt.empty() &&
                     round->in_doubt.back().first_transaction() == batch.first_transaction();
  if (!again) round->in_doubt.push_back(std::move(batch));
  co_return Status::Ok();
}

void Committer::Landed(Round& round, Batch& batch, ImagePtr image) {
  CHECK(image->order() > batch.on->order());  // Readers tell old from new by it.
  const uint64_t bytes_before = batch.on->frame_bytes();
  const bool rolled = batch.on->base.id != image->base.id;
  reader_->Learn(image);
  bool others_wait = round.commits.size() > batch.placed.size() || batch.placed.size() > 1;
  {
    std::lock_guard lock(mutex_);
    others_wait = others_wait || !waiting_.empty();
  }
  pacer_.Won(others_wait);
  for (const Batch::Placed& placed : batch.placed) placed.commit->Answer(placed.receipt);
  // Others were on the same image, which is past: they cannot land any more.
  for (const Batch& other : round.in_doubt) {
    for (const Batch::Placed& placed : other.placed) placed.commit->PutFailed();
  }
  round.in_doubt.clear();
  round.races_lost = 0;
  round.backoff.Reset();
  ConsiderRoll(rolled ? 0 : bytes_before, std::move(image));
}

ImagePtr Committer::Rolled(const LogImage& image) {
  std::shared_ptr<const PreparedRoll> roll;
  {
    std::lock_guard lock(mutex_);
    roll = roll_;
  }
  if (roll == nullptr) return nullptr;
  ImagePtr rolled = ApplyRoll(image, *roll);
  CHECK(rolled == nullptr || rolled->version() == image.version());
  if (rolled == nullptr) {
    std::lock_guard lock(mutex_);
    if (roll_ == roll) roll_ = nullptr;
  }
  return rolled;
}

// The process whose commit crossed the line prepares the roll; others step in when it seems to have
// died, so that several do not prepare the same one.
void Committer::ConsiderRoll(uint64_t frame_bytes_before, ImagePtr after) {
  CHECK(after != nullptr && site_->options.roll_bytes > 0);
  const uint64_t limit = site_->options.roll_bytes;
  const uint64_t bytes = after->frame_bytes();
  const bool crossed = frame_bytes_before <= limit && bytes > limit;
  if (!crossed && bytes <= limit + limit / 2) return;
  {
    std::lock_guard lock(mutex_);
    if (roll_ != nullptr || preparing_roll_) return;
    preparing_roll_ = true;
  }
  Spawn(site_->env.executor, RollInBackground(shared_from_this(), std::move(after)));
}

Task<void> Committer::RollInBackground(Self self, ImagePtr image) {
  Context context;
  context.deadline_us = self->site_->env.executor.NowUs() + kRequestUsMax;
  auto roll = co_await PrepareRoll(self->site_, std::move(context), std::move(image));
  {
    std::lock_guard lock(self->mutex_);
    CHECK(self->preparing_roll_ && self->roll_ == nullptr);
    self->preparing_roll_ = false;
    if (roll.ok()) self->roll_ = std::make_shared<const PreparedRoll>(*std::move(roll));
  }
  self->Wake();
}

}  // namespace duckpond
