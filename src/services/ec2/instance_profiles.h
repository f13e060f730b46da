// The IAM instance profile that a call names.
#pragma once

#include <optional>

#include "ec2/model/iam_instance_profile_specification.h"
#include "services/ec2/call.h"

namespace aerolith::ec2 {

// By its name or its ARN. Nullopt: there is none.
std::optional<Profile> look_up_profile(const Cloud& cloud, const AccountId& account,
                                       const IamInstanceProfileSpecification& asked);
// Of the caller's account; the caller must be allowed to pass its role (iam:PassRole). Nothing asked for: an empty one.
// InvalidParameterValue: there is none of that name or ARN.
Result<Profile> find_profile(const Call& call, const std::optional<IamInstanceProfileSpecification>& asked);

}  // namespace aerolith::ec2
