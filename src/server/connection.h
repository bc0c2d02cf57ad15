// SPDX-License-Identifier: MIT
//
// Connection: one client's socket: reads requests one after the other, hands queries to a thread
// and writes what comes back. It notices a client that hangs up while its query runs, and cancels
// the query.
//
// A connection reads a header, then a body, runs a query and writes its answer, and reads the next
// header; what needs no query is answered behind the header. After its last answer it lingers. At
// each point one operation is pending on the socket, and while a query runs the look-out for a
// hang-up: so closing the socket is enough to end it, and what arrives early waits in the socket.
//
// Threads:   all on the I/O thread, but for the sink of a running query (see ConnectionSink).
// Lifetime:  kept alive by its own pending operations and by the query that answers into it.
#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_set>

#include "base/lending_threads.h"
#include "server/auth.h"
#include "server/limits.h"
#include "server/query_job.h"
#include "server/wire.h"

namespace duckpond {

class Connection;

// What the connections of one server share. All of it belongs to the I/O thread but for `queries`,
// which is safe by itself, and the counter.
struct ServerShared {
  std::shared_ptr<Engine> engine;
  Authenticator auth;
  ServerLimits limits;
  std::unordered_set<Connection*> open;
  uint64_t bodies_bytes = 0;  // Held by all connections.
  bool loopback = false;      // Only this machine can reach it.
  bool draining = false;
  std::function<void()> when_empty;  // Called when the last connection is gone.
  // After what its last handlers touch while it dies.
  boost::asio::io_context io{1};
  std::atomic<size_t> jobs = 0;  // Queries that run or wait for a thread.
  // Last: its threads end before the rest does.
  std::unique_ptr<LendingThreads> queries;

  ServerShared(std::shared_ptr<Engine> e, const std::string& token, const ServerLimits& l)
      : engine(std::move(e)),
        auth(token),
        limits(l),
        queries(std::make_unique<LendingThreads>(
            LendingThreads::Limits{l.queries_running_max, l.queries_committing_max})) {}
};

// Why a query was cancelled: the first reason given. Threads: any.
class CancelReason {
 public:
  void Give(Problem why) {
    std::lock_guard lock(mutex_);
    if (!why_) why_ = std::move(why);
  }
  Problem Take() {
    std::lock_guard lock(mutex_);
    return why_.value_or(ShuttingDown());
  }

 private:
  std::mutex mutex_;
  std::optional<Problem> why_;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(ServerShared& shared, boost::asio::ip::tcp::socket socket);
  ~Connection();

  void Start();
  // Answers that the server has no room and closes.
  void Refuse();
  // Closes if no request is under way; else after it.
  void Drain();
  // Cancels the query under way; closes if there is none. Called again, it cuts off an answer that
  // is still not taken.
  void Hurry();

 private:
  friend class ConnectionSink;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Error = boost::beast::error_code;
  // Runs with the outcome of a write.
  using Written = std::function<void(bool ok)>;

  void ReadHeader();
  void OnHeader(Error error);
  std::optional<Problem> NotHttp(Error error) const;
  std::optional<Problem> Judge() const;
  std::optional<WebAnswer> AnswerToHeader() const;
  void ReadBody();
  void OnBodyPart(Error error);
  bool Hold(uint64_t bytes);
  void Dispatch();
  void StartQuery(QueryRequest query);
  void CancelQuery(Problem why);
  void WatchForHangUp();
  void OnReadable(Error error, uint64_t query);
  void LookForHangUp();
  void HangUp();
  void EndQuery();

  WireOptions Options(bool keep) const;
  void Write(std::string text, Written written);
  void WriteFrom(std::shared_ptr<const std::string> text, size_t from, Written written);
  void SendHead(WebAnswer head, Written written);
  void SendBlock(std::string block, Written written);
  void SendLast(WebFields trailers, Written written);
  void AnswerNow(WebAnswer answer);
  void AfterAnswer(bool ok);
  void Log(bool ok) const;
  void Linger();
  void Close();

  void ResetIdle();

  ServerShared& shared_;
  boost::beast::tcp_stream stream_;
  boost::asio::steady_timer query_timer_;
  boost::asio::steady_timer watch_timer_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  WebRequest request_;
  uint64_t held_bytes_ = 0;  // Of the request's body, counted in ServerShared::bodies_bytes.
  // Of the query under way. Handlers that were started for an earlier one see another number.
  uint64_t query_number_ = 0;
  bool query_running_ = false;
  bool streaming_ = false;  // The head of its answer was sent.
  // Whether another request may follow: false until all of this one was read, since what is left of
  // it would be taken for the next.
  bool keep_alive_ = false;
  bool hung_up_ = false;
  std::optional<CancelSource> cancel_;
  std::shared_ptr<CancelReason> why_cancelled_;
  int status_ = 0;  // Of the answer being written.
  MonotonicUs started_us_ = 0;
  MonotonicUs linger_until_us_ = 0;
};

}  // namespace duckpond
