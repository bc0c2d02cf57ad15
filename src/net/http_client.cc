// SPDX-License-Identifier: MIT
#include "net/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "base/thread.h"
#include "net/http_transfer.h"

namespace duckpond {
namespace {

// How long the thread sleeps when nothing happens. It is woken for new work; this only bounds the
// harm of a wake-up that libcurl could not deliver.
constexpr int kPollMsMax = 1'000;

using TransferPtr = std::shared_ptr<HttpTransfer>;

void InitLibrary() {
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  CHECK(once == CURLE_OK);
}

}  // namespace

// The thread, and what it shares with callers of Send. The libcurl handles, `running_` and
// `deadlines_` belong to the thread alone; the queues are handed over under the lock.
class HttpClient::Loop {
 public:
  explicit Loop(HttpSettings settings) : settings_(std::move(settings)) {
    InitLibrary();
    multi_ = curl_multi_init();
    share_ = curl_share_init();
    CHECK(multi_ != nullptr && share_ != nullptr);
    // TLS sessions are resumed by later connections. No lock functions: one thread uses them.
    curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    const long per_host = settings_.connections_per_host_max;
    curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, per_host);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, per_host * 2);
    curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
    thread_ = std::make_unique<Thread>("duckpond-http", [this] { Run(); });
  }

  ~Loop() {
    CHECK(thread_ == nullptr);  // Else it would use what dies here.
    CHECK(running_.empty() && deadlines_.empty());
    curl_multi_cleanup(multi_);
    curl_share_cleanup(share_);
  }

  // Gives up what is under way and joins the thread. REQUIRES: before the destructor.
  void Stop() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    curl_multi_wakeup(multi_);
    thread_.reset();
  }

  // Returns false, and leaves the transfer alone, if too many wait already.
  bool Submit(TransferPtr transfer) {
    {
      std::lock_guard lock(mutex_);
      if (requests_ >= settings_.requests_max) return false;
      ++requests_;
      submitted_.push_back(std::move(transfer));
    }
    curl_multi_wakeup(multi_);
    return true;
  }

  void Cancel(TransferPtr transfer) {
    transfer->cancelled = true;
    {
      std::lock_guard lock(mutex_);
      cancelled_.push_back(std::move(transfer));
    }
    curl_multi_wakeup(multi_);
  }

 private:
  using Deadlines = std::multimap<MonotonicUs, CURL*>;
  struct Running {
    TransferPtr transfer;
    Deadlines::iterator deadline;
  };

  // In this order, so that a transfer that is both done and late counts as done. An order that
  // comes behind TakeOrders is not slept over: libcurl keeps a wake-up for the next poll.
  void Run() {
    while (TakeOrders()) {
      int still_running = 0;
      curl_multi_perform(multi_, &still_running);
      ReapFinished();
      curl_multi_poll(multi_, nullptr, 0, ExpireDeadlines(), nullptr);
    }
    while (!running_.empty()) {
      running_.begin()->second.transfer->cancelled = true;
      End(running_.begin()->first, CURLE_ABORTED_BY_CALLBACK);
    }
  }

  // Returns false when the client is being destroyed.
  bool TakeOrders() {
    std::deque<TransferPtr> submitted;
    std::deque<TransferPtr> cancelled;
    bool stopping = false;
    {
      std::lock_guard lock(mutex_);
      submitted.swap(submitted_);
      cancelled.swap(cancelled_);
      stopping = stopping_;
    }
    for (TransferPtr& transfer : submitted) Begin(std::move(transfer));
    for (const TransferPtr& transfer : cancelled) Abort(transfer);
    return !stopping;
  }

  void Begin(TransferPtr transfer) {
    CURL* easy = curl_easy_init();
    CHECK(easy != nullptr);
    curl_easy_setopt(easy, CURLOPT_SHARE, share_);
    const Status attached = transfer->Attach(easy, settings_);
    if (!attached.ok()) {
      curl_easy_cleanup(easy);
      Give(transfer, attached);
      return;
    }
    running_.emplace(easy, Running{transfer, deadlines_.emplace(transfer->deadline_us, easy)});
    DCHECK(running_.size() == deadlines_.size());
    if (transfer->cancelled || curl_multi_add_handle(multi_, easy) != CURLM_OK) {
      End(easy, CURLE_ABORTED_BY_CALLBACK);
    }
  }

  void Abort(const TransferPtr& transfer) {
    // A search, since cancelling is rare. One that has ended already is not found.
    for (const auto& [easy, running] : running_) {
      if (running.transfer == transfer) return End(easy, CURLE_ABORTED_BY_CALLBACK);
    }
  }

  void ReapFinished() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg == CURLMSG_DONE) End(message->easy_handle, message->data.result);
    }
  }

  // Ends transfers whose time is up; returns how long the thread may sleep, in milliseconds.
  int ExpireDeadlines() {
    while (!deadlines_.empty()) {
      const auto [deadline_us, easy] = *deadlines_.begin();
      const MonotonicUs now_us = running_.at(easy).transfer->executor->NowUs();
      if (deadline_us > now_us) {
        return static_cast<int>(std::min<int64_t>(kPollMsMax, (deadline_us - now_us) / 1000 + 1));
      }
      End(easy, CURLE_OPERATION_TIMEDOUT);
    }
    return kPollMsMax;
  }

  void End(CURL* easy, CURLcode code) {
    const auto found = running_.find(easy);
    CHECK(found != running_.end());  // libcurl knows of no handle that is not in there.
    const TransferPtr transfer = found->second.transfer;
    deadlines_.erase(found->second.deadline);
    running_.erase(found);
    DCHECK(running_.size() == deadlines_.size());
    // Asks the handle what was sent, so it comes before the handle goes; who waits comes last,
    // since it may end the client.
    Result<HttpReply> outcome = transfer->Finish(code);
    curl_multi_remove_handle(multi_, easy);
    curl_easy_cleanup(easy);
    Give(transfer, std::move(outcome));
  }

  void Give(const TransferPtr& transfer, Result<HttpReply> outcome) {
    {
      std::lock_guard lock(mutex_);
      CHECK(requests_ > 0);
      --requests_;
    }
    transfer->done.Set(std::move(outcome));
  }

  const HttpSettings settings_;
  CURLM* multi_ = nullptr;
  CURLSH* share_ = nullptr;
  Deadlines deadlines_;
  std::unordered_map<CURL*, Running> running_;

  std::mutex mutex_;
  std::deque<TransferPtr> submitted_;
  std::deque<TransferPtr> cancelled_;
  int requests_ = 0;
  bool stopping_ = false;

  std::unique_ptr<Thread> thread_;
};

HttpClient::HttpClient(HttpSettings settings)
    : loop_(std::make_shared<Loop>(std::move(settings))) {}

// The tasks that were given up may still hold the loop for a moment; its thread is gone by then.
HttpClient::~HttpClient() { loop_->Stop(); }

Task<Result<HttpReply>> HttpClient::Send(Context context, HttpRequest request) {
  Executor* executor = co_await CurrentExecutor{};
  CO_RETURN_IF_ERROR(context.Check(executor->NowUs()));
  auto transfer = std::make_shared<HttpTransfer>(std::move(request), context.deadline_us, executor);
  if (!loop_->Submit(transfer)) {
    co_return Status::Unavailable("too many requests are under way; this one was not sent");
  }
  // After Submit: a cancellation that is already there must find the transfer in the queue.
  auto registration = context.cancel.OnCancel([loop = loop_, transfer] { loop->Cancel(transfer); });
  Result<HttpReply> outcome = co_await transfer->done;
  if (!outcome.ok() && outcome.error().code() == StatusCode::kUnavailable) {
    CO_RETURN_IF_ERROR(context.Check(executor->NowUs()));
  }
  co_return outcome;
}

}  // namespace duckpond
