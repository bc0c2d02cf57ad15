// SPDX-License-Identifier: MIT
#include "tests/contract/backends.h"

#include <utility>

#include "store/caching_store.h"
#include "store/dynamo_create.h"
#include "store/local_store.h"
#include "store/memory_cache.h"
#include "store/memory_store.h"
#include "store/metered_store.h"
#include "store/store_stack.h"
#include "store/store_url.h"
#include "store/two_door_store.h"
#include "tests/contract/http_reads.h"
#include "tests/support/dynamo_server.h"
#include "tests/support/s3_server.h"
#include "tests/support/scratch_folder.h"

namespace duckpond {
namespace {

using Wrap = std::function<std::shared_ptr<ObjectStore>(std::shared_ptr<ObjectStore>)>;

Backend OverMemory(const std::string& name, bool can_append, Wrap wrap) {
  return {name, [=]() -> Result<OpenedBackend> {
            auto memory = std::make_shared<MemoryObjectStore>(
                MemoryObjectStore::Options{.name = "", .can_append = can_append});
            OpenedBackend opened;
            opened.store = wrap(memory);
            return opened;
          }};
}

std::shared_ptr<ObjectStore> Same(std::shared_ptr<ObjectStore> store) { return store; }

std::shared_ptr<ObjectStore> Metered(std::shared_ptr<ObjectStore> store) {
  return std::make_shared<MeteredObjectStore>(std::move(store), std::make_shared<CostLedger>());
}

std::shared_ptr<ObjectStore> Retrying(std::shared_ptr<ObjectStore> store) {
  return std::make_shared<RetryingObjectStore>(Env::Process(), std::move(store));
}

// Over a front that never has anything: what is in the origin must show all the same.
std::shared_ptr<ObjectStore> TwoDoors(std::shared_ptr<ObjectStore> store) {
  return std::make_shared<TwoDoorObjectStore>(Env::Process(), std::move(store),
                                              std::make_shared<MemoryObjectStore>());
}

std::shared_ptr<ObjectStore> ReadOverHttp(std::shared_ptr<ObjectStore> store) {
  return std::make_shared<HttpReads>(std::move(store));
}

// Real profiles take milliseconds and refuse quick writes; what must hold is the same.
std::shared_ptr<ObjectStore> Slow(std::shared_ptr<ObjectStore> store) {
  LatencyProfile profile;
  profile.name = "test";
  profile.read = {200, 800};
  profile.write = {200, 800};
  return std::make_shared<LatencyObjectStore>(Env::Process(), std::move(store), profile);
}

std::shared_ptr<ObjectStore> Delaying(std::shared_ptr<ObjectStore> store) {
  FaultOptions faults;
  faults.seed = 1;
  faults.rates.delay = 0.5;
  faults.delay_us_max = 500;
  return std::make_shared<FaultyObjectStore>(std::move(store), faults);
}

// Requests that definitely fail are the retries' to mend: nothing of them may show.
std::shared_ptr<ObjectStore> FailingUnderRetries(std::shared_ptr<ObjectStore> store) {
  StackOptions stack;
  stack.retry = RetryOptions{.attempts_max = 60, .wait_first_us = 10, .wait_max_us = 200};
  stack.faults = FaultOptions{};
  stack.faults->seed = 2;
  stack.faults->rates.fail = 0.3;
  return BuildStore(Env::Process(), std::move(store), stack);
}

// Lets the caches above it answer once the store said that the object is unchanged.
class Revalidating final : public StoreWrapper {
 public:
  using StoreWrapper::StoreWrapper;
  Task<Result<GetReply>> Get(Context context, std::string key, GetOptions options) override {
    options.age_us_max = 0;
    return below()->Get(std::move(context), std::move(key), std::move(options));
  }
};

// A cache that has room for a few objects only: what is kept comes and goes.
std::shared_ptr<ObjectStore> Cached(std::shared_ptr<ObjectStore> store) {
  auto cache = std::make_shared<MemoryCache>(300'000);
  return std::make_shared<Revalidating>(std::make_shared<CachingObjectStore>(
      Env::Process(), std::move(store), CachingObjectStore::Caches{std::move(cache)}));
}

Backend Local() {
  return {"local", []() -> Result<OpenedBackend> {
            auto folder = std::make_shared<ScratchFolder>();
            OpenedBackend opened;
            opened.url = *folder / "pond";
            OpenOptions options;
            options.create_directory = true;
            ASSIGN_OR_RETURN(opened.store, OpenStore(Env::Process(), opened.url, options));
            opened.keeps_alive = folder;
            return opened;
          }};
}

// Started once; a server that does not start fails every test that asks for it.
const Result<std::unique_ptr<TestS3Server>>& Server(const std::string& name,
                                                    TestS3Server::Options options) {
  // Held in an object with a destructor, so that the server and its folder go with the program.
  static std::map<std::string, Result<std::unique_ptr<TestS3Server>>> servers;
  const auto found = servers.find(name);
  if (found != servers.end()) return found->second;
  return servers.emplace(name, TestS3Server::Start(std::move(options))).first->second;
}

Backend S3(const std::string& name, TestS3Server::Options server_options) {
  return {name,
          [name, server_options]() -> Result<OpenedBackend> {
            const auto& server = Server(name, server_options);
            if (!server.ok()) return server.error();
            OpenedBackend opened;
            opened.url =
                "s3://" + (*server)->bucket() + "/" + Env::Process().uuids.Next().ToString();
            opened.environment = (*server)->Environment();
            OpenOptions options;
            options.s3.keys.access_key_id = (*server)->access_key();
            options.s3.keys.secret_access_key = (*server)->secret_key();
            options.s3.region = (*server)->region();
            options.s3.endpoint = (*server)->endpoint();
            options.s3.path_style = !server_options.virtual_host;
            ASSIGN_OR_RETURN(opened.store, OpenStore(Env::Process(), opened.url, options));
            return opened;
          },
          server_options.kind == TestS3Server::Kind::kVersitygw};
}

// A table of its own each time: List looks through the whole of it.
Backend Dynamo(const std::string& name, Wrap wrap) {
  return {
      name, [wrap]() -> Result<OpenedBackend> {
        static const Result<std::unique_ptr<TestDynamoServer>> server = TestDynamoServer::Start();
        if (!server.ok()) return server.error();
        OpenedBackend opened;
        opened.url = "dynamodb://table-" + Env::Process().uuids.Next().ToString() + "/some/pond";
        opened.environment = (*server)->Environment();
        OpenOptions options;
        options.s3.keys = {"testkey", "never-print-this-key", ""};
        options.s3.region = "us-east-1";
        options.s3.endpoint = (*server)->endpoint();
        Env& env = Env::Process();
        RETURN_IF_ERROR(Block(env.executor, CreateDynamoTable(env, {}, opened.url, options.s3)));
        ASSIGN_OR_RETURN(auto store, OpenStore(env, opened.url, options));
        opened.store = wrap(std::move(store));
        return opened;
      }};
}

TestS3Server::Options Kind(TestS3Server::Kind kind) {
  TestS3Server::Options options;
  options.kind = kind;
  return options;
}

TestS3Server::Options VirtualHost() {
  TestS3Server::Options options;
  options.virtual_host = true;
  return options;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Backend& backend) { return out << backend.name; }

std::vector<Backend> SharedBackends() {
  std::vector<Backend> backends{Local(), DynamoBackend(),
                                S3("versitygw", Kind(TestS3Server::Kind::kVersitygw))};
  if (!TestS3Server::MinioPath().empty()) {
    backends.push_back(S3("minio", Kind(TestS3Server::Kind::kMinio)));
  }
  return backends;
}

Backend DynamoBackend() { return Dynamo("dynamodb", Same); }

std::vector<Backend> AllBackends() {
  std::vector<Backend> backends{
      OverMemory("memory", false, Same),
      OverMemory("memory_appending", true, Same),
      OverMemory("metered", true, Metered),
      OverMemory("retrying", true, Retrying),
      OverMemory("cached", true, Cached),
      OverMemory("two_doors", true, TwoDoors),
      OverMemory("read_over_http", true, ReadOverHttp),
      OverMemory("slow", true, Slow),
      OverMemory("delaying", true, Delaying),
      OverMemory("failing_under_retries", true, FailingUnderRetries),
      S3("versitygw_virtual_host", VirtualHost()),
      Dynamo("dynamodb_failing_under_retries", FailingUnderRetries),
  };
  for (Backend& shared : SharedBackends()) backends.push_back(std::move(shared));
  return backends;
}

}  // namespace duckpond
