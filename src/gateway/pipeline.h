// The life of a request inside the gateway: one list, a line a step.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/authenticate.h"
#include "gateway/access_check.h"
#include "gateway/authorize.h"
#include "gateway/call.h"
#include "gateway/registry.h"
#include "gateway/route.h"
#include "http/message.h"

namespace aerolith::gateway {

// What a request becomes on its way; each step fills its part.
struct Exchange {
  explicit Exchange(http::Request& r) : request(r) {}

  http::Request& request;
  RoutedRequest routed;
  auth::Authenticated identity;
  CallContext context;
  std::unique_ptr<http::BodyReader> buffered;      // the raw body, where it was read before the signature's check
  std::unique_ptr<auth::VerifyingReader> payload;  // the body as the signature promises it
  std::string body;                                // whole and verified; empty for streaming input
  const OperationEntry* entry = nullptr;
  InputHolder input{nullptr, [](void*) {}};
  std::optional<AccessCheck> access;
  http::Response response;

  // For the audit log, where the signature was refused: the access key that the request names.
  bool is_refused = false;
  std::string claimed_key_id;
};

struct PipelineSettings {
  Region region;
  std::vector<std::string> domains;            // see parse_host()
  size_t body_limit_bytes = size_t{16} << 20;  // of bodies that are decoded into structs
  // Told of every request with a valid signature, on its thread: when keys were used last. May be empty.
  std::function<void(const auth::AccessKey& key, std::string_view signing_name, Timestamp now)> on_key_use = {};
  // The VPC endpoint that a request for S3 came through, null: none. Nullopt: it isn't known through which, so the
  // request is refused. May be empty.
  std::function<std::optional<std::shared_ptr<const VpcEndpoint>>(const http::RequestHead& head)> find_endpoint = {};
};

// Safe from any thread.
class Pipeline {
 public:
  Pipeline(PipelineSettings settings, const Registry& registry, const auth::Authenticator& authenticator,
           const Authorizer& authorizer, const Clock& clock);

  // Runs the steps; the first that fails is the answer. Exceptions of a handler pass through.
  ApiResult<void> run(Exchange& exchange) const;

  // A bucket's name stands in the Host field.
  bool is_virtual_hosted(const http::RequestHead& head) const;

 private:
  using Step = ApiResult<void> (Pipeline::*)(Exchange&) const;
  ApiResult<void> find_service(Exchange& exchange) const;
  ApiResult<void> authenticate(Exchange& exchange) const;
  ApiResult<void> resolve(Exchange& exchange) const;
  ApiResult<void> find_handler(Exchange& exchange) const;
  ApiResult<void> admit(Exchange& exchange) const;
  ApiResult<void> decode(Exchange& exchange) const;
  ApiResult<void> authorize(Exchange& exchange) const;
  ApiResult<void> call(Exchange& exchange) const;

  static ApiResult<void> refuse(Exchange& exchange, const auth::AuthError& error);
  ApiResult<void> read_body(Exchange& exchange) const;

  const PipelineSettings settings_;
  const Registry& registry_;
  const auth::Authenticator& authenticator_;
  const Authorizer& authorizer_;
  const Clock& clock_;
};

}  // namespace aerolith::gateway
