// Block Public Access of an account.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_PutPublicAccessBlock.html
#pragma once

#include "gateway/call.h"
#include "metadata/store.h"
#include "s3control/model.h"

namespace aerolith::s3control {

template <typename T = void>
using Result = gateway::ApiResult<T>;

// Lives for one call, on one thread.
struct Call {
  gateway::CallContext& context;
  metadata::Store& metadata;
};

// AccessDenied for another account than the caller's.
Result<PutPublicAccessBlockOutput> put_public_access_block(Call& call, const PutPublicAccessBlockInput& input);
Result<GetPublicAccessBlockOutput> get_public_access_block(Call& call, const GetPublicAccessBlockInput& input);
Result<DeletePublicAccessBlockOutput> delete_public_access_block(Call& call, const DeletePublicAccessBlockInput& input);

}  // namespace aerolith::s3control
