// The IAM instance profile that a call names, and its association with an instance.
#pragma once

#include <optional>

#include "ec2/model/iam_instance_profile_specification.h"
#include "services/ec2/call.h"
#include "services/ec2/instance_tables.h"

namespace aerolith::ec2 {

// By its name or its ARN. Nullopt: there is none.
std::optional<Profile> look_up_profile(const Cloud& cloud, const AccountId& account,
                                       const IamInstanceProfileSpecification& asked);
// Of the caller's account; the caller must be allowed to pass its role (iam:PassRole). Nothing asked for: an empty one.
// InvalidParameterValue: there is none of that name or ARN.
Result<Profile> find_profile(const Call& call, const std::optional<IamInstanceProfileSpecification>& asked);

// Gives it to the instance, or takes it away where it is an empty one; the association gets a new id each time.
void set_profile(metadata::Transaction& txn, const Scope& scope, const Profile& profile, InstanceRecord& record);
// Of an instance that has a profile.
std::string association_of(const InstanceRecord& record);
// The instance that may have it; nullopt: there is no such association.
Result<std::optional<std::string>> instance_of_association(metadata::ReadTransaction& txn, const Scope& scope,
                                                           const std::string& association);

}  // namespace aerolith::ec2
