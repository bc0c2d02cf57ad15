// SPDX-License-Identifier: MIT
#include "tests/support/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace duckpond {
namespace {

int CodeOf(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Result<ChildProcess> ChildProcess::Start(const Options& options) {
  // All is made before the fork: between fork and exec only plain system calls are allowed.
  std::vector<std::string> command = options.command;
  std::vector<std::string> environment;
  for (const auto& [name, value] : options.added) environment.push_back(name + "=" + value);
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  std::vector<char*> arguments = Pointers(command);
  std::vector<char*> variables = Pointers(environment);
  int output[2];
  if (pipe2(output, O_CLOEXEC) != 0) return Status::Unavailable("no pipe");
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return Status::Unavailable("cannot fork");
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    dup2(output[1], STDOUT_FILENO);
    if (!options.stderr_path.empty()) {
      const int log = open(options.stderr_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      if (log >= 0) dup2(log, STDERR_FILENO);
    }
    execve(arguments[0], arguments.data(), variables.data());
    _exit(127);
  }
  close(output[1]);
  return ChildProcess(pid, output[0]);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      output_(std::exchange(other.output_, -1)),
      exit_code_(other.exit_code_),
      read_(std::move(other.read_)) {}

ChildProcess::~ChildProcess() {
  if (pid_ > 0) {
    Kill();
    Wait();
  }
  if (output_ >= 0) close(output_);
}

std::optional<std::string> ChildProcess::ReadLine() {
  for (;;) {
    const size_t end = read_.find('\n');
    if (end != std::string::npos) {
      std::string line = read_.substr(0, end);
      read_.erase(0, end + 1);
      return line;
    }
    char buffer[4096];
    const ssize_t got = read(output_, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    read_.append(buffer, static_cast<size_t>(got));
  }
}

bool ChildProcess::Runs() {
  if (exit_code_) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  exit_code_ = CodeOf(status);
  return false;
}

int ChildProcess::Wait() {
  int status = 0;
  while (!exit_code_) {
    const pid_t ended = waitpid(pid_, &status, 0);
    if (ended == pid_) exit_code_ = CodeOf(status);
    if (ended < 0 && errno != EINTR) exit_code_ = -1;
  }
  return *exit_code_;
}

void ChildProcess::Kill() {
  if (!exit_code_) kill(pid_, SIGKILL);
}

}  // namespace duckpond
