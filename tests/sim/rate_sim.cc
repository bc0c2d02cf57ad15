// SPDX-License-Identifier: MIT
#include "tests/sim/rate_sim.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "log/event_log.h"
#include "store/memory_store.h"
#include "store/retrying_store.h"
#include "tests/sim/sim_env.h"
#include "tests/support/set_folder.h"

namespace duckpond {
namespace {

constexpr uint64_t kStepsMax = 100'000'000;

// What one process asks of the store, below its retries.
class CountingStore final : public StoreWrapper {
 public:
  using StoreWrapper::StoreWrapper;

  uint64_t gets = 0;
  uint64_t puts = 0;
  uint64_t refused = 0;
  uint64_t lost = 0;
  uint64_t landed = 0;

  Task<Result<GetReply>> Get(Context context, std::string key, GetOptions options) override {
    ++gets;
    co_return co_await below()->Get(std::move(context), std::move(key), std::move(options));
  }
  Task<Result<PutReply>> Put(Context context, std::string key, Bytes body,
                             PutCondition condition) override {
    const bool swap = key == "pond.log";
    puts += swap ? 1 : 0;
    auto reply =
        co_await below()->Put(std::move(context), std::move(key), std::move(body), condition);
    if (!swap) co_return reply;
    refused += reply.ok() ? 0 : 1;
    lost += reply.ok() && reply->state == PutReply::State::kConflict ? 1 : 0;
    landed += reply.ok() && reply->state == PutReply::State::kWritten ? 1 : 0;
    co_return reply;
  }
};

struct Process {
  std::unique_ptr<SimEnv> env;
  std::shared_ptr<CountingStore> store;
  std::shared_ptr<EventLog> log;
};

struct World {
  explicit World(uint64_t seed) : plan(seed), executor(plan.Next()) {}

  SeededRandom plan;
  SimExecutor executor;
  SetFolder folder;
  std::shared_ptr<MemoryObjectStore> memory = std::make_shared<MemoryObjectStore>();
  std::vector<Process> processes;
  int64_t end_us = 0;
  std::vector<int64_t> waits_us;
  std::string failure;
};

// Makes `process` commit, one commit after the other, until the time is over.
Task<void> Commit(World* world, Process* process, std::string name, int64_t start_us) {
  Context context;
  const Status slept = co_await Sleep(context, start_us);
  UuidSource& uuids = process->env->uuids;
  for (uint64_t n = 0; slept.ok() && world->executor.NowUs() < world->end_us; ++n) {
    CommitOptions options;
    options.transaction = uuids.Next();
    const SetChange::Entries entries{{name, std::to_string(n)}};
    auto change = std::make_shared<SetChange>(uuids, entries);
    const MonotonicUs asked_us = world->executor.NowUs();
    const auto receipt = co_await process->log->Commit(context, std::move(change), options);
    if (receipt.ok()) {
      world->waits_us.push_back(world->executor.NowUs() - asked_us);
    } else if (world->failure.empty()) {
      world->failure = "a commit ended with " + receipt.error().ToString();
    }
  }
}

// The pond is made, and proven, on the store itself.
std::shared_ptr<EventLog> MakePond(World& world, Env& env) {
  auto log =
      EventLog::Open(env, world.memory, world.folder, {}, fmt::format("rate{}", env.random.Next()));
  CommitOptions options;
  options.transaction = env.uuids.Next();
  auto change = std::make_shared<SetChange>(env.uuids, SetChange::Entries{{"first", "1"}});
  const auto made = Block(env.executor, log->Commit(Context{}, change, options));
  if (!made.ok()) world.failure = made.error().ToString();
  return log;
}

int64_t Quantile(std::vector<int64_t>& sorted, double part) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<size_t>(part * static_cast<double>(sorted.size() - 1))];
}

RateResult Sum(World& world, const RateShape& shape) {
  RateResult result;
  uint64_t landed = 0;
  uint64_t least = UINT64_MAX;
  for (const Process& process : world.processes) {
    result.puts += process.store->puts;
    result.gets += process.store->gets;
    result.refused += process.store->refused;
    result.lost += process.store->lost;
    landed += process.store->landed;
    least = std::min(least, process.store->landed);
  }
  const double seconds = static_cast<double>(shape.time_us) / 1e6;
  std::sort(world.waits_us.begin(), world.waits_us.end());
  result.commits_per_second = static_cast<double>(world.waits_us.size()) / seconds;
  result.swaps_per_second = static_cast<double>(landed) / seconds;
  result.wait_p50_us = Quantile(world.waits_us, 0.5);
  result.wait_p99_us = Quantile(world.waits_us, 0.99);
  result.wait_max_us = Quantile(world.waits_us, 1);
  result.share_min = static_cast<double>(least) * shape.processes / static_cast<double>(landed);
  return result;
}

}  // namespace

RateResult RunRateSim(uint64_t seed, const RateShape& shape) {
  World world(seed);
  SimEnv maker(world.executor, world.plan.Next(), 0);
  const auto maker_log = MakePond(world, maker.env);
  auto far = std::make_shared<LatencyObjectStore>(maker.env, world.memory, shape.profile);
  world.end_us = world.executor.NowUs() + shape.time_us;
  for (int i = 0; i < shape.processes; ++i) {
    Process process;
    process.env = std::make_unique<SimEnv>(world.executor, world.plan.Next(), 0);
    process.store = std::make_shared<CountingStore>(far);
    auto store = std::make_shared<RetryingObjectStore>(process.env->env, process.store);
    process.log = EventLog::Open(process.env->env, store, world.folder, {},
                                 fmt::format("rate{}", world.plan.Next()));
    world.processes.push_back(std::move(process));
  }
  for (int i = 0; i < shape.processes; ++i) {
    for (int client = 0; client < shape.clients; ++client) {
      Spawn(world.executor, Commit(&world, &world.processes[static_cast<size_t>(i)],
                                   std::to_string(i), i * shape.apart_us));
    }
  }
  if (!world.executor.RunUntilIdle(kStepsMax)) world.failure = "the run does not come to an end";
  RateResult result = Sum(world, shape);
  const auto newest = Block(maker.env.executor, maker_log->Latest(Context{}));
  if (world.failure.empty() && newest.ok() && newest->version != world.waits_us.size() + 1) {
    world.failure = fmt::format("{} commits were acknowledged and one before, and the log has {}",
                                world.waits_us.size(), newest->version);
  }
  result.failure = newest.ok() ? world.failure : newest.error().ToString();
  return result;
}

}  // namespace duckpond
