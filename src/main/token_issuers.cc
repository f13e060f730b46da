#include "main/token_issuers.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/log.h"
#include "federation/token_issuer.h"

namespace aerolith::main_program {
namespace {

http::Response answer_json(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

http::Response refuse(int status, std::string_view code, std::string_view message) {
  return answer_json(status, fmt::format(R"({{"error":"{}","message":"{}"}})", code, message));
}

}  // namespace

std::optional<std::string> TokenIssuers::find_keys(std::string_view host) const {
  const auto id = federation::issuer_of_host(host);
  if (!id) return std::nullopt;
  auto keys = directory_.find_token_keys(*id);
  if (keys.has_value()) return *std::move(keys);
  log_error("the keys of a token issuer can't be read", {{"issuer", *id}, {"reason", keys.error().detail}});
  return std::nullopt;
}

std::optional<gateway::OwnName> TokenIssuers::find_own_name(std::string_view name) const {
  if (!find_keys(name)) return std::nullopt;
  return gateway::OwnName{.name = to_lower(name), .bucket_parent = {}};
}

std::optional<http::Response> TokenIssuers::answer(const http::RequestHead& head) const {
  const std::string_view host = head.headers.find("host").value_or("");
  const auto id = federation::issuer_of_host(host);
  if (!id) return std::nullopt;
  if (head.method != "GET" && head.method != "HEAD") return refuse(405, "MethodNotAllowed", "use GET");
  const bool is_discovery = head.path() == federation::kDiscoveryPath;
  auto keys = find_keys(host);
  if (!keys || (!is_discovery && head.path() != federation::kKeysPath)) {
    return refuse(404, "NotFound", "no document of a token issuer");
  }
  // The keys never change.
  http::Response response = answer_json(200, is_discovery ? federation::discovery_document(*id) : *std::move(keys));
  response.headers.add("Cache-Control", "public, max-age=3600");
  return response;
}

}  // namespace aerolith::main_program
