// The EBS direct APIs: snapshots written and read block by block.
// https://docs.aws.amazon.com/ebs/latest/userguide/ebs-accessing-snapshot.html
#pragma once

#include "auth/secret_box.h"
#include "gateway/service_table.h"
#include "services/ec2/api.h"

namespace aerolith::ebs {

// They outlive the table.
struct Parts {
  ec2::DirectSnapshots& snapshots;
  const auth::SecretBox& tokens;
};

// The table may be used from any thread.
gateway::ServiceTable make_service(const Parts& parts);

}  // namespace aerolith::ebs
