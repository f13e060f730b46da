// The context keys that every request has, whatever it asks for.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
#pragma once

#include "auth/credentials.h"
#include "base/strong_string.h"
#include "base/time.h"
#include "http/message.h"
#include "policy/context.h"

namespace aerolith::gateway {

struct VpcEndpoint;

struct RequestFacts {
  const http::RequestHead& head;
  const auth::AccessKey* key;  // null: anonymous
  std::string_view region;     // that the request was made to
  Timestamp now;
  const VpcEndpoint* endpoint = nullptr;  // null: it came through none
};

// How and when it came: aws:SourceIp or, through a VPC endpoint, aws:SourceVpce and aws:SourceVpc in its place,
// aws:SecureTransport, aws:CurrentTime, aws:RequestedRegion and the others. What belongs to a service or an operation
// is for its table row to add.
void add_request_keys(const RequestFacts& facts, policy::Context& context);
// Who sent it: aws:Principal..., aws:userid, aws:username and, of a session, what it was made with; `tags` are the
// principal's.
void add_principal_keys(const RequestFacts& facts, const auth::Tags& tags, policy::Context& context);

}  // namespace aerolith::gateway
