// SPDX-License-Identifier: MIT
#include "base/run_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/thread.h"

namespace duckpond {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
constexpr int64_t kUsPerMs = 1'000;
// How often it is looked whether the program has ended, where its output does not tell.
constexpr int kLookMs = 20;
constexpr int64_t kRunUsMax = 3'600'000'000;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { Close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

// What posix_spawn is told: an empty input, the pipe as output, a process group of its own so that
// all of it can be killed, and no signal blocked or ignored.
class SpawnPlan {
 public:
  explicit SpawnPlan(int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    sigset_t none;
    sigset_t ours;  // What the process may have told to be ignored.
    sigemptyset(&none);
    sigemptyset(&ours);
    for (const int signal : {SIGPIPE, SIGXFSZ, SIGINT, SIGQUIT}) sigaddset(&ours, signal);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &ours);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  // The error number, or 0.
  int Start(const std::vector<std::string>& arguments, pid_t* pid) {
    std::vector<char*> pointers;
    for (const std::string& argument : arguments) {
      pointers.push_back(const_cast<char*>(argument.c_str()));
    }
    pointers.push_back(nullptr);
    return posix_spawnp(pid, pointers[0], &actions_, &attributes_, pointers.data(), environ);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// A program that runs. REQUIRES: Kill and Wait are called before it dies.
class Running {
 public:
  explicit Running(pid_t pid) : pid_(pid) {}

  // Reads until the program has ended; what it leaves running may keep the pipe open. Returns what
  // is wrong, or nothing.
  std::string Read(int pipe, size_t bytes_max, SteadyTime end, std::string* output) {
    for (bool open = true;;) {
      const bool ended = Ended();  // Before the pipe is looked at: all is in there then.
      pollfd wait{open ? pipe : -1, POLLIN, 0};
      const int ready = poll(&wait, 1, ended ? 0 : kLookMs);
      if (ready < 0 && errno != EINTR) return "cannot be waited for";
      if (ready <= 0 && ended) return "";
      if (std::chrono::steady_clock::now() >= end) return "did not end in time and was killed";
      if (ready <= 0) continue;
      char part[4096];
      const ssize_t got = read(pipe, part, sizeof(part));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return "has an output that cannot be read";
      open = got > 0;
      output->append(part, static_cast<size_t>(got));
      if (output->size() > bytes_max) return "wrote too much and was killed";
    }
  }

  void Kill() { killpg(pid_, SIGKILL); }
  // How it ended.
  int Wait() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
  }

 private:
  bool Ended() const {
    siginfo_t info{};
    // Where nobody waits for children (SIGCHLD ignored), there is none to be found any more.
    return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid != 0;
  }

  const pid_t pid_;
};

Result<std::string> Run(const ProgramToRun& program, SteadyTime end) {
  const std::string& name = program.arguments.front();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Status::Exhausted("no pipe for running " + name);
  const Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  pid_t pid = 0;
  if (const int error = SpawnPlan(writing.get()).Start(program.arguments, &pid); error != 0) {
    return Status::Invalid(
        name + " cannot be started: " + std::error_code(error, std::generic_category()).message());
  }
  writing.Close();
  Running running(pid);
  std::string output;
  std::string wrong = running.Read(reading.get(), program.output_bytes_max, end, &output);
  // What it left behind as well, in its group.
  running.Kill();
  const int status = running.Wait();
  if (wrong.empty() && WIFSIGNALED(status)) {
    wrong = "was ended by signal " + std::to_string(WTERMSIG(status));
  } else if (wrong.empty() && WEXITSTATUS(status) != 0) {
    wrong = "ended with code " + std::to_string(WEXITSTATUS(status));
  }
  if (!wrong.empty()) return Status::Invalid(name + " " + wrong);
  return output;
}

}  // namespace

Task<Result<std::string>> RunProgram(Context context, ProgramToRun program) {
  CHECK(!program.arguments.empty());
  Executor* executor = co_await CurrentExecutor{};
  const int64_t left_us =
      std::clamp<int64_t>(context.deadline_us - executor->NowUs(), 0, kRunUsMax);
  const SteadyTime end =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(left_us / kUsPerMs);
  Completion<Result<std::string>> done;
  const Thread thread("duckpond-program",
                      [program = std::move(program), end, done] { done.Set(Run(program, end)); });
  Result<std::string> output = co_await done;
  co_return output;
}

}  // namespace duckpond
