// SPDX-License-Identifier: MIT
#include "lake/pond.h"

#include "base/check.h"
#include "lake/catalog_folder.h"
#include "lake/key_probe.h"
#include "lake/pond_site.h"
#include "lake/transaction_impl.h"

namespace duckpond {
namespace {

Result<CatalogSnapshot> ToCatalog(Result<Snapshot> snapshot) {
  if (!snapshot.ok()) return std::move(snapshot).error();
  CHECK(snapshot->state != nullptr);
  return CatalogSnapshot{snapshot->version, snapshot->time_us,
                         std::static_pointer_cast<const Catalog>(snapshot->state)};
}

Task<Result<CatalogSnapshot>> Converted(Task<Result<Snapshot>> task) {
  auto snapshot = co_await std::move(task);
  co_return ToCatalog(std::move(snapshot));
}

class PondImpl final : public Pond {
 public:
  explicit PondImpl(PondSitePtr site) : site_(std::move(site)) {}

  void SetEngine(std::shared_ptr<DataEngine> engine) override {
    site_->SetEngine(std::move(engine));
  }
  Task<Status> Create(Context context) override { return site_->log->Create(std::move(context)); }
  Task<Result<CatalogSnapshot>> Latest(Context context, Freshness freshness) override {
    return Converted(site_->log->Latest(std::move(context), freshness));
  }
  Task<Result<CatalogSnapshot>> At(Context context, Version version) override {
    return Converted(site_->log->At(std::move(context), version));
  }
  Task<Result<CatalogSnapshot>> AtTime(Context context, int64_t time_us) override {
    return Converted(site_->log->AtTime(std::move(context), time_us));
  }
  CatalogSnapshot Nothing() const override {
    return {0, 0, std::static_pointer_cast<const Catalog>(CatalogFolder::Instance().Empty())};
  }
  std::unique_ptr<Transaction> Begin(CatalogSnapshot snapshot) override {
    CHECK(snapshot.catalog != nullptr);
    return std::make_unique<TransactionImpl>(site_, std::move(snapshot));
  }
  ObjectStore& store() override { return *site_->store; }
  EventLog& log() override { return *site_->log; }
  Env& env() override { return site_->env; }
  const PondSitePtr& site() const { return site_; }

 private:
  const PondSitePtr site_;
};

}  // namespace

std::shared_ptr<HashLists> HashListsOf(Pond& pond) {
  return static_cast<PondImpl&>(pond).site()->hash_lists;
}

std::shared_ptr<Pond> Pond::Open(Env& env, std::shared_ptr<ObjectStore> store, PondOptions options,
                                 const std::string& share) {
  auto log = EventLog::Open(env, store, CatalogFolder::Instance(), options.log, share);
  return std::make_shared<PondImpl>(
      std::make_shared<PondSite>(env, std::move(store), std::move(log), options.read_only));
}

}  // namespace duckpond
