#include "gateway/admin.h"

#include <boost/json.hpp>

namespace aerolith::gateway {
namespace {

http::Response answer_json(int status, const boost::json::object& body) {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = boost::json::serialize(body) + "\n";
  return response;
}

http::Response answer_error(int status, std::string_view code, std::string_view message) {
  return answer_json(status, {{"error", code}, {"message", message}});
}

}  // namespace

Admin::Admin(AdminSettings settings, const Registry& registry, const Metrics& metrics,
             const auth::Authenticator& authenticator)
    : settings_(std::move(settings)), registry_(registry), metrics_(metrics), authenticator_(authenticator) {}

bool Admin::owns(std::string_view path) { return path.starts_with("/_aerolith/") || path == "/_localstack/health"; }

http::Response Admin::handle(const http::RequestHead& head) const {
  const std::string_view path = head.path();
  const bool reads = head.method == "GET" || head.method == "HEAD";
  if (path == "/_aerolith/health" || path == "/_localstack/health")
    return reads ? health() : answer_error(405, "MethodNotAllowed", "use GET");
  if (path == "/_aerolith/metrics") {
    if (!reads) return answer_error(405, "MethodNotAllowed", "use GET");
    http::Response response;
    response.headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response.body = metrics_.text(settings_.server_stats());
    return response;
  }
  if (path == "/_aerolith/backup")
    return head.method == "POST" ? backup(head) : answer_error(405, "MethodNotAllowed", "use POST");
  return answer_error(404, "NotFound", "there are /_aerolith/health, /_aerolith/metrics and /_aerolith/backup");
}

http::Response Admin::health() const {
  boost::json::object services;
  for (const RegisteredService& service : registry_.services()) {
    bool any = false;
    for (const OperationEntry* entry : service.entries) any = any || entry != nullptr;
    services[service.model->name] = any ? "running" : "disabled";
  }
  return answer_json(200, {{"state", "ready"}, {"version", settings_.version}, {"services", services}});
}

http::Response Admin::backup(const http::RequestHead& head) const {
  const auto authenticated = authenticator_.authenticate({.head = head, .service = kSigningName});
  if (!authenticated.has_value())
    return answer_error(403, "AccessDenied", "the request must be signed by the account's root key");
  const auth::Principal* principal = authenticated->principal();
  if (principal == nullptr || !principal->is_root())
    return answer_error(403, "AccessDenied", "only the account's root may make a backup");
  const auto directory = auth::find_parameter(head.query(), "to");
  if (!directory || !directory->starts_with('/'))
    return answer_error(400, "InvalidArgument", "`to` must be the absolute path of a folder");
  const std::string problem = settings_.backup(*directory);
  if (!problem.empty()) return answer_error(500, "BackupFailed", problem);
  return answer_json(200, {{"directory", *directory}});
}

}  // namespace aerolith::gateway
