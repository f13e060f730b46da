// What the edge calls: every request goes through here, every answer is logged here, and counted but for the admin's.
#pragma once

#include <functional>
#include <optional>

#include "audit/log.h"
#include "gateway/admin.h"
#include "gateway/pipeline.h"
#include "http/server.h"

namespace aerolith::gateway {

struct GatewaySettings {
  bool access_log = true;
  audit::Log* audit = nullptr;  // none: no audit log is kept
  // Told of every call where there is no audit log, which tells of them otherwise. May be null.
  std::function<void(const audit::Event&)> on_event = {};
  // Answers what comes under names that aren't a service's but a site's of ours, to anybody: nullopt for all other
  // requests. Such are counted and have their access line, and aren't calls. May be null.
  std::function<std::optional<http::Response>(const http::RequestHead&)> answer_for_site = {};
};

// The rooms it uses must outlive it.
class Gateway final : public http::RequestHandler {
 public:
  Gateway(GatewaySettings settings, const Registry& registry, const Pipeline& pipeline, const Admin& admin,
          Metrics& metrics);
  http::Response handle(http::Request& request) override;
  http::Response overloaded(const http::RequestHead& head) override;
  http::Response bad_request(int status, std::string_view reason, std::string_view peer_address) override;

 private:
  http::Response run_pipeline(http::Request& request, const RequestId& request_id);
  http::Response encode_failure(const Exchange& exchange, const protocol::ApiError& error) const;

  const GatewaySettings settings_;
  const Registry& registry_;
  const Pipeline& pipeline_;
  const Admin& admin_;
  Metrics& metrics_;
};

}  // namespace aerolith::gateway
