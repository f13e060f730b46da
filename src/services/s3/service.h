// The S3 service: what main/ puts into the registry.
#pragma once

#include "gateway/service_table.h"
#include "metadata/store.h"
#include "objects/object_store.h"

namespace aerolith::s3 {

struct Stores {
  metadata::Store& metadata;
  objects::ObjectStore& objects;
};

// The stores must outlive the table. The table may be used from any thread.
gateway::ServiceTable make_service(const Stores& stores);

}  // namespace aerolith::s3
