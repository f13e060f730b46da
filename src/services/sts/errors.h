// The errors of STS, each made by a named factory.
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "federation/token_error.h"
#include "policy/document.h"
#include "protocol/service_model.h"

namespace aerolith::sts::errors {

std::unexpected<protocol::ApiError> access_denied(std::string message);
std::unexpected<protocol::ApiError> validation_error(std::string message);
// For what is wrong with session tags.
std::unexpected<protocol::ApiError> invalid_parameter_value(std::string message);
// With the place, where it is known, as <Detail>.
std::unexpected<protocol::ApiError> malformed_policy(const policy::PolicyError& error);
std::unexpected<protocol::ApiError> packed_policy_too_large(std::string message);
std::unexpected<protocol::ApiError> invalid_authorization_message(std::string message);
std::unexpected<protocol::ApiError> invalid_identity_token(std::string message);
std::unexpected<protocol::ApiError> session_duration_escalation();
std::unexpected<protocol::ApiError> outbound_federation_disabled();
std::unexpected<protocol::ApiError> jwt_payload_too_large();
std::unexpected<protocol::ApiError> not_on_global_endpoint();
std::unexpected<protocol::ApiError> internal_failure(std::string_view detail);
std::unexpected<protocol::ApiError> not_implemented(std::string message);
// InvalidIdentityToken, ExpiredTokenException, IDPCommunicationError.
std::unexpected<protocol::ApiError> token_refused(const federation::TokenError& error);

}  // namespace aerolith::sts::errors
