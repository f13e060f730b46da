// Headers that ask for something S3 can do and Aerolith can't yet: such a request fails, it is never half obeyed.
#pragma once

#include "http/message.h"
#include "services/s3/errors.h"

namespace aerolith::s3 {

// Looks at all x-amz- headers. NotImplemented with the header's name.
Result<> check_features(const http::RequestHead& head);

}  // namespace aerolith::s3
