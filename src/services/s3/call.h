// What a handler of this service is given.
#pragma once

#include <functional>
#include <vector>

#include "gateway/call.h"
#include "metadata/store.h"
#include "objects/object_store.h"

namespace aerolith::s3 {

template <typename T>
using ApiResult = gateway::ApiResult<T>;

using AccountList = std::function<std::vector<AccountId>()>;

// Lives for one call, on one thread.
struct Call {
  gateway::CallContext& context;
  metadata::Store& metadata;
  objects::ObjectStore& objects;
  // Of this installation: who may be granted something. Null: nobody but the caller.
  const AccountList* accounts = nullptr;
};

}  // namespace aerolith::s3
