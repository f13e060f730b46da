// From this room's errors to what AWS answers: code, HTTP status, message, and the further elements that S3 shows.
// Codes as AWS's services give them: S3's error list, the common errors of query services, EC2's error codes, and
// the __type of JSON services.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/auth_error.h"
#include "auth/payload.h"
#include "auth/post_policy.h"

namespace aerolith::auth {

// json: DynamoDB's family, always 400; also rpc-v2-cbor. rest_json: Lambda's family, 403.
enum class ServiceErrorStyle : uint8_t { s3, json, rest_json, query, ec2 };

struct AuthErrorAnswer {
  std::string_view code;
  int http_status = 403;
  std::string message;
  // S3 only: elements beside Code and Message, in order (AWSAccessKeyId, StringToSign, Region, ...).
  std::vector<std::pair<std::string_view, std::string>> details;
};

AuthErrorAnswer answer_for(const AuthError& error, ServiceErrorStyle style);
AuthErrorAnswer answer_for(const PayloadError& error, ServiceErrorStyle style);
AuthErrorAnswer answer_for(const PostPolicyError& error);  // S3 alone has browser uploads

}  // namespace aerolith::auth
