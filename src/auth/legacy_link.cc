#include "auth/legacy_link.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "auth/authorization.h"
#include "base/encoding.h"

namespace aerolith::auth {
namespace {

// Query parameters that name what is acted on, or change the answer: part of the resource.
constexpr std::array<std::string_view, 35> kResourceParameters{"accelerate",
                                                               "acl",
                                                               "analytics",
                                                               "cors",
                                                               "defaultObjectAcl",
                                                               "delete",
                                                               "inventory",
                                                               "lifecycle",
                                                               "location",
                                                               "logging",
                                                               "metrics",
                                                               "notification",
                                                               "object-lock",
                                                               "partNumber",
                                                               "policy",
                                                               "replication",
                                                               "requestPayment",
                                                               "response-cache-control",
                                                               "response-content-disposition",
                                                               "response-content-encoding",
                                                               "response-content-language",
                                                               "response-content-type",
                                                               "response-expires",
                                                               "restore",
                                                               "select",
                                                               "select-type",
                                                               "storageClass",
                                                               "tagging",
                                                               "torrent",
                                                               "uploadId",
                                                               "uploads",
                                                               "versionId",
                                                               "versioning",
                                                               "versions",
                                                               "website"};

struct Parameter {
  std::string_view name;
  std::optional<std::string> value;  // decoded; nullopt without '='
};

std::vector<Parameter> split_query(std::string_view query) {
  std::vector<Parameter> parameters;
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    const size_t equals = part.find('=');
    Parameter parameter{part.substr(0, equals), std::nullopt};
    if (equals != std::string_view::npos) {
      const std::string_view raw = part.substr(equals + 1);
      parameter.value = percent_decode(raw).value_or(std::string(raw));
    }
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

std::string canonical_resource(std::string_view path, const std::vector<Parameter>& query) {
  std::vector<std::string> kept;
  for (const auto& [name, value] : query) {
    if (std::ranges::find(kResourceParameters, name) == kResourceParameters.end()) continue;
    kept.push_back(value ? std::string(name) + "=" + *value : std::string(name));
  }
  std::ranges::sort(kept);
  std::string resource(path);
  for (size_t i = 0; i < kept.size(); ++i) resource += (i == 0 ? "?" : "&") + kept[i];
  return resource;
}

// A header, or the query parameter that a link carries in its place.
std::string find_either(const http::RequestHead& head, const std::vector<Parameter>& query, std::string_view name) {
  if (const auto header = head.headers.find(name)) return std::string(trim(*header));
  for (const auto& [parameter, value] : query)
    if (equals_ignore_case(parameter, name)) return value.value_or("");
  return {};
}

}  // namespace

std::optional<LegacyLink> read_legacy_link(std::string_view query) {
  auto key = find_parameter(query, "AWSAccessKeyId");
  auto signature = find_parameter(query, "Signature");
  const auto expires = find_parameter(query, "Expires");
  if (!key || !signature || !expires) return std::nullopt;
  LegacyLink link;
  link.access_key_id = *std::move(key);
  link.signature = *std::move(signature);
  link.expires_at = parse_epoch_seconds(*expires);
  link.session_token = find_parameter(query, "x-amz-security-token");
  return link;
}

std::string legacy_string_to_sign(const http::RequestHead& head, std::string_view resource_path) {
  const std::vector<Parameter> query = split_query(head.query());
  std::map<std::string, std::string> amz_headers;
  const auto add = [&](std::string_view name, std::string_view value) {
    const std::string lower = to_lower(name);
    if (!lower.starts_with("x-amz-")) return;
    std::string& known = amz_headers[lower];
    known += known.empty() ? std::string(value) : "," + std::string(value);
  };
  for (const auto& [name, value] : head.headers.fields()) add(name, trim(value));
  for (const auto& [name, value] : query)
    if (!head.headers.contains(name)) add(name, value.value_or(""));

  std::string text = head.method + "\n" + find_either(head, query, "content-md5") + "\n" +
                     find_either(head, query, "content-type") + "\n" +
                     find_parameter(head.query(), "Expires").value_or("") + "\n";
  for (const auto& [name, value] : amz_headers) text += name + ":" + value + "\n";
  return text + canonical_resource(resource_path, query);
}

std::string legacy_signature(std::string_view secret, std::string_view string_to_sign) {
  std::string mac(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(string_to_sign.data()), string_to_sign.size(),
       reinterpret_cast<unsigned char*>(mac.data()), &size);
  mac.resize(size);
  return base64_encode(mac);
}

}  // namespace aerolith::auth
