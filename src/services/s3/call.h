// What a handler of this service is given.
#pragma once

#include "gateway/call.h"
#include "metadata/store.h"
#include "objects/object_store.h"

namespace aerolith::s3 {

template <typename T>
using ApiResult = gateway::ApiResult<T>;

// Lives for one call, on one thread.
struct Call {
  gateway::CallContext& context;
  metadata::Store& metadata;
  objects::ObjectStore& objects;
};

}  // namespace aerolith::s3
