#include "gateway/route.h"

#include <algorithm>
#include <array>

#include "auth/authorization.h"
#include "base/encoding.h"
#include "protocol/resolve.h"

namespace aerolith::gateway {
namespace {

// The second for those who ask for dual-stack endpoints.
constexpr std::array<std::string_view, 2> kAws = {".amazonaws.com", ".api.aws"};

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

// "a.b.s3.eu-west-1" -> bucket "a.b"; "s3" -> none; "ec2.eu-west-1" -> prefix "ec2".
HostName parse_labels(std::string_view labels) {
  HostName name;
  for (size_t start = 0; start <= labels.size();) {
    const size_t dot = std::min(labels.find('.', start), labels.size());
    if (is_s3_label(labels.substr(start, dot - start))) {
      // The last "s3" label counts: a bucket's own name may hold one.
      const std::string_view rest = labels.substr(dot);
      if (rest.find(".s3") == std::string_view::npos) {
        name.endpoint_prefix = "s3";
        if (start > 0) name.bucket = std::string(labels.substr(0, start - 1));
        return name;
      }
    }
    start = dot + 1;
  }
  const size_t last_dot = labels.rfind('.');
  // runtime.sagemaker.eu-west-1: all but the region, when there is a region.
  name.endpoint_prefix = last_dot == std::string_view::npos ? labels : labels.substr(0, last_dot);
  return name;
}

// s3control's paths and S3's would both match; its requests name their account.
bool is_s3control(const http::RequestHead& head) {
  return head.headers.contains("x-amz-account-id") && head.path().starts_with("/v20180820/");
}

const RegisteredService* choose(const std::vector<const RegisteredService*>& candidates, const HostName& host,
                                const http::RequestHead& head) {
  if (candidates.size() == 1) return candidates.front();
  for (const RegisteredService* candidate : candidates) {
    if (candidate->model->name == "s3control" && is_s3control(head)) return candidate;
    if (candidate->is_s3() && !is_s3control(head)) return candidate;
  }
  for (const RegisteredService* candidate : candidates)
    if (candidate->model->endpoint_prefix == host.endpoint_prefix) return candidate;
  for (const RegisteredService* candidate : candidates)
    if (protocol::resolve_operation(*candidate->model, head, head.path(), {}).has_value()) return candidate;
  return candidates.front();
}

// A call of a query protocol without a signature. S3's forms are multipart, and go to a bucket.
bool is_form(const http::RequestHead& head) {
  const std::string_view type = head.headers.find("content-type").value_or("");
  return head.method == "POST" && head.path() == "/" &&
         equals_ignore_case(trim(type.substr(0, type.find(';'))), "application/x-www-form-urlencoded");
}

const RegisteredService* find_service(const Registry& registry, const http::RequestHead& head, const HostName& host,
                                      std::string& unknown_service) {
  if (const auto target = head.headers.find("x-amz-target")) {
    const RegisteredService* service = registry.with_target_prefix(target->substr(0, target->rfind('.')));
    if (service != nullptr) return service;
  }
  if (const auto scope = auth::peek_scope(head)) {
    const auto candidates = registry.signing_as(scope->service);
    if (!candidates.empty()) return choose(candidates, host, head);
    unknown_service = scope->service;
    return nullptr;
  }
  if (!host.endpoint_prefix.empty()) {
    const RegisteredService* service = registry.with_endpoint_prefix(host.endpoint_prefix);
    if (service != nullptr) return service;
  }
  if (is_form(head)) {
    if (const RegisteredService* service = registry.taking_tokens()) return service;
  }
  return registry.find("s3");
}

}  // namespace

bool is_s3_label(std::string_view label) { return label == "s3" || label.starts_with("s3-"); }

HostName parse_host(std::string_view host_field, const std::vector<std::string>& domains) {
  const std::string host = to_lower(without_port(host_field));
  const std::string_view view = host;
  HostName name;
  for (const std::string_view suffix : kAws) {
    if (view.ends_with(suffix)) return parse_labels(view.substr(0, view.size() - suffix.size()));
  }
  const auto is_under = [&](std::string_view domain) {
    if (view.size() <= domain.size() + 1 || !view.ends_with(domain)) return false;
    if (view[view.size() - domain.size() - 1] != '.') return false;
    name = parse_labels(view.substr(0, view.size() - domain.size() - 1));
    return true;
  };
  if (std::ranges::find(domains, view) != domains.end()) return name;
  if (is_under("localhost") || is_under("localhost.localstack.cloud")) return name;
  for (const std::string& domain : domains)
    if (is_under(domain) && name.bucket) break;
  return name;
}

RoutedRequest route(const Registry& registry, const http::RequestHead& head, const std::vector<std::string>& domains) {
  const HostName host = parse_host(head.headers.find("host").value_or(""), domains);
  RoutedRequest routed;
  routed.service = find_service(registry, head, host, routed.unknown_service);
  routed.path = head.path();
  if (routed.service != nullptr && routed.service->is_s3() && host.bucket)
    routed.path = "/" + percent_encode(*host.bucket) + routed.path;
  return routed;
}

AnswerForm answer_form(const RoutedRequest& routed, const http::RequestHead& head) {
  static constexpr protocol::Service kUnknown{.name = "unknown"};
  if (routed.service == nullptr) return {&kUnknown, protocol::guess_protocol(head)};
  return {routed.service->model, protocol::protocol_of(*routed.service->model, head)};
}

}  // namespace aerolith::gateway
