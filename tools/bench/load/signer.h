// Heads of requests, signed with AWS Signature Version 4 for S3 (or not at all, for a server of static files).
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

namespace aerolith::load {

struct Credentials {
  std::string access_key;  // empty: requests aren't signed
  std::string secret_key;
  std::string region;
};

struct Target {
  std::string_view method;
  std::string path;   // encoded
  std::string query;  // encoded, names sorted, each with its '=': also the canonical query
};

std::string sha256_hex(std::string_view bytes);
// Everything but A-Z a-z 0-9 - . _ ~ as %XX, the '/' too.
std::string uri_encode(std::string_view text);

// Not thread-safe: keeps the key of the day and the text of the second.
class Signer {
 public:
  Signer(Credentials credentials, uint16_t port);

  // The whole head of a request with this body, with the empty line at its end.
  std::string head(const Target& target, std::string_view payload_sha256_hex, uint64_t content_length);

 private:
  void move_to(time_t second);

  Credentials credentials_;
  std::string host_;
  time_t second_ = 0;
  std::string timestamp_;  // 20260102T030405Z
  std::string scope_;      // 20260102/us-east-1/s3/aws4_request
  std::string signing_key_;
};

}  // namespace aerolith::load
