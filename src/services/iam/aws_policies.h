// The policies that AWS itself keeps (arn:aws:iam::aws:policy/...), those of them that we know.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "policy/document.h"

namespace aerolith::iam {

struct AwsPolicy {
  std::string arn;
  std::string name;
  std::string path;
  std::string id;
  std::string version_id;  // of the one version there is here
  Timestamp created_at;    // of that version
  std::string document;
  std::shared_ptr<const policy::Policy> parsed;
};

// Sorted by ARN; made once, then read by all threads.
const std::vector<AwsPolicy>& aws_policies();
// Null: none of that ARN.
const AwsPolicy* find_aws_policy(std::string_view arn);

}  // namespace aerolith::iam
