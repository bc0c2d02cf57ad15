// SPDX-License-Identifier: MIT
#include "tests/sim/log_sim.h"

#include <fmt/format.h>

#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "store/caching_store.h"
#include "store/faulty_store.h"
#include "store/latency_store.h"
#include "store/memory_cache.h"
#include "store/memory_store.h"
#include "store/retrying_store.h"
#include "store/sharing_store.h"
#include "tests/sim/log_check.h"
#include "tests/sim/sim_env.h"
#include "tests/sim/trace.h"
#include "tests/support/busy_store.h"
#include "tests/support/summing_folder.h"

namespace duckpond {
namespace {

constexpr uint64_t kStepsMax = 3'000'000;

struct World {
  explicit World(uint64_t seed) : plan(seed), executor(plan.Next()) {}

  SeededRandom plan;  // Draws the shape of the run, before it starts.
  SimExecutor executor;
  std::shared_ptr<Trace> trace = std::make_shared<Trace>();
  // About half of the entries are parts of their own, which are read when somebody looks.
  SummingFolder folder{41};
  std::shared_ptr<ObjectStore> memory;
  // What processes have read, when they share a machine and its clock; else each has its own.
  std::shared_ptr<PartCache> cache;
  LatencyProfile profile;
  std::shared_ptr<ObjectStore> far;  // `memory` as the profile has it.
  uint64_t busy_percent = 0;         // Puts that meet another one: a conflict, and nothing happens.
  FaultRates rates;
  LogOptions log_options;
  std::vector<std::unique_ptr<SimEnv>> envs;
  std::vector<std::shared_ptr<TracingStore>> stores;
  Told told;
  LogSimStats stats;
  int processes = 0;
  int writers = 0;
  int operations = 0;
  int ended = 0;  // Processes that came to their end.

