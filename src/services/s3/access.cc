#include "services/s3/access.h"

#include <algorithm>
#include <optional>

#include "base/time.h"
#include "http/query.h"

namespace aerolith::s3 {
namespace {

constexpr std::string_view kKeyPrefix = "s3:";

struct Keys {
  // Of header fields that are context keys of their own, as they come: s3:x-amz-acl.
  std::vector<policy::ContextKey> of_headers;
  uint64_t header_lengths = 0;  // a bit each: of a request's fields most have none of them
  policy::ContextKey auth_type{"s3:authType"};
  policy::ContextKey signature_version{"s3:signatureversion"};
  policy::ContextKey tls_version{"s3:TlsVersion"};

  Keys() {
    for (const std::string_view name :
         {"x-amz-acl", "x-amz-content-sha256", "x-amz-copy-source", "x-amz-grant-full-control", "x-amz-grant-read",
          "x-amz-grant-read-acp", "x-amz-grant-write", "x-amz-grant-write-acp", "x-amz-storage-class",
          "x-amz-metadata-directive", "x-amz-server-side-encryption", "x-amz-website-redirect-location",
          "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-server-side-encryption-customer-algorithm",
          "x-amz-object-ownership", "if-match", "if-none-match"}) {
      of_headers.emplace_back(std::string(kKeyPrefix) + std::string(name));
      header_lengths |= uint64_t{1} << name.size();
    }
  }

  // In of_headers; nullopt: no context key.
  std::optional<size_t> find_header(std::string_view name) const {
    if (name.size() >= 64 || (header_lengths >> name.size() & 1) == 0) return std::nullopt;
    for (size_t i = 0; i < of_headers.size(); ++i) {
      const std::string_view header = std::string_view(of_headers[i].name).substr(kKeyPrefix.size());
      if (header.size() == name.size() && equals_ignore_case(header, name)) return i;
    }
    return std::nullopt;
  }
};

const Keys& keys() {
  static const Keys all;
  return all;
}

bool has_parameter(std::string_view query, std::string_view name) {
  while (const auto parameter = http::next_parameter(query)) {
    if (equals_ignore_case(parameter->name, name)) return true;
  }
  return false;
}

std::string_view parameter_value(std::string_view query, std::string_view name) {
  while (const auto parameter = http::next_parameter(query)) {
    if (equals_ignore_case(parameter->name, name)) return parameter->value_text();
  }
  return {};
}

std::string_view signature_version(const http::RequestHead& head) {
  constexpr std::string_view kHmac = "AWS4-HMAC-SHA256";
  constexpr std::string_view kEcdsa = "AWS4-ECDSA-P256-SHA256";
  const std::string_view header = head.headers.find("authorization").value_or("");
  const bool is_ecdsa = header.starts_with(kEcdsa) || parameter_value(head.query(), "X-Amz-Algorithm") == kEcdsa;
  return is_ecdsa ? kEcdsa : kHmac;
}

}  // namespace

std::string action_of_version(std::string_view action, bool names_version) {
  if (!names_version) return std::string(action);
  // The word Version stands behind Object: s3:GetObjectVersionTagging.
  constexpr std::string_view kObject = "Object";
  const size_t at = action.find(kObject) + kObject.size();
  return std::string(action.substr(0, at)) + "Version" + std::string(action.substr(at));
}

void add_existing_tags(const ObjectRecord& object, policy::Context& context) {
  for (const auto& [tag, value] : object.tags) context.set("s3:ExistingObjectTag/" + tag, value);
}

void add_request_tags(const Tags& tags, policy::Context& context) {
  for (const auto& [tag, value] : tags) {
    context.set("s3:RequestObjectTag/" + tag, value);
    context.add_value("s3:RequestObjectTagKeys", tag);
  }
}

void add_header_keys(const http::Headers& headers, policy::Context& context) {
  const Keys& known = keys();
  uint64_t seen = 0;  // the first of a name counts
  for (const auto& [name, value] : headers.fields()) {
    const std::optional<size_t> at = known.find_header(name);
    if (!at || (seen >> *at & 1) != 0) continue;
    seen |= uint64_t{1} << *at;
    context.set(known.of_headers[*at], value);
  }
  if (const auto tagging = headers.find("x-amz-tagging")) {
    if (const auto tags = read_tagging_header(std::string(*tagging)); tags.has_value())
      add_request_tags(*tags, context);
  }
}

void add_head_keys(const gateway::CallContext& call, policy::Context& context) {
  const http::RequestHead& head = *call.head;
  add_header_keys(head.headers, context);
  if (!head.tls_version.empty()) context.set(keys().tls_version, head.tls_version);
  if (call.key == nullptr) return;
  const bool is_legacy = has_parameter(head.query(), "AWSAccessKeyId");
  const bool is_link = is_legacy || has_parameter(head.query(), "X-Amz-Signature");
  const bool is_form = call.authenticator != nullptr;
  context.set(keys().auth_type, is_form ? "POST" : is_link ? "REST-QUERY-STRING" : "REST-HEADER");
  context.set(keys().signature_version, is_legacy ? "AWS" : signature_version(head));
  if (!is_link) return;
  // In milliseconds; of links only.
  const auto signed_at = parse_iso8601_basic(parameter_value(head.query(), "X-Amz-Date"));
  if (signed_at) context.set("s3:signatureAge", std::to_string((call.now - *signed_at).count()));
}

}  // namespace aerolith::s3
