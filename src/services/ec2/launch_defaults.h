// What an account says about launches in a region that don't say it themselves.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-performance-instances-unlimited-mode-concepts.html
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "ec2/operations/run_instances.h"
#include "metadata/table.h"
#include "services/ec2/instance_types.h"
#include "services/ec2/resources.h"

namespace aerolith::ec2 {

// Of an account in a region. What is empty is left to the image, and else to EC2.
struct LaunchDefaultsRecord {
  static constexpr uint32_t kVersion = 1;
  std::string http_tokens;
  int32_t hop_limit = 0;  // 0: none
  std::string http_endpoint;
  std::string metadata_tags;
  std::map<std::string, std::string> credits;  // by family: standard or unlimited
};
template <class Archive>
void fields(Archive& archive, LaunchDefaultsRecord& r) {
  archive(r.http_tokens, r.hop_limit, r.http_endpoint, r.metadata_tags, r.credits);
}
inline const metadata::Table<LaunchDefaultsRecord, AccountId, RegionName> kLaunchDefaults{"ec2.launch_defaults"};

Result<LaunchDefaultsRecord> launch_defaults_of(metadata::ReadTransaction& txn, const Scope& scope);
// What EC2 takes for a burstable family of which the account says nothing.
std::string usual_credits_of(std::string_view family);
// Writes them into the request, where it doesn't say otherwise.
void fill_in(const LaunchDefaultsRecord& defaults, const TypeFacts& type, RunInstancesInput& input);

}  // namespace aerolith::ec2
