#include "protocol/resolve.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "http/query.h"
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

struct RouteParameter : http::RawParameter {
  bool plain_name;  // decoding it changes nothing
};
using RouteParameters = std::vector<RouteParameter>;

bool is_plain_text(std::string_view encoded) { return encoded.find_first_of("%+") == std::string_view::npos; }

RouteParameters split_query(std::string_view query) {
  RouteParameters parameters;
  while (const std::optional<http::RawParameter> raw = http::next_parameter(query)) {
    parameters.push_back({*raw, is_plain_text(raw->name)});
  }
  return parameters;
}

const RouteParameter* find_parameter(const RouteParameters& parameters, std::string_view name) {
  auto found = std::find_if(parameters.begin(), parameters.end(), [&](const RouteParameter& parameter) {
    return parameter.plain_name ? parameter.name == name : form_decode(parameter.name) == name;
  });
  return found == parameters.end() ? nullptr : &*found;
}

std::optional<std::string> parameter_value(const RouteParameters& parameters, std::string_view name) {
  const RouteParameter* found = find_parameter(parameters, name);
  return found == nullptr ? std::nullopt : form_decode(found->value_text());
}

bool has_parameter(const RouteParameters& parameters, const RouteQuery& wanted) {
  const RouteParameter* found = find_parameter(parameters, wanted.name);
  return found != nullptr && (wanted.any_value || form_decode(found->value_text()) == wanted.value);
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

bool conditions_hold(const Route& route, const http::RequestHead& head, const RouteParameters& query) {
  for (const RouteQuery& wanted : route.query) {
    if (!has_parameter(query, wanted)) return false;
  }
  for (std::string_view header : route.headers) {
    if (!head.headers.contains(header)) return false;
  }
  return route.any_query_key.empty() ||
         std::any_of(route.any_query_key.begin(), route.any_query_key.end(),
                     [&](std::string_view key) { return find_parameter(query, key) != nullptr; });
}

Resolved by_route(const Service& service, Protocol protocol, const http::RequestHead& head, std::string_view path) {
  const RouteParameters query = split_query(head.query());
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

bool has_type(const http::RequestHead& head, std::string_view type) {
  return head.headers.find("content-type").value_or("").starts_with(type);
}

bool has_action(const http::RequestHead& head) {
  return find_parameter(split_query(head.query()), "Action") != nullptr;
}

Resolved by_action(const Service& service, Protocol protocol, const http::RequestHead& head, std::string_view body) {
  std::optional<std::string> action = parameter_value(split_query(head.query()), "Action");
  if (!action) action = parameter_value(split_query(body), "Action");
  if (!action) return fail(ResolveErrorCode::missing_action, {});
  return by_name(service, protocol, *action);
}

}  // namespace

Protocol protocol_of(const Service& service, const http::RequestHead& head) {
  if (auto rest = first_of(service, {Protocol::rest_xml, Protocol::rest_json})) return *rest;
  if (speaks(service, Protocol::rpc_v2_cbor) && is_rpc_v2(head)) return Protocol::rpc_v2_cbor;
  const auto json = first_of(service, {Protocol::json_1_0, Protocol::json_1_1});
  const auto form = first_of(service, {Protocol::query, Protocol::ec2});
  if (json && (!form || head.headers.contains("x-amz-target"))) return json_version(head, *json);
  return form.value_or(service.protocols.front());
}

Protocol guess_protocol(const http::RequestHead& head) {
  if (is_rpc_v2(head)) return Protocol::rpc_v2_cbor;
  if (head.headers.contains("x-amz-target")) return json_version(head, Protocol::json_1_1);
  if (has_type(head, "application/x-www-form-urlencoded") || has_action(head)) return Protocol::query;
  return has_type(head, "application/json") ? Protocol::rest_json : Protocol::rest_xml;
}

Result<ResolvedOperation, ResolveError> resolve_operation(const Service& service, const http::RequestHead& head,
                                                          std::string_view path, std::string_view body) {
  const Protocol protocol = protocol_of(service, head);
  switch (protocol) {
    case Protocol::rest_xml:
    case Protocol::rest_json:
      return by_route(service, protocol, head, path);
    case Protocol::query:
    case Protocol::ec2:
      return by_action(service, protocol, head, body);
    case Protocol::rpc_v2_cbor:
      if (!is_rpc_v2(head)) break;
      if (head.method != "POST") return fail(ResolveErrorCode::method_not_allowed, head.method);
      return by_rpc_path(service, path);
    case Protocol::json_1_0:
    case Protocol::json_1_1: {
      const auto target = head.headers.find("x-amz-target");
      if (!target) break;
      if (head.method != "POST") return fail(ResolveErrorCode::method_not_allowed, head.method);
      return by_target(service, protocol, *target);
    }
  }
  return fail(ResolveErrorCode::unknown_protocol, "neither X-Amz-Target nor smithy-protocol");
}

bool resolution_needs_body(const Service& service, const http::RequestHead& head) {
  const Protocol protocol = protocol_of(service, head);
  return (protocol == Protocol::query || protocol == Protocol::ec2) && !has_action(head);
}

}  // namespace aerolith::protocol
