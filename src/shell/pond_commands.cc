// SPDX-License-Identifier: MIT
#include "shell/pond_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/env.h"
#include "lake/catalog_folder.h"
#include "lake/pond.h"
#include "log/recover.h"
#include "shell/cost_estimate.h"
#include "shell/interrupt.h"
#include "shell/log_view.h"
#include "shell/recover_view.h"
#include "store/dynamo_create.h"
#include "store/store_url.h"

namespace duckpond {
namespace {

constexpr double kDayUs = 86'400e6;

bool IsJson(const CommandLine& line) {
  return line.mode == OutputMode::kJson || line.mode == OutputMode::kJsonLines;
}

Result<std::shared_ptr<Pond>> OpenPond(const CommandLine& line, bool create) {
  OpenOptions options;
  options.create_directory = create;
  options.cdn = line.cdn;
  options.latency = line.latency_profile;
  ASSIGN_OR_RETURN(auto store, OpenStore(Env::Process(), line.url, options));
  return Pond::Open(Env::Process(), std::move(store), {}, "");
}

// The ledger is the caller's and outlives the context: nothing deletes it.
Context Accounted(const InterruptScope& interrupts, CostLedger& ledger) {
  Context context = interrupts.context();
  context.ledger = std::shared_ptr<CostLedger>(std::shared_ptr<void>(), &ledger);
  return context;
}

}  // namespace

EngineOptions EngineOptionsOf(const CommandLine& line) {
  EngineOptions options;
  options.url = line.url;
  options.read_only = line.read_only;
  options.consistency = line.consistency;
  options.cache_folder = line.cache_dir;
  options.cdn = line.cdn;
  options.latency_profile = line.latency_profile;
  return options;
}

Result<RecoverReport> RecoverLog(const CommandLine& line, CostLedger& ledger) {
  InterruptScope interrupts;
  Env& env = Env::Process();
  OpenOptions options;
  options.latency = line.latency_profile;
  ASSIGN_OR_RETURN(auto store, OpenStore(env, line.url, options));
  ASSIGN_OR_RETURN(auto history, OpenHistory(env, line.url, options));
  auto site = std::make_shared<const LogSite>(
      LogSite{env, std::move(store), CatalogFolder::Instance(), {}});
  RecoverOptions recover;
  recover.apply = line.apply;
  recover.from_segments = line.from_segments;
  ASSIGN_OR_RETURN(const Recovery recovery,
                   Block(env.executor, RecoverLog(std::move(site), std::move(history),
                                                  Accounted(interrupts, ledger), recover)));
  return RecoverReport{RecoverText(recovery, line), recovery.outcome};
}

Status CreatePond(const CommandLine& line, CostLedger& ledger) {
  InterruptScope interrupts;
  ASSIGN_OR_RETURN(const auto pond, OpenPond(line, /*create=*/true));
  return Block(Env::Process().executor, pond->Create(Accounted(interrupts, ledger)));
}

Result<bool> CreateStore(const CommandLine& line) {
  ASSIGN_OR_RETURN(const StoreUrl parsed, ParseStoreUrl(line.url));
  if (parsed.kind != StoreUrl::Kind::kDynamo) {
    return Status::Invalid(
        "\"" + line.url +
        "\": only the table of dynamodb://table can be made; a directory is made "
        "by `duckpond create`, a bucket by its provider");
  }
  InterruptScope interrupts;
  Env& env = Env::Process();
  return Block(env.executor, CreateDynamoTable(env, interrupts.context(), line.url, {}));
}

bool IsBlankDirectory(const std::string& url) {
  const auto parsed = ParseStoreUrl(url);
  if (!parsed.ok() || parsed->kind != StoreUrl::Kind::kDirectory) return false;
  std::error_code error;
  if (!std::filesystem::exists(parsed->place, error)) return !error;
  return std::filesystem::is_directory(parsed->place, error) &&
         std::filesystem::is_empty(parsed->place, error) && !error;
}

Status FindPond(const CommandLine& line, CostLedger& ledger) {
  InterruptScope interrupts;
  ASSIGN_OR_RETURN(const auto pond, OpenPond(line, /*create=*/false));
  return Block(Env::Process().executor, pond->Latest(Accounted(interrupts, ledger))).status();
}

Result<std::string> ShowLog(const CommandLine& line, CostLedger& ledger) {
  InterruptScope interrupts;
  ASSIGN_OR_RETURN(const auto pond, OpenPond(line, /*create=*/false));
  ASSIGN_OR_RETURN(
      const std::vector<CommitRecord> commits,
      Block(Env::Process().executor, pond->log().History(Accounted(interrupts, ledger), {})));
  const bool json = IsJson(line);
  std::string text = json ? "" : LogView::Header();
  LogView view;
  for (const CommitRecord& commit : commits) {
    text += json ? LogView::Json(commit) : view.Text(commit);
  }
  return text;
}

Result<std::string> EstimateCost(const CommandLine& line, CostLedger& ledger) {
  InterruptScope interrupts;
  Executor& executor = Env::Process().executor;
  ASSIGN_OR_RETURN(const auto pond, OpenPond(line, /*create=*/false));
  const Context context = Accounted(interrupts, ledger);
  ASSIGN_OR_RETURN(const CatalogSnapshot newest, Block(executor, pond->Latest(context)));
  ASSIGN_OR_RETURN(const EventLog::Report report, Block(executor, pond->log().Verify(context)));
  PondUse use;
  for (const auto& [schema_name, schema] : newest.catalog->schemas) {
    for (const auto& [name, table] : schema->tables) use.data_bytes += table->files.bytes();
  }
  use.log_bytes = report.log_bytes;
  use.rolls = report.segments;
  if (report.last_version > 0) {
    ASSIGN_OR_RETURN(const auto commits, Block(executor, pond->log().History(context, {})));
    use.Add(commits);
  }
  use.appends = pond->store().traits().can_append;
  // The log and its history hold each commit's frame once.
  use.put_bytes =
      use.appends ? use.log_bytes / std::max<uint64_t>(use.commits, 1) : report.head_bytes;
  const CostEstimate estimate = EstimateMonth(use, pond->store().traits().prices);
  if (IsJson(line)) return JsonOf(estimate);
  std::string text = fmt::format("{}, by its {} commits in {:.1f} days:\n\n", line.url, use.commits,
                                 static_cast<double>(use.time_us) / kDayUs);
  text += TextOf(estimate);
  if (estimate.usd_per_1000_reads == 0) {
    text += "\nNobody asks money for this store. --latency s3 shows what S3 would ask.\n";
  }
  return text;
}

Result<std::string> VerifyLog(const CommandLine& line, CostLedger& ledger) {
  InterruptScope interrupts;
  ASSIGN_OR_RETURN(const auto pond, OpenPond(line, /*create=*/false));
  ASSIGN_OR_RETURN(
      const EventLog::Report report,
      Block(Env::Process().executor, pond->log().Verify(Accounted(interrupts, ledger))));
  return fmt::format(
      "The log of {} is whole.\n"
      "  pond      {}\n"
      "  format    {}\n"
      "  versions  {} to {}\n"
      "  events    {}\n"
      "  segments  {}\n"
      "  bytes     {}\n",
      line.url, report.pond_id, report.format, report.first_version, report.last_version,
      report.events, report.segments, report.log_bytes);
}

}  // namespace duckpond
