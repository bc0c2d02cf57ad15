// SPDX-License-Identifier: MIT
#include "server/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <boost/beast/http/read.hpp>

#include "base/check.h"
#include "base/env.h"
#include "server/access_log.h"
#include "server/connection_sink.h"
#include "server/wire.h"

namespace duckpond {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using std::chrono::milliseconds;

constexpr size_t kReadBytes = 64 * 1024;

Connection::Connection(ServerShared& shared, tcp::socket socket)
    : shared_(shared),
      stream_(std::move(socket)),
      query_timer_(shared.io),
      watch_timer_(shared.io),
      buffer_(shared.limits.header_bytes_max + kReadBytes) {
  shared_.open.insert(this);
}

Connection::~Connection() {
  Hold(0);
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
  started_us_ = Env::Process().executor.NowUs();
  AnswerNow(
      TooBusy(std::to_string(shared_.limits.connections_max) + " connections").ToAnswer(false));
}

void Connection::Drain() {
  keep_alive_ = false;
  // Between requests there is nothing to wait for; one that is half read ends with an error.
  if (!query_running_ && parser_ && !parser_->got_some()) Close();
}

void Connection::Hurry() { query_running_ ? CancelQuery(ShuttingDown()) : Close(); }

void Connection::ReadHeader() {
  request_ = {};
  keep_alive_ = false;
  parser_.emplace();
  parser_->header_limit(shared_.limits.header_bytes_max);
  parser_->body_limit(shared_.limits.body_bytes_max);
  // What the body before has needed.
  if (buffer_.size() == 0) buffer_.shrink_to_fit();
  ResetIdle();
  http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](Error error, size_t) { self->OnHeader(error); });
}

// What to answer to bytes that are not a request, if it was that.
std::optional<Problem> Connection::NotHttp(Error error) const {
  if (error == http::error::header_limit) return HeaderTooLarge(shared_.limits.header_bytes_max);
  if (error == http::error::body_limit) return BodyTooLarge(shared_.limits.body_bytes_max);
  if (error && IsProtocolError(error)) {
    return BadRequest("this is not HTTP/1.1: " + error.message(), "");
  }
  return std::nullopt;
}

// keep_alive_ stays false unless the whole request was read: what follows is then a part of it.
void Connection::OnHeader(Error error) {
  started_us_ = Env::Process().executor.NowUs();
  if (const auto problem = NotHttp(error)) return AnswerNow(problem->ToAnswer(false));
  if (error) return Close();
  const Status parsed = FromWire(parser_->get(), request_);
  if (!parsed.ok()) {
    return AnswerNow(BadRequest(parsed.message(), "").ToAnswer(WantsText(request_)));
  }
  keep_alive_ = parser_->is_done() && parser_->get().keep_alive();
  if (const auto problem = Judge()) return AnswerNow(problem->ToAnswer(WantsText(request_)));
  if (auto answer = AnswerToHeader()) return AnswerNow(*std::move(answer));
  parser_->eager(true);
  if (parser_->is_done() || !request_.is_http11 || !request_.header("Expect")) return ReadBody();
  Write(std::string(kContinue),
        [self = shared_from_this()](bool ok) { ok ? self->ReadBody() : self->Close(); });
}

// What is wrong with a request, as far as its header tells.
std::optional<Problem> Connection::Judge() const {
  if (shared_.draining) return ShuttingDown();
  if (shared_.auth.IsForeignPage(request_)) return ForeignPage();
  const auto host = request_.header("Host");
  if (shared_.auth.open() && shared_.loopback && host && !IsLocalHost(*host)) return StrangeHost();
  const std::string& path = request_.path;
  if (path != "/" && path != "/query" && path != "/ping") return NoSuchPath(path);
  if (AnswerToHeader()) return std::nullopt;
  if (request_.method != "GET" && request_.method != "POST") return WrongMethod(request_.method);
  if (!shared_.auth.Admits(request_)) return Unauthorized();
  const auto expected = request_.header("Expect");
  if (request_.is_http11 && expected && !SameText(*expected, "100-continue")) return CannotExpect();
  return std::nullopt;
}

// The answers that anybody gets. A body is not read for them: it would be held for a stranger.
std::optional<WebAnswer> Connection::AnswerToHeader() const {
  if (request_.method == "OPTIONS") return PreflightAnswer();
  if (request_.path == "/ping") return TextAnswer("OK");
  const bool get = request_.method == "GET" || request_.method == "HEAD";
  if (request_.path != "/" || !get || !request_.parameters.empty()) return std::nullopt;
  return TextAnswer(
      "duckpond\n\nSend SQL to /query, with the token that the server printed:\n"
      "  curl -H 'Authorization: Bearer TOKEN' -d 'SELECT 42' <this address>/query\n");
}

void Connection::ReadBody() {
  if (parser_->is_done()) {
    keep_alive_ = parser_->get().keep_alive();
    return Dispatch();
  }
  ResetIdle();
  http::async_read_some(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](Error error, size_t) { self->OnBodyPart(error); });
}

void Connection::OnBodyPart(Error error) {
  if (const auto problem = NotHttp(error)) {
    return AnswerNow(problem->ToAnswer(WantsText(request_)));
  }
  if (error) return Close();
  if (!Hold(parser_->get().body().size())) {
    return AnswerNow(
        TooBusy(std::to_string(shared_.limits.bodies_bytes_max) + " bytes of request bodies")
            .ToAnswer(WantsText(request_)));
  }
  ReadBody();
}

