// SPDX-License-Identifier: MIT
#include "tests/support/s3_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>
#include <thread>

#include "tests/support/loopback.h"
#include "tests/support/test_servers.h"

namespace duckpond {
namespace {

constexpr char kVersitygw[] = "versitygw-v1.8.0/versitygw";
constexpr int kStartAttemptsMax = 5;
constexpr std::chrono::seconds kStartWaitMax{30};

// A port that was free a moment ago.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  bind(fd, reinterpret_cast<const sockaddr*>(&address), size);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

bool Accepts(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  const int failed = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  close(fd);
  return failed == 0;
}

std::string Contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::string TestS3Server::MinioPath(const std::string& path) {
  std::istringstream folders(path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::filesystem::path program = std::filesystem::path(folder) / "minio";
    std::error_code none;
    if (std::filesystem::is_regular_file(program, none) && access(program.c_str(), X_OK) == 0) {
      return program;
    }
  }
  return {};
}

std::string TestS3Server::MinioPath() {
  const std::string named = TestVariable("DUCKPOND_MINIO");
  return named.empty() ? MinioPath(TestVariable("PATH")) : named;
}

Result<std::unique_ptr<TestS3Server>> TestS3Server::Start(Options options) {
  const bool minio = options.kind == Kind::kMinio;
  const std::string program =
      minio ? MinioPath() : TestServerPath("DUCKPOND_VERSITYGW", kVersitygw);
  if (access(program.c_str(), X_OK) != 0) {
    return Status::NotFound("the S3 server to test against is not at \"" + program + "\": " +
                            (minio ? "name it in DUCKPOND_MINIO"
                                   : "run scripts/setup, or name it in DUCKPOND_VERSITYGW"));
  }
  std::unique_ptr<TestS3Server> server(new TestS3Server(std::move(options)));
  std::filesystem::create_directory(server->folder_ / server->bucket_);
  Status started;
  for (int attempt = 0; attempt < kStartAttemptsMax; ++attempt) {
    started = server->TryStart(program);
    if (started.ok()) return server;
  }
  return started;
}

std::vector<std::string> TestS3Server::CommandOfVersitygw(const std::string& program) const {
  const std::string port = std::to_string(port_);
  std::vector<std::string> command{
      program, "--access", access_key_,         "--secret",     secret_key_, "--region",
      region_, "--port",   "127.0.0.1:" + port, "--keep-alive", "--quiet"};
  if (!options_.certificate_file.empty()) {
    command.insert(command.end(),
                   {"--cert", options_.certificate_file, "--key", options_.key_file});
  }
  if (options_.virtual_host) {
    command.insert(command.end(), {"--virtual-domain", "localhost:" + port});
  }
  command.insert(command.end(), {"posix", folder_.path().string()});
  return command;
}

Status TestS3Server::TryStart(const std::string& program) {
  port_ = FreePort();
  ChildProcess::Options options;
  options.stderr_path = folder_ / ".server-log";
  if (options_.kind == Kind::kMinio) {
    const std::string address = "127.0.0.1:" + std::to_string(port_);
    options.command = {program, "server", "--address", address, folder_.path().string()};
    options.added = {{"MINIO_ROOT_USER", access_key_}, {"MINIO_ROOT_PASSWORD", secret_key_}};
  } else {
    options.command = CommandOfVersitygw(program);
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

std::string TestS3Server::endpoint() const {
  const std::string scheme = options_.certificate_file.empty() ? "http" : "https";
  const std::string host = options_.virtual_host ? "localhost" : "127.0.0.1";
  return scheme + "://" + host + ":" + std::to_string(port_);
}

std::map<std::string, std::string> TestS3Server::Environment() const {
  return {{"AWS_ACCESS_KEY_ID", access_key_},
          {"AWS_SECRET_ACCESS_KEY", secret_key_},
          {"AWS_REGION", region_},
          {"AWS_ENDPOINT_URL", endpoint()},
          {"S3_USE_PATH_STYLE", options_.virtual_host ? "false" : "true"}};
}

}  // namespace duckpond
