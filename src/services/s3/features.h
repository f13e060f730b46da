// Headers that ask for something S3 can do and Aerolith can't yet: such a request fails, it is never half obeyed.
#pragma once

#include <cstdint>

#include "http/message.h"
#include "services/s3/errors.h"

namespace aerolith::s3 {

enum class RequestTarget : uint8_t { new_bucket, other };

// Looks at all x-amz- headers. NotImplemented with the header's name, or the error by which S3 itself refuses
// ACLs (every bucket of ours has the ownership setting BucketOwnerEnforced, which is S3's default).
Result<> check_features(const http::RequestHead& head, RequestTarget target);

}  // namespace aerolith::s3