  void Fail(const std::string& what) {
    if (told.failure.empty()) told.failure = what;
  }
};

// One life of a process: it ends by itself or by a crash.
struct Life {
  SimEnv* env = nullptr;
  std::shared_ptr<FaultyObjectStore> faulty;
  std::shared_ptr<EventLog> log;
  uint64_t seed = 0;
  Version seen = 0;  // Latest() has shown this version.
};
using LifePtr = std::shared_ptr<Life>;

bool Chance(Random& random, uint64_t percent) { return random.Below(100) < percent; }

// Some have room for little.
std::shared_ptr<PartCache> NewCache(SeededRandom& plan) {
  return std::make_shared<MemoryCache>(1000 + plan.Below(20'000));
}

// Half of the runs are on a store that answers at once and admits all.
void DrawProfile(World& world) {
  static constexpr std::string_view kNames[] = {"none", "s3", "s3-express", "r2", "dynamodb"};
  const uint64_t place = world.plan.Below(2) * world.plan.Below(std::size(kNames));
  auto profile = LatencyProfile::Named(kNames[place]);
  CHECK(profile.ok());
  profile->tells_limit = Chance(world.plan, 50);
  world.profile = *profile;
  world.envs.push_back(std::make_unique<SimEnv>(world.executor, world.plan.Next(), 0));
  world.far = std::make_shared<LatencyObjectStore>(world.envs.back()->env, world.memory, *profile);
}

// Each kind of fault is there in some runs and not in others: one that is always there hides what
// happens without it.
void DrawShape(World& world) {
  SeededRandom& plan = world.plan;
  const auto rate = [&plan](double most) {
    return Chance(plan, 50) ? most * static_cast<double>(plan.Below(100)) / 100 : 0;
  };
  world.rates = {rate(0.05),      rate(0.05), rate(0.08), rate(0.05),
                 0.2 + rate(0.2), rate(0.05), rate(0.03), rate(0.05)};
  world.told.stale_reads = world.rates.stale > 0;
  MemoryObjectStore::Options options{fmt::format("sim{}", plan.Next()), Chance(plan, 30)};
  world.memory = std::make_shared<MemoryObjectStore>(options);
  DrawProfile(world);
  // The limit is below the faults here, since processes share it: of a put that is sent twice, the
  // second would be refused, and that is told as "nothing happened".
  if (world.profile.swaps_per_second_max > 0) world.rates.duplicate = 0;
  world.log_options.writer = "sim";
  world.log_options.roll_bytes = 300 + plan.Below(2000);
  world.log_options.inline_state_bytes_max = 50 + plan.Below(500);
  world.processes = 1 + static_cast<int>(plan.Below(3));
  world.writers = 1 + static_cast<int>(plan.Below(3));
  world.operations = 2 + static_cast<int>(plan.Below(7));
  if (Chance(plan, 40)) world.busy_percent = plan.Below(30);
  if (Chance(plan, 50)) world.cache = NewCache(plan);
}

// The proof of the store's conditions is left alone: it takes a busy store for one to try later.
std::shared_ptr<ObjectStore> OpenBusy(World& world) {
  const auto random = std::make_shared<SeededRandom>(world.plan.Next());
  return std::make_shared<BusyStore>(world.far, [random, &world](const std::string& key) {
    const bool busy = !key.starts_with("proof/") && Chance(*random, world.busy_percent);
    world.stats.busy += busy ? 1 : 0;
    return busy;
  });
}

LifePtr OpenLife(World& world, bool last) {
  const auto skew_us =
      world.cache ? 0 : static_cast<int64_t>(world.plan.Below(4'000'000)) - 2'000'000;
  world.envs.push_back(std::make_unique<SimEnv>(world.executor, world.plan.Next(), skew_us));
  FaultOptions faults;
  faults.seed = world.plan.Next();
  faults.rates = world.rates;
  if (!last) faults.crash_after = 1 + world.plan.Below(60);
  auto life = std::make_shared<Life>();
  life->env = world.envs.back().get();
  life->faulty = std::make_shared<FaultyObjectStore>(OpenBusy(world), faults);
  life->seed = world.plan.Next();
  // What a store refuses for coming too soon is sent again, as in a process of its own.
  std::shared_ptr<ObjectStore> store = life->faulty;
  if (world.profile.swaps_per_second_max > 0) {
    store = std::make_shared<RetryingObjectStore>(life->env->env, std::move(store));
  }
  world.stores.push_back(std::make_shared<TracingStore>(store, world.trace, world.executor));
  const auto cached = std::make_shared<CachingObjectStore>(
      life->env->env, std::make_shared<SharingObjectStore>(life->env->env, world.stores.back()),
      CachingObjectStore::Caches{world.cache ? world.cache : NewCache(world.plan)});
  life->log = EventLog::Open(life->env->env, cached, world.folder, world.log_options,
                             fmt::format("life{}", world.envs.size()));
  return life;
}

// Some callers have little time, some change their minds.
Context DrawContext(World& world, Random& random) {
  Context context;
  const MonotonicUs now_us = world.executor.NowUs();
  if (Chance(random, 30)) {
    context.deadline_us = now_us + 1000 + static_cast<int64_t>(random.Below(600'000));
  }
  if (Chance(random, 15)) {
    CancelSource source;
    context.cancel = source.token();
    world.executor.PostAt(now_us + static_cast<int64_t>(random.Below(200'000)),
                          [source]() mutable { source.Cancel(); });
  }
  return context;
}

void NoteCommit(World& world, const Life& life, const CommitOptions& options,
                const Result<CommitReceipt>& result) {
  ToldCommit told{options.transaction, options.idempotency_key, ToldCommit::kUnknown, {}, ""};
  if (life.faulty->crashed()) {
    told.outcome = ToldCommit::kUnknown;
  } else if (result.ok()) {
    told.outcome = ToldCommit::kCommitted;
    told.receipt = *result;
    world.told.Acknowledge(world.executor.NowUs(), result->version);
    if (result->repeated) ++world.stats.repeated;
  } else {
    const StatusCode code = result.error().code();
    told.error = result.error().ToString();
    if (code != StatusCode::kUnknown) told.outcome = ToldCommit::kRefused;
    if (code != StatusCode::kUnknown && code != StatusCode::kConflict &&
        code != StatusCode::kCancelled && code != StatusCode::kUnavailable) {
      world.Fail("a commit ended with " + told.error);
    }
  }
  world.trace->Add(fmt::format("commit {} {} {}", options.transaction.ToString(),
                               static_cast<int>(told.outcome), told.error));
  world.told.commits.push_back(std::move(told));
}

Task<bool> Write(World* world, LifePtr life, uint64_t seed) {
  SeededRandom random(seed);
  for (int i = 0; i < world->operations && !life->faulty->crashed(); ++i) {
    SetChange::Entries entries;
    for (uint64_t n = 1 + random.Below(3); n > 0; --n) {
      entries.emplace_back(fmt::format("e{}", random.Below(12)), std::to_string(random.Next()));
    }
    SetChange::Options change_options;
    change_options.only_new = Chance(random, 15);
    auto change = std::make_shared<SetChange>(life->env->uuids, entries, change_options);
    CommitOptions options;
    if (Chance(random, 25)) options.idempotency_key = fmt::format("k{}", random.Below(10));
    // A caller that was told nothing certain may ask again; with a key it is safe to.
    for (int attempt = 0; attempt < 3; ++attempt) {
      options.transaction = life->env->uuids.Next();
      Context context = DrawContext(*world, random);
      const auto result = co_await life->log->Commit(std::move(context), change, options);
      NoteCommit(*world, *life, options, result);
      const bool unknown = !result.ok() && result.error().code() == StatusCode::kUnknown;
      if (!unknown || options.idempotency_key.empty()) break;
    }
    Context pause;
    if (Chance(random, 50)) {
      const Status slept = co_await Sleep(pause, static_cast<int64_t>(random.Below(100'000)));
      if (!slept.ok()) co_return false;
    }
  }
  co_return true;
}

// `floor` was acknowledged before the call.
void NoteSeen(World& world, const Life& life, const std::string& how, Version floor,
              const Result<Snapshot>& result) {
  if (life.faulty->crashed()) return;
  ++world.stats.reads;
  if (result.ok()) {
    world.told.seen.push_back({how, result->version, result->time_us, SetText(result->state)});
    world.trace->Add(fmt::format("{} saw {}", how, result->version));
    return;
  }
  const StatusCode code = result.error().code();
  world.trace->Add(how + result.error().ToString());
  const bool may_be_missing =
      code == StatusCode::kNotFound && (how == "AtTime" || floor == 0 || world.told.stale_reads);
  if (code != StatusCode::kUnavailable && code != StatusCode::kCancelled && !may_be_missing) {
    world.Fail(how + " ended with " + result.error().ToString());
  }
}

Freshness DrawFreshness(Random& random) {
  Freshness freshness;
  const auto age_us = static_cast<int64_t>(random.Below(200'000));
  if (Chance(random, 25)) {
    freshness.age_us_max = age_us;
  } else if (Chance(random, 33)) {
    freshness.age_us_max = Freshness::kAnyAge;
    if (Chance(random, 50)) freshness.refresh_age_us = age_us;
  }
  return freshness;
}

// What was acknowledged before an answer of that age was asked for.
Version FloorOf(const World& world, int64_t age_us) {
  if (age_us == Freshness::kAnyAge) return 0;
  return world.told.AcknowledgedAt(world.executor.NowUs() - age_us);
}

// `seen` with all of its state, as a user of the log has it sooner or later.
Task<Result<Snapshot>> Whole(World* world, Context context, Task<Result<Snapshot>> seen) {
  auto snapshot = co_await std::move(seen);
  if (!snapshot.ok()) co_return snapshot;
  CO_ASSIGN_OR_RETURN(snapshot->state,
                      co_await world->folder.ReadAll(std::move(context), snapshot->state));
  co_return snapshot;
}

Task<bool> ReadLatest(World* world, LifePtr life, Context context, Freshness freshness) {
  const Version floor = FloorOf(*world, freshness.age_us_max);
  const Version before = life->seen;
  const auto result = co_await Whole(world, context, life->log->Latest(context, freshness));
  NoteSeen(*world, *life, "Latest", floor, result);
  if (!result.ok()) co_return false;
  if (result->version < before) world->Fail("a reader went back");
  if (result->version < floor && !world->told.stale_reads && !life->faulty->crashed()) {
    world->Fail(
        fmt::format("a reader saw version {} after {} was acknowledged", result->version, floor));
  }
  life->seen = std::max(life->seen, result->version);
  co_return true;
}

Task<bool> Read(World* world, LifePtr life, uint64_t seed) {
  SeededRandom random(seed);
  for (int i = 0; i < world->operations && !life->faulty->crashed(); ++i) {
    Context context = DrawContext(*world, random);
    const Version newest = life->seen;
    if (newest == 0 || Chance(random, 40)) {
      co_await ReadLatest(world, life, std::move(context), DrawFreshness(random));
    } else if (Chance(random, 60)) {
      const auto result =
          co_await Whole(world, context, life->log->At(context, random.Below(newest + 1)));
      NoteSeen(*world, *life, "At", newest, result);
    } else {
      const int64_t back_us = static_cast<int64_t>(random.Below(1'000'000));
      const auto result = co_await Whole(
          world, context, life->log->AtTime(context, life->env->clock.NowUs() - back_us));
      NoteSeen(*world, *life, "AtTime", newest, result);
    }
    Context pause;
    const Status slept = co_await Sleep(pause, static_cast<int64_t>(random.Below(80'000)));
    if (!slept.ok()) co_return false;
  }
  co_return true;
}

Task<bool> RunLives(World* world, int crashes) {
  for (int life_number = 0; life_number <= crashes; ++life_number) {
    const LifePtr life = OpenLife(*world, life_number == crashes);
    SeededRandom seeds(life->seed);
    std::vector<Task<bool>> tasks;
    for (int i = 0; i < world->writers; ++i) tasks.push_back(Write(world, life, seeds.Next()));
    tasks.push_back(Read(world, life, seeds.Next()));
    const auto done = co_await WhenAll(std::move(tasks));
    if (!life->faulty->crashed()) co_return true;
    ++world->stats.crashes;
    Context pause;
    const Status slept = co_await Sleep(pause, static_cast<int64_t>(seeds.Below(200'000)));
    if (!slept.ok()) co_return false;
  }
  co_return true;
}

Task<void> RunProcess(World* world, int crashes) {
  const bool ended = co_await RunLives(world, crashes);
  if (ended) ++world->ended;
}

// On a store that works: a last commit must go through, then everything is looked at.
void CheckAfterwards(World& world) {
  world.envs.push_back(std::make_unique<SimEnv>(world.executor, world.plan.Next(), 0));
  Env& env = world.envs.back()->env;
  const auto log = EventLog::Open(env, world.memory, world.folder, world.log_options, "afterwards");
  CommitOptions options;
  options.transaction = env.uuids.Next();
  auto change = std::make_shared<SetChange>(env.uuids, SetChange::Entries{{"last", "one"}});
  const auto last = Block(env.executor, log->Commit(Context{}, change, options));
  if (!last.ok()) return world.Fail("the last commit ended with " + last.error().ToString());
  world.told.commits.push_back({options.transaction, "", ToldCommit::kCommitted, *last, ""});
  CheckHistory(env, *log, world.folder, world.told, world.stats);
  const auto objects = Block(env.executor, world.memory->List(Context{}, "log/", std::nullopt));
  if (!objects.ok()) return world.Fail("the objects cannot be listed");
  for (const auto& object : objects->objects) world.stats.parts += object.key.ends_with(".part");
}

}  // namespace

LogSimResult RunLogSim(uint64_t seed) {
  World world(seed);
  DrawShape(world);
  for (int i = 0; i < world.processes; ++i) {
    const auto crashes = static_cast<int>(world.plan.Below(3));
    Spawn(world.executor, RunProcess(&world, crashes));
  }
  if (!world.executor.RunUntilIdle(kStepsMax)) world.Fail("the run does not come to an end");
  // Nothing is left to do, so who has not come to an end waits for ever.
  if (world.ended != world.processes) world.Fail("a process waits for what never comes");
  if (world.told.failure.empty()) CheckAfterwards(world);
  // Tasks that nobody waits for own themselves until they end.
  if (!world.executor.RunUntilIdle(kStepsMax)) world.Fail("the check does not come to an end");
  for (const auto& store : world.stores) world.stats.store_calls += store->calls();
  world.trace->Add(fmt::format("{} steps, {}", world.executor.steps(), world.told.failure));
  return {world.told.failure, world.trace->hash(), world.stats};
}

}  // namespace duckpond
