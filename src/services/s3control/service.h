// The S3 control service: what an account has for all its buckets.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_AWS_S3_Control.html
#pragma once

#include "gateway/service_table.h"
#include "metadata/store.h"

namespace aerolith::s3control {

// The store must outlive the table. The table may be used from any thread.
gateway::ServiceTable make_service(metadata::Store& metadata);

}  // namespace aerolith::s3control
