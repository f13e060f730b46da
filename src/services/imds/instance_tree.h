// What an instance reads about itself under meta-data/ and dynamic/: from its facts to files.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata-categories.html
#pragma once

#include <string>

#include "base/strong_string.h"
#include "services/ec2/api.h"
#include "services/imds/tree.h"

namespace aerolith::imds {

// Where the credentials of the instance's role are: a folder with one file.
inline constexpr std::string_view kCredentialsFolder = "meta-data/iam/security-credentials";

// All but what is made when it is asked for: signatures, and what depends on the role (iam/).
Tree make_tree(const ec2::InstanceFacts& facts, const Region& region);

// "accountId", "region" and so on, as JSON:
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-identity-documents.html
std::string identity_document(const ec2::InstanceFacts& facts, const Region& region);

}  // namespace aerolith::imds
