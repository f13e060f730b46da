// Aerolith's own endpoints under /_aerolith/: health, metrics, backup. No AWS protocol.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "auth/authenticate.h"
#include "base/result.h"
#include "gateway/metrics.h"
#include "gateway/registry.h"
#include "http/message.h"

namespace aerolith::gateway {

struct AdminSettings {
  std::string version;
  // Makes a backup of the running cloud in a folder; answers what went wrong in a sentence, empty when all is well.
  std::function<std::string(const std::string& directory)> backup;
  std::function<http::ServerStats()> server_stats;
};

// Safe from any thread.
class Admin {
 public:
  // The signing name of requests to this endpoint.
  static constexpr std::string_view kSigningName = "aerolith";

  Admin(AdminSettings settings, const Registry& registry, const Metrics& metrics,
        const auth::Authenticator& authenticator);
  static bool owns(std::string_view path);
  http::Response handle(const http::RequestHead& head) const;

 private:
  http::Response health() const;
  // Signed by the root only: POST /_aerolith/backup?to=<absolute folder>
  http::Response backup(const http::RequestHead& head) const;

  AdminSettings settings_;
  const Registry& registry_;
  const Metrics& metrics_;
  const auth::Authenticator& authenticator_;
};

}  // namespace aerolith::gateway
