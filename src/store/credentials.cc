// SPDX-License-Identifier: MIT
#include "store/credentials.h"

#include <utility>

#include "store/aws_profile.h"
#include "store/credentials_metadata.h"
#include "store/credentials_profile.h"
#include "store/credentials_sts.h"
#include "store/renewed_credentials.h"

namespace duckpond {
namespace {

class StaticProvider final : public CredentialsProvider {
 public:
  StaticProvider(AwsKeys keys, std::string source)
      : keys_(std::move(keys)), source_(std::move(source)) {}
  Task<Result<AwsKeys>> Get(Context) override { co_return keys_; }
  const std::string& source() const override { return source_; }

 private:
  const AwsKeys keys_;
  const std::string source_;
};

std::shared_ptr<KeyFetcher> WebIdentityOf(const EnvironmentLookup& environment) {
  const auto file = environment("AWS_WEB_IDENTITY_TOKEN_FILE");
  const auto role = environment("AWS_ROLE_ARN");
  if (!file || !role) return nullptr;
  return FetchWithWebIdentity(
      StsPlace::Of(environment, {}),
      {.arn = *role, .session_name = environment("AWS_ROLE_SESSION_NAME").value_or("")}, *file);
}

}  // namespace

std::shared_ptr<CredentialsProvider> GivenCredentials(AwsKeys keys, std::string source) {
  return std::make_shared<StaticProvider>(std::move(keys), std::move(source));
}

Result<std::shared_ptr<CredentialsProvider>> FindCredentials(Env& env,
                                                             const EnvironmentLookup& environment,
                                                             const std::string& profile) {
  const AwsFiles files = AwsFiles::Locate(environment, profile);
  const std::string none = ProfileName(files) + " has no access key";
  if (!profile.empty()) {
    ASSIGN_OR_RETURN(auto found, ProfileCredentials(env, environment, files));
    if (!found) return Status::Invalid(none);
    return found;
  }
  if (auto keys = EnvironmentKeys(environment)) {
    return GivenCredentials(*std::move(keys), "the environment");
  }
  if (auto fetcher = WebIdentityOf(environment)) return RenewedCredentials(env, fetcher);
  ASSIGN_OR_RETURN(auto found, ProfileCredentials(env, environment, files));
  if (found) return found;
  const std::string looked_at =
      "no credentials: no secret was given, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not "
      "set, " +
      none;
  // A profile asked for by name is meant: nothing else takes its place.
  if (environment("AWS_PROFILE")) return Status::Invalid(looked_at);
  ASSIGN_OR_RETURN(auto container, FetchFromContainer(environment));
  if (container) return RenewedCredentials(env, container);
  if (MetadataDisabled(environment)) return Status::Invalid(looked_at);
  ASSIGN_OR_RETURN(auto machine, FetchFromMachine(environment, looked_at));
  return RenewedCredentials(env, machine);
}

}  // namespace duckpond
