#include "gateway/errors.h"

#include <fmt/format.h>

namespace aerolith::gateway {

using auth::ServiceErrorStyle;

namespace {

ApiError to_api_error(const auth::AuthErrorAnswer& answer) {
  ApiError error{.code = std::string(answer.code), .http_status = answer.http_status, .message = answer.message};
  for (const auto& [name, value] : answer.details) error.fields.emplace_back(name, value);
  return error;
}

}  // namespace

ServiceErrorStyle error_style(protocol::Protocol protocol) {
  switch (protocol) {
    case protocol::Protocol::rest_xml:
      return ServiceErrorStyle::s3;
    case protocol::Protocol::query:
      return ServiceErrorStyle::query;
    case protocol::Protocol::ec2:
      return ServiceErrorStyle::ec2;
    case protocol::Protocol::rest_json:
      return ServiceErrorStyle::rest_json;
    case protocol::Protocol::json_1_0:
    case protocol::Protocol::json_1_1:
    case protocol::Protocol::rpc_v2_cbor:
      break;
  }
  return ServiceErrorStyle::json;
}

ApiError payload_error(const http::BodyError& error, const std::optional<auth::PayloadError>& failure,
                       ServiceErrorStyle style) {
  if (failure) return to_api_error(auth::answer_for(*failure, style));
  const bool s3 = style == ServiceErrorStyle::s3;
  switch (error.code) {
    case http::BodyErrorCode::timed_out:
      return {.code = "RequestTimeout",
              .http_status = 400,
              .message =
                  "Your socket connection to the server was not read from or written to within the timeout "
                  "period. Idle connections will be closed."};
    case http::BodyErrorCode::too_large:
      return {.code = s3 ? "EntityTooLarge" : "RequestEntityTooLargeException",
              .http_status = s3 ? 400 : 413,
              .message = "Your proposed upload exceeds the maximum allowed size"};
    case http::BodyErrorCode::disconnected:
      return {.code = s3 ? "IncompleteBody" : "SerializationException",
              .http_status = 400,
              .message = "The request body terminated unexpectedly"};
    case http::BodyErrorCode::malformed:
    case http::BodyErrorCode::rejected:
      return {.code = s3 ? "InvalidRequest" : "SerializationException",
              .http_status = 400,
              .message = "The request body could not be read: " + error.detail};
  }
  return internal_error(style);
}

ApiError authentication_error(const auth::AuthError& error, ServiceErrorStyle style) {
  ApiError answer = to_api_error(auth::answer_for(error, style));
  // An answer to HEAD has no body: there SDKs read from this field where to sign for.
  if (style == ServiceErrorStyle::s3 && error.code == auth::AuthErrorCode::wrong_region) {
    answer.headers.emplace_back("x-amz-bucket-region", error.expected);
  }
  return answer;
}

ApiError policy_error(const auth::PostPolicyError& error) { return to_api_error(auth::answer_for(error)); }

ApiError access_denied(bool is_anonymous, std::string denial, ServiceErrorStyle style) {
  switch (style) {
    case ServiceErrorStyle::s3:
      // S3 tells an anonymous caller nothing about what it asked for.
      if (is_anonymous) denial = "Access Denied";
      return {.code = "AccessDenied", .http_status = 403, .message = std::move(denial)};
    case ServiceErrorStyle::query:
      return {.code = "AccessDenied", .http_status = 403, .message = std::move(denial)};
    case ServiceErrorStyle::ec2:
      return {.code = "UnauthorizedOperation",
              .http_status = 403,
              .message = "You are not authorized to perform this operation. " + denial};
    case ServiceErrorStyle::rest_json:
      return {.code = "AccessDeniedException", .http_status = 403, .message = std::move(denial)};
    case ServiceErrorStyle::json:
      return {.code = "AccessDeniedException", .http_status = 400, .message = std::move(denial)};
  }
  return internal_error(style);
}

ApiError not_implemented(const protocol::Service& service, const protocol::Operation& operation) {
  return {.code = "NotImplemented",
          .http_status = 501,
          .message = fmt::format("{} of {} is not implemented by Aerolith. docs/compat/{}.md lists what is.",
                                 operation.name, service.service_id, service.name)};
}

ApiError unknown_service(std::string_view signing_name) {
  return {.code = "NotImplemented",
          .http_status = 501,
          .message = fmt::format(
              "Aerolith has no service that signs as '{}'. docs/compat/README.md lists those it has.", signing_name)};
}

ApiError unresolved(const protocol::ResolveError& error, ServiceErrorStyle style) {
  const bool method = error.code == protocol::ResolveErrorCode::method_not_allowed;
  switch (style) {
    case ServiceErrorStyle::s3:
      if (error.code == protocol::ResolveErrorCode::bad_uri)
        return {.code = "InvalidURI", .http_status = 400, .message = "Couldn't parse the specified URI."};
      return {.code = "MethodNotAllowed",
              .http_status = 405,
              .message = "The specified method is not allowed against this resource."};
    case ServiceErrorStyle::query:
    case ServiceErrorStyle::ec2:
      // https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
      if (error.code == protocol::ResolveErrorCode::missing_action)
        return {.code = "MissingAction",
                .http_status = 400,
                .message = "The request is missing an action or a required parameter."};
      return {.code = "InvalidAction",
              .http_status = 400,
              .message = fmt::format("The action {} is not valid for this web service.", error.detail)};
    case ServiceErrorStyle::json:
      return {.code = "UnknownOperationException", .http_status = 400, .message = error.detail};
    case ServiceErrorStyle::rest_json:
      return {.code = "UnknownOperationException", .http_status = method ? 405 : 404, .message = error.detail};
  }
  return internal_error(style);
}

ApiError slow_down(ServiceErrorStyle style) {
  switch (style) {
    case ServiceErrorStyle::s3:
      return {.code = "SlowDown", .http_status = 503, .message = "Please reduce your request rate."};
    case ServiceErrorStyle::ec2:
      return {.code = "RequestLimitExceeded", .http_status = 503, .message = "Request limit exceeded."};
    case ServiceErrorStyle::query:
      return {.code = "Throttling", .http_status = 503, .message = "Rate exceeded"};
    case ServiceErrorStyle::rest_json:
    case ServiceErrorStyle::json:
      return {.code = "ThrottlingException", .http_status = 503, .message = "Rate exceeded"};
  }
  return internal_error(style);
}

ApiError internal_error(ServiceErrorStyle style) {
  const char* message = "We encountered an internal error. Please try again.";
  switch (style) {
    case ServiceErrorStyle::query:
    case ServiceErrorStyle::rest_json:
    case ServiceErrorStyle::json:
      return {.code = "InternalFailure", .http_status = 500, .message = message};
    case ServiceErrorStyle::s3:
    case ServiceErrorStyle::ec2:
      break;
  }
  return {.code = "InternalError", .http_status = 500, .message = message};
}

}  // namespace aerolith::gateway
