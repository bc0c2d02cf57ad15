// SPDX-License-Identifier: MIT
#include "tests/support/s3_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace duckpond {
namespace {

constexpr int kStartAttemptsMax = 5;
constexpr std::chrono::seconds kStartWaitMax{30};

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string VersitygwPath() {
  if (!Variable("DUCKPOND_VERSITYGW").empty()) return Variable("DUCKPOND_VERSITYGW");
  std::string cache = Variable("DUCKPOND_DEV_CACHE");
  if (cache.empty()) cache = Variable("HOME") + "/.cache/duckpond-dev";
  return cache + "/versitygw-v1.8.0/versitygw";
}

sockaddr_in Local(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// A port that was free a moment ago.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Local(0);
  socklen_t size = sizeof address;
  bind(fd, reinterpret_cast<const sockaddr*>(&address), size);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

bool Accepts(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Local(port);
  const int failed = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  close(fd);
  return failed == 0;
}

std::string Contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::string TestS3Server::MinioPath() { return Variable("DUCKPOND_MINIO"); }

Result<std::unique_ptr<TestS3Server>> TestS3Server::Start(Kind kind) {
  const std::string program = kind == Kind::kMinio ? MinioPath() : VersitygwPath();
  if (access(program.c_str(), X_OK) != 0) {
    return Status::NotFound("the S3 server to test against is not at \"" + program +
                            "\": run scripts/setup, or name it in DUCKPOND_VERSITYGW");
  }
  std::unique_ptr<TestS3Server> server(new TestS3Server);
  std::filesystem::create_directory(server->folder_ / server->bucket_);
  Status started;
  for (int attempt = 0; attempt < kStartAttemptsMax; ++attempt) {
    started = server->TryStart(kind, program);
    if (started.ok()) return server;
  }
  return started;
}

Status TestS3Server::TryStart(Kind kind, const std::string& program) {
  port_ = FreePort();
  const std::string address = "127.0.0.1:" + std::to_string(port_);
  ChildProcess::Options options;
  options.stderr_path = folder_ / ".server-log";
  if (kind == Kind::kMinio) {
    options.command = {program, "server", "--address", address, folder_.path().string()};
    options.added = {{"MINIO_ROOT_USER", access_key_}, {"MINIO_ROOT_PASSWORD", secret_key_}};
  } else {
    options.command = {program,
                       "--access",
                       access_key_,
                       "--secret",
                       secret_key_,
                       "--region",
                       region_,
                       "--port",
                       address,
                       "--keep-alive",
                       "--quiet",
                       "posix",
                       folder_.path().string()};
  }
  ASSIGN_OR_RETURN(ChildProcess process, ChildProcess::Start(options));
  process_ = std::make_unique<ChildProcess>(std::move(process));
  const auto give_up = std::chrono::steady_clock::now() + kStartWaitMax;
  while (process_->Runs() && std::chrono::steady_clock::now() < give_up) {
    if (Accepts(port_)) return Status::Ok();
    std::this_thread::yield();
  }
  process_.reset();
  return Status::Unavailable(program + " did not start: " + Contents(options.stderr_path));
}

std::string TestS3Server::endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }

std::map<std::string, std::string> TestS3Server::Environment() const {
  return {{"AWS_ACCESS_KEY_ID", access_key_},
          {"AWS_SECRET_ACCESS_KEY", secret_key_},
          {"AWS_REGION", region_},
          {"AWS_ENDPOINT_URL", endpoint()}};
}

}  // namespace duckpond
