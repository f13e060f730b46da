// Errors that the pipeline itself answers, in the words of each service's protocol.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/error_code.h"
#include "gateway/call.h"
#include "protocol/codec.h"

namespace aerolith::gateway {

using protocol::ApiError;

// Which of AWS's error vocabularies goes with a protocol. rest-xml is S3's here.
auth::ServiceErrorStyle error_style(protocol::Protocol protocol);

// What a request body that could not be read to a clean end answers. `failure` tells why a verifying reader refused it,
// nullopt when the connection was the reason.
ApiError payload_error(const http::BodyError& error, const std::optional<auth::PayloadError>& failure,
                       auth::ServiceErrorStyle style);

ApiError authentication_error(const auth::AuthError& error, auth::ServiceErrorStyle style);
// Of S3's form upload.
ApiError policy_error(const auth::PostPolicyError& error);
// `denial`: AWS's sentence about who may not do what, and why.
ApiError access_denied(bool is_anonymous, std::string denial, auth::ServiceErrorStyle style);
ApiError not_implemented(const protocol::Service& service, const protocol::Operation& operation);
// The request is signed for a service that no table names.
ApiError unknown_service(std::string_view signing_name);
ApiError unresolved(const protocol::ResolveError& error, auth::ServiceErrorStyle style);
ApiError slow_down(auth::ServiceErrorStyle style);
ApiError internal_error(auth::ServiceErrorStyle style);

}  // namespace aerolith::gateway
