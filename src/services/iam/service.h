// The IAM service: what main/ puts into the registry.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "auth/secret_box.h"
#include "gateway/service_table.h"
#include "metadata/store.h"
#include "services/iam/api.h"

namespace aerolith::iam {

struct Parts {
  metadata::Store& metadata;
  const auth::SecretBox& secrets;
  Directory& directory;
  // The actions of all services of this server, "s3:GetObject", each once; asked for with each call. May be null.
  std::function<std::span<const std::string>()> known_actions = {};
};

// The parts must outlive the table. The table may be used from any thread.
gateway::ServiceTable make_service(const Parts& parts);

}  // namespace aerolith::iam
