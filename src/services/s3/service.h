// The S3 service: what main/ puts into the registry.
#pragma once

#include <functional>
#include <vector>

#include "gateway/service_table.h"
#include "metadata/store.h"
#include "objects/object_store.h"

namespace aerolith::s3 {

struct Stores {
  metadata::Store& metadata;
  objects::ObjectStore& objects;
  std::function<std::vector<AccountId>()> accounts{};  // of this installation; null: no other than a caller's own
};

// The stores must outlive the table. The table may be used from any thread.
gateway::ServiceTable make_service(const Stores& stores);

}  // namespace aerolith::s3