// Counts what is held of the request's body; false if all together are too much.
bool Connection::Hold(uint64_t bytes) {
  CHECK(shared_.bodies_bytes >= held_bytes_);
  shared_.bodies_bytes += bytes - held_bytes_;
  held_bytes_ = bytes;
  return shared_.bodies_bytes <= shared_.limits.bodies_bytes_max;
}

void Connection::Dispatch() {
  request_.body = std::move(parser_->get().body());
  auto query = ParseQueryRequest(request_);
  request_.body = {};
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
  // One at a time: answers go out in the order of their requests because the next one is not read.
  CHECK(!query_running_);
  ++query_number_;
  query_running_ = true;
  streaming_ = false;
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
  query.run.on_idle = [threads = shared_.queries.get()](bool idle) {
    idle ? threads->Lend() : threads->TakeBack();
  };
  auto job = std::make_shared<QueryJob>(*shared_.engine, shared_.limits, std::move(query), why);
  Context context;
  context.cancel = cancel_->token();
  ++shared_.jobs;
  auto sink = std::make_shared<ConnectionSink>(shared_from_this());
  shared_.queries->Post([&shared = shared_, job, sink, context]() mutable {
    job->Run(std::move(context), *sink);
    CHECK(shared.jobs > 0);
    --shared.jobs;
  });
}

void Connection::CancelQuery(Problem why) {
  if (!query_running_) return;
  why_cancelled_->Give(std::move(why));
  cancel_->Cancel();
  // An answer that was begun cannot end well any more, and its thread must not wait for a client
  // that takes it slowly.
  if (streaming_) Close();
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
  // More bytes are the client's next request, sent early: it waits in the socket, which stays
  // readable from here on.
  if (seen > 0) return LookForHangUp();
  if (seen < 0 && (errno == EAGAIN || errno == EINTR)) return WatchForHangUp();
  HangUp();
}

// Looks for the end of the stream behind bytes that are not to be read yet, from time to time.
void Connection::LookForHangUp() {
  constexpr milliseconds kLook(250);
  watch_timer_.expires_after(kLook);
  watch_timer_.async_wait([self = shared_from_this(), number = query_number_](Error error) {
    if (error || !self->query_running_ || number != self->query_number_) return;
    pollfd socket{self->stream_.socket().native_handle(), POLLRDHUP, 0};
    const bool gone = poll(&socket, 1, /*timeout=*/0) > 0;
    gone ? self->HangUp() : self->LookForHangUp();
  });
}

void Connection::HangUp() {
  hung_up_ = true;
  CancelQuery(BadRequest("the client hung up", ""));
}

void Connection::EndQuery() {
  CHECK(query_running_);  // A query is answered once.
  query_running_ = false;
  query_timer_.cancel();
  watch_timer_.cancel();
  // Ends the watch. Of an answer that is whole or finished nothing else is under way on the socket;
  // one that is aborted has a write cut short with it.
  Error ignored;
  stream_.socket().cancel(ignored);
}

void Connection::AnswerNow(WebAnswer answer) {
  if (hung_up_) return AfterAnswer(/*ok=*/false);
  status_ = answer.status;
  keep_alive_ = keep_alive_ && !shared_.draining;
  Write(WireWhole(answer, Options(keep_alive_)),
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
  Hold(0);
  if (!ok) return Close();
  if (keep_alive_ && !shared_.draining) return ReadHeader();
  Error ignored;
  stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  linger_until_us_ = Env::Process().executor.NowUs() + shared_.limits.linger_ms_max * int64_t{1000};
  Linger();
}

// Closing while the client still sends would make its kernel throw our answer away: what it sends
// is read, and dropped, for a while.
void Connection::Linger() {
  const MonotonicUs left_us = linger_until_us_ - Env::Process().executor.NowUs();
  if (left_us <= 0) return Close();
  buffer_.clear();
  stream_.expires_after(std::chrono::microseconds(left_us));
  stream_.async_read_some(
      buffer_.prepare(kReadBytes),
      [self = shared_from_this()](Error error, size_t) { error ? self->Close() : self->Linger(); });
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

void Connection::Write(std::string text, Written written) {
  WriteFrom(std::make_shared<const std::string>(std::move(text)), 0, std::move(written));
}

// Part by part, so that a client that takes slowly what is long is not taken for one that is gone.
void Connection::WriteFrom(std::shared_ptr<const std::string> text, size_t from, Written written) {
  CHECK(from <= text->size());
  ResetIdle();
  const auto rest = boost::asio::buffer(text->data() + from, text->size() - from);
  stream_.async_write_some(rest, [self = shared_from_this(), text = std::move(text), from,
                                  written = std::move(written)](Error error, size_t bytes) mutable {
    if (error) return written(false);
    const size_t behind = from + bytes;
    if (behind == text->size()) return written(true);
    self->WriteFrom(std::move(text), behind, std::move(written));
  });
}

void Connection::SendHead(WebAnswer head, Written written) {
  CHECK(query_running_ && !streaming_);
  if (shared_.draining) keep_alive_ = false;
  status_ = head.status;
  streaming_ = true;
  if (cancel_->token().cancelled()) Close();
  Write(WireHead(head, Options(keep_alive_)), std::move(written));
}

void Connection::SendBlock(std::string block, Written written) {
  CHECK(streaming_);
  Write(WireChunk(block), [self = shared_from_this(), written = std::move(written)](bool ok) {
    if (!ok) self->CancelQuery(BadRequest("the client hung up", ""));
    written(ok);
  });
}

void Connection::SendLast(WebFields trailers, Written written) {
  CHECK(streaming_);
  Write(WireLast(trailers), std::move(written));
}

}  // namespace duckpond
