#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/encoding.h"
#include "protocol/codec.h"

namespace aerolith::protocol {
namespace {

using Resolved = Result<ResolvedOperation, ResolveError>;

bool speaks(const Service& service, Protocol protocol) {
  return std::find(service.protocols.begin(), service.protocols.end(), protocol) != service.protocols.end();
}

std::optional<Protocol> first_of(const Service& service, std::initializer_list<Protocol> wanted) {
  for (Protocol protocol : service.protocols) {
    if (std::find(wanted.begin(), wanted.end(), protocol) != wanted.end()) return protocol;
  }
  return std::nullopt;
}

Resolved by_name(const Service& service, Protocol protocol, std::string_view name) {
  auto at = std::lower_bound(service.operations.begin(), service.operations.end(), name,
                             [](const Operation& operation, std::string_view n) { return operation.name < n; });
  if (at == service.operations.end() || at->name != name) {
    return fail(ResolveErrorCode::unknown_operation, std::string(name));
  }
  return ResolvedOperation{protocol, &*at, {}};
}

// Calls visit(name, value) for each item, both still encoded, until it answers true.
template <typename Visit>
bool any_parameter(std::string_view query, Visit visit) {
  while (!query.empty()) {
    size_t end = std::min(query.find('&'), query.size());
    std::string_view item = query.substr(0, end);
    size_t equals = std::min(item.find('='), item.size());
    if (!item.empty() && visit(item.substr(0, equals), item.substr(std::min(equals + 1, item.size())))) return true;
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return false;
}

bool decodes_to(std::string_view encoded, std::string_view text) {
  if (encoded.find_first_of("%+") == std::string_view::npos) return encoded == text;
  return form_decode(encoded) == text;
}

std::optional<std::string> find_parameter(std::string_view query, std::string_view name) {
  std::optional<std::string> found;
  any_parameter(query, [&](std::string_view key, std::string_view value) {
    if (decodes_to(key, name)) found = form_decode(value);
    return found.has_value();
  });
  return found;
}

bool has_parameter(std::string_view query, std::string_view name) {
  return any_parameter(query, [&](std::string_view key, std::string_view) { return decodes_to(key, name); });
}

bool has_parameter(std::string_view query, const RouteQuery& wanted) {
  return any_parameter(query, [&](std::string_view key, std::string_view value) {
    return decodes_to(key, wanted.name) && (wanted.any_value || decodes_to(value, wanted.value));
  });
}

// The encoded label values of a path, or nullopt. A slash at the end counts only inside a greedy label: S3's keys may
// begin and end with slashes.
using RawLabels = std::vector<std::pair<std::string_view, std::string_view>>;
bool match_path(std::span<const PathSegment> pattern, std::string_view path, RawLabels& labels) {
  labels.clear();
  for (const PathSegment& segment : pattern) {
    if (!path.starts_with('/')) return false;
    path.remove_prefix(1);
    if (segment.kind == PathSegment::Kind::greedy) {
      if (path.empty()) return false;
      // A greedy label may have literals after it: they are taken from the end.
      size_t after = static_cast<size_t>(&pattern.back() - &segment);
      size_t end = path.size();
      for (size_t i = 0; i < after && end != std::string_view::npos; ++i) end = path.rfind('/', end == 0 ? 0 : end - 1);
      if (end == std::string_view::npos || end == 0) return false;
      labels.emplace_back(segment.text, path.substr(0, end));
      path.remove_prefix(end);
      continue;
    }
    size_t end = std::min(path.find('/'), path.size());
    std::string_view value = path.substr(0, end);
    path.remove_prefix(end);
    if (value.empty()) return false;
    if (segment.kind == PathSegment::Kind::label) {
      labels.emplace_back(segment.text, value);
    } else if (value != segment.text && percent_decode(value) != segment.text) {
      return false;
    }
  }
  return path.empty() || path == "/";
}

bool conditions_hold(const Route& route, const http::RequestHead& head, std::string_view query) {
  for (const RouteQuery& wanted : route.query) {
    if (!has_parameter(query, wanted)) return false;
  }
  for (std::string_view header : route.headers) {
    if (!head.headers.contains(header)) return false;
  }
  return route.any_query_key.empty() || std::any_of(route.any_query_key.begin(), route.any_query_key.end(),
                                                    [&](std::string_view key) { return has_parameter(query, key); });
}

Resolved by_route(const Service& service, Protocol protocol, const http::RequestHead& head, std::string_view path) {
  std::string_view query = head.query();
  RawLabels labels;
  // Routes of one path stand together: what the last comparison found holds for the next route.
  const PathSegment* compared = nullptr;
  bool matches = false;
  for (const Route& route : service.routes) {
    if (route.method != head.method) continue;
    if (compared == nullptr || compared != route.path.data()) matches = match_path(route.path, path, labels);
    compared = route.path.data();
    if (!matches || !conditions_hold(route, head, query)) continue;
    ResolvedOperation resolved{protocol, &service.operations[route.operation], {}};
    for (auto& [name, value] : labels) {
      std::optional<std::string> decoded = percent_decode(value);
      if (!decoded) return fail(ResolveErrorCode::bad_uri, std::string(path));
      resolved.labels.emplace_back(name, std::move(*decoded));
    }
    return resolved;
  }
  const bool known_path = std::any_of(service.routes.begin(), service.routes.end(),
                                      [&](const Route& route) { return match_path(route.path, path, labels); });
  return fail(known_path ? ResolveErrorCode::method_not_allowed : ResolveErrorCode::unknown_operation,
              head.method + " " + std::string(path));
}

// .../service/<Service>/operation/<Operation>; what stands before is free.
// https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html#requests
Resolved by_rpc_path(const Service& service, std::string_view path) {
  constexpr std::string_view kOperation = "/operation/";
  size_t at = path.rfind(kOperation);
  if (at == std::string_view::npos || path.rfind("/service/", at) == std::string_view::npos) {
    return fail(ResolveErrorCode::unknown_operation, std::string(path));
  }
  return by_name(service, Protocol::rpc_v2_cbor, path.substr(at + kOperation.size()));
}

Resolved by_target(const Service& service, Protocol protocol, std::string_view target) {
  size_t dot = target.rfind('.');
  if (dot == std::string_view::npos || target.substr(0, dot) != service.target_prefix) {
    return fail(ResolveErrorCode::unknown_operation, std::string(target));
  }
  return by_name(service, protocol, target.substr(dot + 1));
}

// The version that the client speaks, where the model doesn't insist: both are written alike but for the content type.
Protocol json_version(const http::RequestHead& head, Protocol of_model) {
  std::string_view type = head.headers.find("content-type").value_or("");
  if (type.starts_with("application/x-amz-json-1.0")) return Protocol::json_1_0;
  if (type.starts_with("application/x-amz-json-1.1")) return Protocol::json_1_1;
  return of_model;
}

bool is_rpc_v2(const http::RequestHead& head) {
  return equals_ignore_case(head.headers.find("smithy-protocol").value_or(""), "rpc-v2-cbor");
}

}  // namespace

Result<ResolvedOperation, ResolveError> resolve_operation(const Service& service, const http::RequestHead& head,
                                                          std::string_view path, std::string_view body) {
  if (auto rest = first_of(service, {Protocol::rest_xml, Protocol::rest_json})) {
    return by_route(service, *rest, head, path);
  }
  if (speaks(service, Protocol::rpc_v2_cbor) && is_rpc_v2(head)) {
    if (head.method != "POST") return fail(ResolveErrorCode::method_not_allowed, head.method);
    return by_rpc_path(service, path);
  }
  if (auto json = first_of(service, {Protocol::json_1_0, Protocol::json_1_1})) {
    if (auto target = head.headers.find("x-amz-target")) {
      if (head.method != "POST") return fail(ResolveErrorCode::method_not_allowed, head.method);
      return by_target(service, json_version(head, *json), *target);
    }
  }
  if (auto form = first_of(service, {Protocol::query, Protocol::ec2})) {
    std::optional<std::string> action = find_parameter(head.query(), "Action");
    if (!action) action = find_parameter(body, "Action");
    if (!action) return fail(ResolveErrorCode::unknown_operation, "no Action");
    return by_name(service, *form, *action);
  }
  return fail(ResolveErrorCode::unknown_protocol, "neither X-Amz-Target nor smithy-protocol");
}

bool resolution_needs_body(const Service& service, const http::RequestHead& head) {
  if (!first_of(service, {Protocol::query, Protocol::ec2})) return false;
  if (head.headers.contains("x-amz-target") || is_rpc_v2(head)) return false;
  return !has_parameter(head.query(), "Action");
}

}  // namespace aerolith::protocol
