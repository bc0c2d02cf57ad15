// SPDX-License-Identifier: MIT
#include "server/server.h"

#include <signal.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <vector>

#include "server/connection.h"

namespace duckpond {

using boost::asio::ip::tcp;
using Error = boost::system::error_code;
using std::chrono::milliseconds;

namespace {

void EndNow(int) { _exit(0); }

// Everybody has been answered, and only memory is left to be given back: a signal that comes now
// shortens that, and must not make a good end look like a bad one.
void EndAtSignals() {
  // With the last set that asks for a signal, Boost gives its default action back. This one stays.
  static auto* const io = new boost::asio::io_context;
  static auto* const kept = new boost::asio::signal_set(*io, SIGTERM, SIGINT);
  static_cast<void>(kept);
  struct sigaction action{};
  action.sa_handler = EndNow;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
}

}  // namespace

class Server::State {
 public:
  State(std::shared_ptr<Engine> engine, const ServerOptions& options)
      : shared_(std::move(engine), options.token, options.limits),
        acceptor_(shared_.io),
        signals_(shared_.io),
        timer_(shared_.io) {}

  Status Listen(const ServerOptions& options);
  uint16_t port() const { return acceptor_.local_endpoint().port(); }
  void Run();
  void Stop() {
    boost::asio::post(shared_.io, [this] { Drain(); });
  }

 private:
  void Accept();
  void OnAccept(Error error, tcp::socket socket);
  void WaitForSignal();
  void Drain();
  void Hurry();
  bool Finished() const;
  void NothingLeft();

  ServerShared shared_;
  tcp::acceptor acceptor_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer timer_;
};

Status Server::State::Listen(const ServerOptions& options) {
  const std::string place = options.host + ":" + std::to_string(options.port);
  Error error;
  tcp::resolver resolver(shared_.io);
  const auto found =
      resolver.resolve(options.host, std::to_string(options.port), tcp::resolver::passive, error);
  if (error) return Status::Invalid("cannot find the address " + place + ": " + error.message());
  const tcp::endpoint endpoint = found.begin()->endpoint();
  shared_.loopback = endpoint.address().is_loopback();
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  // The kernel keeps this many finished handshakes for us; it bounds it by net.core.somaxconn.
  constexpr int kBacklog = 4096;
  if (!error) acceptor_.listen(kBacklog, error);
  if (error) return Status::Invalid("cannot listen on " + place + ": " + error.message());
  return Status::Ok();
}

void Server::State::Accept() {
  acceptor_.async_accept(
      [this](Error error, tcp::socket socket) { OnAccept(error, std::move(socket)); });
}

void Server::State::OnAccept(Error error, tcp::socket socket) {
  if (shared_.draining) return;
  if (error) {
    // Out of file descriptors, most likely: some will be free again in a moment.
    constexpr milliseconds kPause(50);
    timer_.expires_after(kPause);
    timer_.async_wait([this](Error stopped) {
      if (!stopped && !shared_.draining) Accept();
    });
    return;
  }
  const ServerLimits& limits = shared_.limits;
  const size_t open = shared_.open.size();
  if (open < limits.connections_max + limits.refused_max) {
    auto connection = std::make_shared<Connection>(shared_, std::move(socket));
    open < limits.connections_max ? connection->Start() : connection->Refuse();
  }
  Accept();
}

void Server::State::Run() {
  signals_.add(SIGTERM);
  signals_.add(SIGINT);
  shared_.when_empty = [this] { NothingLeft(); };
  WaitForSignal();
  Accept();
  shared_.io.run();
  shared_.when_empty = nullptr;
  EndAtSignals();
}

// The first asks to drain, the second to hurry; a third ends the process, as if we had never asked
// for signals, should a query not end though it was cancelled.
void Server::State::WaitForSignal() {
  signals_.async_wait([this](Error error, int) {
    // One may have come just before the wait for it was taken back.
    if (error || Finished()) return;
    if (shared_.draining) {
      Error ignored;
      signals_.clear(ignored);
      return Hurry();
    }
    WaitForSignal();
    Drain();  // Takes the wait back if nothing is left.
  });
}

void Server::State::Drain() {
  if (shared_.draining) return;
  shared_.draining = true;
  Error ignored;
  acceptor_.close(ignored);
  timer_.expires_after(milliseconds(shared_.limits.drain_ms_max));
  timer_.async_wait([this](Error error) {
    if (!error) Hurry();
  });
  const std::vector<Connection*> open(shared_.open.begin(), shared_.open.end());
  for (Connection* connection : open) connection->Drain();
  if (open.empty()) NothingLeft();
}

// Then nothing is to be waited for any more: a timer that was set again would keep Run for ever.
bool Server::State::Finished() const { return shared_.draining && shared_.open.empty(); }

// Again and again: a query that was cancelled has its answer sent, and that must not wait for long
// either.
void Server::State::Hurry() {
  if (Finished()) return;
  const std::vector<Connection*> open(shared_.open.begin(), shared_.open.end());
  for (Connection* connection : open) connection->Hurry();
  constexpr milliseconds kAgain(1000);
  timer_.expires_after(kAgain);
  timer_.async_wait([this](Error error) {
    if (!error) Hurry();
  });
}

// What still waits would keep Run from returning.
void Server::State::NothingLeft() {
  if (!shared_.draining) return;
  timer_.cancel();
  Error ignored;
  signals_.cancel(ignored);
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::Listen(std::shared_ptr<Engine> engine,
                                               ServerOptions options) {
  auto state = std::make_unique<State>(std::move(engine), options);
  RETURN_IF_ERROR(state->Listen(options));
  return std::make_unique<Server>(std::move(state));
}

uint16_t Server::port() const { return state_->port(); }
void Server::Run() { state_->Run(); }
void Server::Stop() { state_->Stop(); }

}  // namespace duckpond
