// What a request says about its own signature, read from the Authorization header or the X-Amz-* query parameters.
// Reading only: nothing here is believed yet.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/auth_error.h"
#include "auth/sigv4.h"
#include "base/result.h"
#include "http/message.h"

namespace aerolith::auth {

// The parts of a credential: AKID/yyyymmdd/region/service/aws4_request; SigV4A has no region.
struct CredentialScope {
  std::string access_key_id;
  std::string date;
  std::string region;
  std::string service;
};

struct SignatureClaim {
  AuthMethod how = AuthMethod::header;
  SignatureAlgorithm algorithm = SignatureAlgorithm::hmac_sha256;
  CredentialScope scope;
  std::string signed_headers;
  std::string signature;
  std::string time_text;  // yyyyMMddTHHmmssZ, also where the request carries only Date
  Timestamp time;
  std::optional<std::string> session_token;
  std::optional<std::string> region_set;
  // Query form only.
  std::optional<int64_t> expires_seconds;
  std::optional<std::string> query_content_sha256;
};

// nullopt: the request carries no signature of any kind.
Result<std::optional<SignatureClaim>, AuthError> read_claim(const http::RequestHead& head);

Result<CredentialScope, AuthError> parse_credential(std::string_view credential, SignatureAlgorithm algorithm,
                                                    AuthMethod how);

// Which service the request was signed for, for routing before it is verified: only `service` is filled in. Read
// leniently: it is the last part of the credential but one, however many there are. nullopt where none can be told.
std::optional<CredentialScope> peek_scope(const http::RequestHead& head);

// The first query parameter of that name (exact case, as AWS), decoded.
std::optional<std::string> find_parameter(std::string_view query, std::string_view name);

}  // namespace aerolith::auth
