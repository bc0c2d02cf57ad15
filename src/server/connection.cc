// SPDX-License-Identifier: MIT
#include "server/connection.h"

#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>

#include "base/env.h"
#include "server/access_log.h"
#include "server/connection_sink.h"
#include "server/wire.h"

namespace duckpond {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using std::chrono::milliseconds;

Connection::Connection(ServerShared& shared, tcp::socket socket)
    : shared_(shared), stream_(std::move(socket)), query_timer_(shared.io) {
  shared_.open.insert(this);
}

Connection::~Connection() {
  shared_.open.erase(this);
  if (shared_.open.empty() && shared_.when_empty) shared_.when_empty();
}

void Connection::ResetIdle() { stream_.expires_after(milliseconds(shared_.limits.idle_ms_max)); }

void Connection::Start() {
  Error ignored;
  stream_.socket().set_option(tcp::no_delay(true), ignored);
  ReadHeader();
}

void Connection::Refuse() {
  keep_alive_ = false;
  AnswerNow(
      TooBusy(std::to_string(shared_.limits.connections_max) + " connections").ToAnswer(false));
}

void Connection::Drain() {
  keep_alive_ = false;
  // Between requests there is nothing to wait for; one that is half read ends with an error.
  if (!query_running_ && parser_ && !parser_->got_some()) Close();
}

void Connection::CancelQuery(Problem why) {
  if (!query_running_) return;
  why_cancelled_->Give(std::move(why));
  cancel_->Cancel();
}

void Connection::ReadHeader() {
  request_ = {};
  keep_alive_ = false;
  parser_.emplace();
  parser_->header_limit(shared_.limits.header_bytes_max);
  parser_->body_limit(shared_.limits.body_bytes_max);
  ResetIdle();
  http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](Error error, size_t) { self->OnHeader(error); });
}

void Connection::OnHeader(Error error) {
  if (error == http::error::header_limit) {
    return AnswerNow(HeaderTooLarge(shared_.limits.header_bytes_max).ToAnswer(false));
  }
  if (error == http::error::body_limit) {
    return AnswerNow(BodyTooLarge(shared_.limits.body_bytes_max).ToAnswer(false));
  }
  if (error && IsProtocolError(error)) {
    return AnswerNow(BadRequest("this is not HTTP/1.1: " + error.message(), "").ToAnswer(false));
  }
  if (error) return Close();
  started_us_ = Env::Process().executor.NowUs();
  const Status parsed = FromWire(parser_->get(), request_);
  const auto problem = parsed.ok() ? Judge() : BadRequest(parsed.message(), "");
  // Where the body was not read, the connection cannot be used again.
  if (problem) {
    keep_alive_ = parser_->is_done() && parser_->get().keep_alive();
    return AnswerNow(problem->ToAnswer(WantsText(request_)));
  }
  if (!request_.header("Expect")) return ReadBody();
  boost::asio::async_write(stream_, boost::asio::buffer(kContinue),
                           [self = shared_from_this()](Error failed, size_t) {
                             failed ? self->Close() : self->ReadBody();
                           });
}

// What is wrong with a request, as far as its header tells.
std::optional<Problem> Connection::Judge() {
  if (shared_.draining) return ShuttingDown();
  if (shared_.auth.IsForeignPage(request_)) return ForeignPage();
  const std::string& path = request_.path;
  if (path != "/" && path != "/query" && path != "/ping") return NoSuchPath(path);
  if (request_.method == "OPTIONS") return std::nullopt;
  const bool get = request_.method == "GET" || request_.method == "HEAD";
  const bool page = path == "/" && get && request_.parameters.empty();
  if (path == "/ping" || page) return std::nullopt;
  if (request_.method != "GET" && request_.method != "POST") return WrongMethod(request_.method);
  if (!shared_.auth.Admits(request_)) return Unauthorized();
  return std::nullopt;
}

void Connection::ReadBody() {
  ResetIdle();
  http::async_read(stream_, buffer_, *parser_,
                   [self = shared_from_this()](Error error, size_t) { self->OnBody(error); });
}

void Connection::OnBody(Error error) {
  if (error == http::error::body_limit) {
    return AnswerNow(BodyTooLarge(shared_.limits.body_bytes_max).ToAnswer(WantsText(request_)));
  }
  if (error && IsProtocolError(error)) {
    return AnswerNow(
        BadRequest("the body is not HTTP/1.1: " + error.message(), "").ToAnswer(false));
  }
  if (error) return Close();
  request_.body = std::move(parser_->get().body());
  keep_alive_ = parser_->get().keep_alive();
  Dispatch();
}

void Connection::Dispatch() {
  if (request_.method == "OPTIONS") return AnswerNow(PreflightAnswer());
  if (request_.path == "/ping") return AnswerNow(TextAnswer("OK"));
  if (request_.path == "/" && request_.method != "POST" && request_.parameters.empty()) {
    return AnswerNow(TextAnswer(
        "duckpond\n\nSend SQL to /query, with the token that the server printed:\n"
        "  curl -H 'Authorization: Bearer TOKEN' -d 'SELECT 42' <this address>/query\n"));
  }
  auto query = ParseQueryRequest(request_);
  if (auto* problem = std::get_if<Problem>(&query)) {
    return AnswerNow(problem->ToAnswer(WantsText(request_)));
  }
  const auto room =
      static_cast<size_t>(shared_.limits.queries_running_max) + shared_.limits.queries_waiting_max;
  if (shared_.jobs >= room) {
    return AnswerNow(
        TooBusy(std::to_string(shared_.limits.queries_waiting_max) + " waiting queries")
            .ToAnswer(WantsText(request_)));
  }
  StartQuery(std::get<QueryRequest>(std::move(query)));
}

