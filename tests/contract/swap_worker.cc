// SPDX-License-Identifier: MIT
//
// swap_worker: the other process of the contract suite's races and crashes.
//
//   swap_worker count URL KEY N    counts the object KEY up N times by swaps
//   swap_worker write URL FROM     writes without end, as told in tests/contract/crash_content.h:
//                                  for each number from FROM on puts object data/<number> if
//                                  absent, swaps object head, and prints the number once both are
//                                  written
//   swap_worker limit URL BYTES    tries to replace object head where no file may exceed BYTES
//   swap_worker nobody URL         tries to write as a user without rights
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "store/store_url.h"
#include "tests/contract/crash_content.h"

namespace duckpond {
namespace {

constexpr uid_t kNobody = 65534;

using State = PutReply::State;

Executor& Threads() { return Env::Process().executor; }

int Fail(const std::string& what) {
  std::fprintf(stderr, "swap_worker: %s\n", what.c_str());
  return 1;
}

int Count(ObjectStore& store, const std::string& key, int times) {
  for (int done = 0; done < times;) {
    const auto now = Block(Threads(), store.Get({}, key, {}));
    if (!now.ok()) return Fail(now.status().ToString());
    const int count = NumberAtStart(now->bytes.view());
    const auto swapped = Block(Threads(), store.Put({}, key, Bytes(std::to_string(count + 1)),
                                                    PutCondition::IfMatch(now->tag)));
    if (!swapped.ok()) return Fail(swapped.status().ToString());
    if (swapped->state == State::kUnknown) return Fail(swapped->detail);
    if (swapped->state == State::kWritten) ++done;
  }
  return 0;
}

int Write(ObjectStore& store, int from) {
  for (int number = from;; ++number) {
    const Bytes content(CrashContent(number));
    // The last worker may have come to write it before it was killed: then it is there, whole.
    const auto created =
        Block(Threads(), store.Put({}, CrashDataKey(number), content, PutCondition::IfAbsent()));
    if (!created.ok()) return Fail(created.status().ToString());
    const auto now = Block(Threads(), store.Get({}, "head", {}));
    if (!now.ok()) return Fail(now.status().ToString());
    const bool exists = now->state == GetReply::State::kFound;
    const auto swapped = Block(
        Threads(), store.Put({}, "head", content,
                             exists ? PutCondition::IfMatch(now->tag) : PutCondition::IfAbsent()));
    if (!swapped.ok()) return Fail(swapped.status().ToString());
    if (swapped->state != State::kWritten) return Fail("head was not written");
    std::printf("%d\n", number);
    std::fflush(stdout);
  }
}

// Prints what came of replacing "head" and creating "new".
int TryToWrite(ObjectStore& store, size_t bytes) {
  for (const char* key : {"head", "folder/new"}) {
    const auto reply = Block(
        Threads(), store.Put({}, key, Bytes(std::string(bytes, 'x')),
                             key[0] == 'h' ? PutCondition::None() : PutCondition::IfAbsent()));
    std::printf("%s\n", reply.status().ToString().c_str());
  }
  std::fflush(stdout);
  return 0;
}

int Limit(ObjectStore& store, size_t bytes) {
  // Without a handler the kernel ends the process instead of failing the write.
  signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{bytes, bytes};
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return Fail("no limit");
  return TryToWrite(store, bytes + 1);
}

int Run(int argc, char** argv) {
  if (argc < 3) return Fail("usage: see swap_worker.cc");
  const std::string mode = argv[1];
  // The superuser may write anywhere.
  if (mode == "nobody" && geteuid() == 0 && setresuid(kNobody, kNobody, kNobody) != 0) {
    return Fail("cannot become nobody");
  }
  const auto store = OpenStore(Env::Process(), argv[2], {});
  if (!store.ok()) return Fail(store.status().ToString());
  if (mode == "count" && argc == 5) return Count(**store, argv[3], NumberAtStart(argv[4]));
  if (mode == "write" && argc == 4) return Write(**store, NumberAtStart(argv[3]));
  if (mode == "limit" && argc == 4)
    return Limit(**store, static_cast<size_t>(NumberAtStart(argv[3])));
  if (mode == "nobody") return TryToWrite(**store, 10);
  return Fail("unknown mode " + mode);
}

}  // namespace
}  // namespace duckpond

int main(int argc, char** argv) {
  const int code = duckpond::Run(argc, argv);
  std::fflush(nullptr);
  // Without destructors: the process's own Env lives for ever.
  _exit(code);
}
