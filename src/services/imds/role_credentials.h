// The credentials of the role that an instance's profile has: real sessions, made anew well before they end.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "services/ec2/api.h"
#include "services/iam/api.h"
#include "services/sts/api.h"

namespace aerolith::imds {

using FindProfile = std::function<metadata::Result<std::optional<iam::InstanceProfileFacts>>(const AccountId& account,
                                                                                             const std::string& name)>;

// Safe from any thread. What it is given must outlive it.
class RoleCredentials {
 public:
  RoleCredentials(const sts::Sessions& sessions, const sts::RoleSource& roles, FindProfile find_profile)
      : sessions_(sessions), roles_(roles), find_profile_(std::move(find_profile)) {}

  // The name of the role that the instance's profile has now; nullopt: none, or the profile isn't there any more.
  metadata::Result<std::optional<std::string>> role_name(const ec2::InstanceFacts& facts) const;
  // Of iam/info.
  metadata::Result<std::string> info(const ec2::InstanceFacts& facts, Timestamp now) const;
  // Of iam/security-credentials/<role>; nullopt: that isn't the instance's role. The same ones until an hour before
  // their end. Code says AssumeRoleUnauthorizedAccess where the role doesn't trust ec2.amazonaws.com.
  metadata::Result<std::optional<std::string>> document(const ec2::InstanceFacts& facts, const std::string& role,
                                                        Timestamp now);

 private:
  metadata::Result<std::optional<iam::InstanceProfileFacts>> find_profile(const ec2::InstanceFacts& facts) const;
  // Nullopt: there are none, or they end soon.
  std::optional<auth::AccessKey> find_kept(const std::string& instance, const std::string& role_id, Timestamp now);
  void keep(const std::string& instance, const auth::AccessKey& key, Timestamp now);

  const sts::Sessions& sessions_;
  const sts::RoleSource& roles_;
  const FindProfile find_profile_;
  std::mutex mutex_;
  std::map<std::string, auth::AccessKey> kept_;  // by instance
};

}  // namespace aerolith::imds
