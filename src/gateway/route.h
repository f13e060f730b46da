// Which service a request is for, told from its head alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/registry.h"
#include "http/message.h"

namespace aerolith::gateway {

struct HostName {
  std::optional<std::string> bucket;  // virtual-hosted: my.bucket of my.bucket.s3.localhost
  std::string endpoint_prefix;        // "s3", "ec2"; empty when the host tells no service
};

// Whether a label of a host name is S3's: "s3", and older or special ones, "s3-eu-west-1", "s3-control".
bool is_s3_label(std::string_view label);

// Reads a Host field (port allowed). Under amazonaws.com, api.aws, localhost and `domains` (further names of this
// installation) stand services and buckets: my-bucket.s3.cloud.example, my-bucket.s3.eu-west-1.localhost,
// ec2.localhost. https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
HostName parse_host(std::string_view host, const std::vector<std::string>& domains);

struct RoutedRequest {
  const RegisteredService* service = nullptr;  // null: signed for a service that we don't know
  std::string unknown_service;                 // its signing name then
  // Percent-encoded path to resolve the operation by: a virtual-hosted bucket stands in front.
  std::string path;
};

// In this order: X-Amz-Target, the signature's scope, the host name; a form without any of these is for the service
// that takes such (STS); else S3, which alone takes requests that say nothing of themselves.
RoutedRequest route(const Registry& registry, const http::RequestHead& head, const std::vector<std::string>& domains);

// How to answer a request before its operation is known: as its own form tells.
struct AnswerForm {
  const protocol::Service* service;  // never null: one without a name where none was found
  protocol::Protocol protocol;
};
AnswerForm answer_form(const RoutedRequest& routed, const http::RequestHead& head);

}  // namespace aerolith::gateway
