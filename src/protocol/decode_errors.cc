// What a breach of the model is called on the wire, by protocol and service.
#include <fmt/core.h>

#include <string>
#include <string_view>
#include <utility>

#include "protocol/codec.h"

namespace aerolith::protocol {
namespace {

ApiError make(std::string_view code, std::string message) {
  ApiError error;
  error.code = code;
  error.message = std::move(message);
  return error;
}

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('.') + 1); }

// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
ApiError s3_error(const DecodeError& error) {
  constexpr std::string_view kMalformedXml =
      "The XML you provided was not well-formed or did not validate against our published schema";
  const std::string_view member = last_part(error.member_path);
  if (member == "StorageClass" && error.code == DecodeErrorCode::invalid) {
    return make("InvalidStorageClass", "The storage class you specified is not valid");
  }
  if (member == "ServerSideEncryption" && error.code == DecodeErrorCode::invalid) {
    return make("InvalidEncryptionAlgorithmError", "The encryption request you specified is not valid.");
  }
  if (error.member_path == "Policy") {  // of PutBucketPolicy: its whole body, which is no XML
    return make("MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'");
  }
  if (error.location == Location::body) {
    const bool is_acl = error.member_path.starts_with("AccessControlPolicy");
    return make(is_acl ? "MalformedACLError" : "MalformedXML", std::string(kMalformedXml));
  }
  if (error.member_path.empty()) return make("InvalidURI", "Couldn't parse the specified URI.");
  ApiError result = make("InvalidArgument", error.detail);
  result.fields.emplace_back("ArgumentName",
                             error.wire_name.empty() ? error.member_path : std::string(error.wire_name));
  return result;
}

// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html and its like of the other query services
ApiError query_error(const DecodeError& error) {
  if (error.code == DecodeErrorCode::malformed) {
    return make(error.member_path.empty() ? "MalformedQueryString" : "MalformedInput", error.detail);
  }
  return make("ValidationError", error.detail);
}

// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
ApiError ec2_error(const DecodeError& error) {
  switch (error.code) {
    case DecodeErrorCode::malformed:
      if (error.member_path.empty()) return make("MalformedQueryString", error.detail);
      return make("InvalidParameterValue", fmt::format("Invalid value for {}: {}", error.member_path, error.detail));
    case DecodeErrorCode::missing:
      return make("MissingParameter",
                  fmt::format("The request must contain the parameter {}", last_part(error.member_path)));
    case DecodeErrorCode::invalid:
      return make("InvalidParameterValue", error.detail);
  }
  return make("InvalidParameterValue", error.detail);
}

}  // namespace

ApiError to_api_error(const DecodeError& error, Protocol protocol, const Service& service) {
  switch (protocol) {
    case Protocol::rest_xml:
      if (service.s3_xml_dialect) return s3_error(error);
      return make(error.code == DecodeErrorCode::malformed ? "MalformedInput" : "ValidationError", error.detail);
    case Protocol::query:
      return query_error(error);
    case Protocol::ec2:
      return ec2_error(error);
    case Protocol::rest_json:
    case Protocol::json_1_0:
    case Protocol::json_1_1:
    case Protocol::rpc_v2_cbor:
      return make(error.code == DecodeErrorCode::malformed ? "SerializationException" : "ValidationException",
                  error.detail);
  }
  return make("ValidationException", error.detail);
}

}  // namespace aerolith::protocol
