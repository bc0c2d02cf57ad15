// SPDX-License-Identifier: MIT
#include "server/connection_sink.h"

#include <boost/asio/post.hpp>

#include "base/check.h"

namespace duckpond {

ConnectionSink::ConnectionSink(std::shared_ptr<Connection> connection)
    : connection_(std::move(connection)), work_(connection_->shared_.io.get_executor()) {}

ConnectionSink::~ConnectionSink() {
  // The connection dies on its own thread.
  auto& io = connection_->shared_.io;
  boost::asio::post(io, [connection = std::move(connection_)] {});
}

// Looks again from time to time only because a wait needs some limit: each part is answered, by the
// write's end or by its time-out.
bool ConnectionSink::Ready() {
  constexpr int64_t kLookUs = 1'000'000;
  if (!last_) return true;
  while (!last_->written.WaitFor(kLookUs)) {
  }
  return last_->ok;
}

void ConnectionSink::Send(std::function<void(Connection&, Connection::Written)> send) {
  auto progress = std::make_shared<Progress>();
  last_ = progress;
  boost::asio::post(connection_->shared_.io,
                    [connection = connection_, send = std::move(send), progress] {
                      send(*connection, [progress](bool ok) {
                        progress->ok = ok;
                        progress->written.Set();
                      });
                    });
}

void ConnectionSink::Whole(WebAnswer answer) {
  boost::asio::post(connection_->shared_.io,
                    [connection = connection_, answer = std::move(answer)]() mutable {
                      connection->EndQuery();
                      connection->AnswerNow(std::move(answer));
                    });
}

void ConnectionSink::Start(WebAnswer head) {
  CHECK(last_ == nullptr);  // The head comes first, and once.
  Send([head = std::move(head)](Connection& connection, Connection::Written written) {
    connection.SendHead(head, std::move(written));
  });
}

bool ConnectionSink::Write(std::string block) {
  if (!Ready()) return false;
  auto shared = std::make_shared<std::string>(std::move(block));
  Send([shared](Connection& connection, Connection::Written written) {
    connection.SendBlock(std::move(*shared), std::move(written));
  });
  return true;
}

void ConnectionSink::Finish(WebFields trailers) {
  if (!Ready()) return Abort({});
  boost::asio::post(connection_->shared_.io,
                    [connection = connection_, trailers = std::move(trailers)]() mutable {
                      connection->EndQuery();
                      connection->SendLast(std::move(trailers),
                                           [connection](bool ok) { connection->AfterAnswer(ok); });
                    });
}

void ConnectionSink::Abort(const Problem&) {
  // The chunk that would have ended the body is never sent: every client sees a broken answer.
  boost::asio::post(connection_->shared_.io, [connection = connection_] {
    connection->EndQuery();
    connection->Log(/*ok=*/false);
    connection->Close();
  });
}

}  // namespace duckpond
