// SPDX-License-Identifier: MIT
#include "shell/pond_commands.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/env.h"
#include "lake/pond.h"
#include "shell/interrupt.h"
#include "shell/log_view.h"
#include "store/store_url.h"

namespace duckpond {
namespace {

Result<std::shared_ptr<Pond>> OpenPond(const CommandLine& line, bool create) {
  OpenOptions options;
  options.create_directory = create;
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
  options.latency_profile = line.latency_profile;
  return options;
}

Status CreatePond(const CommandLine& line, CostLedger& ledger) {
  InterruptScope interrupts;
  ASSIGN_OR_RETURN(const auto pond, OpenPond(line, /*create=*/true));
  return Block(Env::Process().executor, pond->Create(Accounted(interrupts, ledger)));
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
  const bool json = line.mode == OutputMode::kJson || line.mode == OutputMode::kJsonLines;
  std::string text = json ? "" : LogView::Header();
  LogView view;
  for (const CommitRecord& commit : commits) {
    text += json ? LogView::Json(commit) : view.Text(commit);
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
