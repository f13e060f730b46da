// What a handler of this service is given.
#pragma once

#include <string>
#include <string_view>

#include "gateway/call.h"
#include "metadata/store.h"
#include "services/rbin/errors.h"

namespace aerolith::rbin {

// Lives for one call, on one thread.
struct Call {
  gateway::CallContext& context;
  metadata::Store& metadata;

  const AccountId& account() const { return context.principal().account; }
  const Region& region() const { return context.region; }
};

}  // namespace aerolith::rbin