void Connection::StartQuery(QueryRequest query) {
  ++query_number_;
  query_running_ = true;
  cancel_.emplace();
  why_cancelled_ = std::make_shared<CancelReason>();
  stream_.expires_never();
  query_timer_.expires_after(milliseconds(shared_.limits.query_ms_max));
  query_timer_.async_wait([self = shared_from_this(), number = query_number_](Error error) {
    if (error || number != self->query_number_) return;
    self->CancelQuery(TookTooLong(self->shared_.limits.query_ms_max));
  });
  WatchForHangUp();

  auto why = [reason = why_cancelled_] { return reason->Take(); };
  auto job = std::make_shared<QueryJob>(*shared_.engine, shared_.limits, std::move(query), why);
  Context context;
  context.cancel = cancel_->token();
  ++shared_.jobs;
  auto sink = std::make_shared<ConnectionSink>(shared_from_this());
  shared_.queries->Post([&shared = shared_, job, sink, context]() mutable {
    job->Run(std::move(context), *sink);
    --shared.jobs;
  });
}

// A client that has sent its whole request and then ends its stream has hung up.
void Connection::WatchForHangUp() {
  stream_.socket().async_wait(tcp::socket::wait_read,
                              [self = shared_from_this(), number = query_number_](Error error) {
                                self->OnReadable(error, number);
                              });
}

void Connection::OnReadable(Error error, uint64_t query) {
  if (error || !query_running_ || query != query_number_) return;
  char byte = 0;
  const ssize_t seen = recv(stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  // More bytes are the client's next request, sent early: it waits in the socket, and from here on
  // only a failing write tells that the client is gone.
  if (seen > 0) return;
  if (seen < 0 && (errno == EAGAIN || errno == EINTR)) return WatchForHangUp();
  hung_up_ = true;
  CancelQuery(BadRequest("the client hung up", ""));
}

void Connection::EndQuery() {
  query_running_ = false;
  query_timer_.cancel();
  // Ends the watch; nothing else is under way on the socket now.
  Error ignored;
  stream_.socket().cancel(ignored);
}

void Connection::AnswerNow(WebAnswer answer) {
  if (hung_up_) return AfterAnswer(/*ok=*/false);
  status_ = answer.status;
  const bool keep = keep_alive_ && !shared_.draining;
  keep_alive_ = keep;
  SendAnswer(std::move(answer), keep,
             [self = shared_from_this()](bool ok) { self->AfterAnswer(ok); });
}

void Connection::Log(bool ok) const {
  AccessEntry entry;
  entry.method = request_.method;
  entry.path = request_.path;
  entry.status = ok ? status_ : 0;
  entry.elapsed_us = Env::Process().executor.NowUs() - started_us_;
  LogAccess(entry);
}

void Connection::AfterAnswer(bool ok) {
  Log(ok);
  if (!ok) return Close();
  if (keep_alive_ && !shared_.draining) return ReadHeader();
  Error ignored;
  stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  Linger();
}

// Closing while the client still sends would make its kernel throw our answer away: what it sends
// is read, and dropped, for a while.
void Connection::Linger() {
  constexpr size_t kDropMax = size_t{64} << 20;
  constexpr milliseconds kWait(2000);
  if (lingered_bytes_ > kDropMax) return Close();
  buffer_.clear();
  stream_.expires_after(kWait);
  constexpr size_t kPart = 64 * 1024;
  stream_.async_read_some(buffer_.prepare(kPart),
                          [self = shared_from_this()](Error error, size_t bytes) {
                            self->lingered_bytes_ += bytes;
                            error ? self->Close() : self->Linger();
                          });
}

void Connection::Close() {
  Error ignored;
  stream_.socket().close(ignored);
}

WireOptions Connection::Options(bool keep) const {
  return {.keep_alive = keep,
          .any_origin = !shared_.auth.open(),
          .with_body = request_.method != "HEAD"};
}

void Connection::SendAnswer(WebAnswer answer, bool keep, Written written) {
  auto text = std::make_shared<std::string>(WireWhole(answer, Options(keep)));
  ResetIdle();
  boost::asio::async_write(
      stream_, boost::asio::buffer(*text),
      [text, self = shared_from_this(), written](Error error, size_t) { written(!error); });
}

void Connection::SendHead(WebAnswer head, Written written) {
  if (shared_.draining) keep_alive_ = false;
  status_ = head.status;
  auto text = std::make_shared<std::string>(WireHead(head, Options(keep_alive_)));
  ResetIdle();
  boost::asio::async_write(
      stream_, boost::asio::buffer(*text),
      [text, self = shared_from_this(), written](Error error, size_t) { written(!error); });
}

void Connection::SendBlock(std::string block, Written written) {
  auto text = std::make_shared<std::string>(WireChunk(block));
  ResetIdle();
  boost::asio::async_write(stream_, boost::asio::buffer(*text),
                           [text, self = shared_from_this(), written](Error error, size_t) {
                             if (error) self->CancelQuery(BadRequest("the client hung up", ""));
                             written(!error);
                           });
}

void Connection::SendLast(WebFields trailers, Written written) {
  auto text = std::make_shared<std::string>(WireLast(trailers));
  ResetIdle();
  boost::asio::async_write(
      stream_, boost::asio::buffer(*text),
      [text, self = shared_from_this(), written](Error error, size_t) { written(!error); });
}

}  // namespace duckpond
