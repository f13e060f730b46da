// Presigned links of S3's Signature Version 2: ?AWSAccessKeyId=...&Expires=...&Signature=... The AWS CLI and boto3
// still make these for us-east-1 unless told `signature_version = s3v4`. Links only: the header form is refused.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html#RESTAuthenticationQueryStringAuth
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "http/message.h"

namespace aerolith::auth {

struct LegacyLink {
  std::string access_key_id;
  std::string signature;                // base64 of HMAC-SHA1
  std::string expires;                  // as sent
  std::optional<Timestamp> expires_at;  // nullopt: no 32-bit number of seconds since 1970, which is what S3 takes
  std::optional<std::string> session_token;
};

// Whether one of the three parameters is there: S3 then wants them all.
bool is_legacy_link(std::string_view query);
// nullopt where one of the three is missing.
std::optional<LegacyLink> read_legacy_link(std::string_view query);

// `resource_path`: percent-encoded, with the bucket in front also where the host names it. All of the query is part of
// the text, save what is known to be unsigned and to do no harm: AWS names the parameters that are signed instead, and
// whatever such a list forgot could be added to a link.
std::string legacy_string_to_sign(const http::RequestHead& head, std::string_view resource_path);
std::string legacy_signature(std::string_view secret, std::string_view string_to_sign);

}  // namespace aerolith::auth
