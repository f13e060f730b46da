// Verifies who a request speaks for: Signature Version 4 and 4A, in the header and in the query.
//
//   head -> Authenticated (key and principal, or anonymous; how the body must be read) or AuthError
//
// S3 sends the hash of its body in a header; other services sign over the hash without sending it. For those
// (needs_body_hash) read the body first and pass its SHA-256.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/auth_error.h"
#include "auth/authorization.h"
#include "auth/credentials.h"
#include "auth/payload.h"
#include "base/result.h"
#include "base/time.h"
#include "http/message.h"

namespace aerolith::auth {

struct AuthSettings {
  std::string region;  // this server's
  // Which signing names and regions are taken. Called from any thread. Empty: every service; only `region`.
  // Global services (iam, route53, ...) are signed for us-east-1 wherever the client is: allow that here.
  std::function<bool(std::string_view service)> accepts_service;
  std::function<bool(std::string_view region, std::string_view service)> accepts_region;
};

enum class Anonymous : uint8_t { refused, allowed };

struct AuthRequest {
  const http::RequestHead& head;
  // The signing name of the service that the request was routed to; empty when the scope itself decides the routing.
  std::string_view service;
  Anonymous anonymous = Anonymous::refused;
  // Hex SHA-256 of the whole body, where needs_body_hash() says so. Without it the empty body's hash is assumed, and
  // the payload plan holds the body to that.
  std::optional<std::string_view> body_sha256;
  // The signature may stand for UNSIGNED-PAYLOAD instead of that hash, without a header that says so: SDKs sign
  // operations whose model tells them to in that way, over TLS.
  bool may_leave_body_unsigned = false;
  // S3: the path with the bucket in front, also where the host names it; what Signature Version 2's links sign.
  std::string_view resource_path = {};
};

struct Authenticated {
  std::shared_ptr<const AccessKey> key;  // nullptr: anonymous
  PayloadPlan payload;                   // read the body through make_payload_reader(payload, ...)

  const Principal* principal() const { return key ? &key->principal : nullptr; }
};

// Safe from any thread. `source` and `clock` must outlive it.
class Authenticator {
 public:
  Authenticator(AuthSettings settings, const CredentialSource& source, const Clock& clock);

  // True for a signed request whose signature covers a body hash that the head doesn't tell.
  static bool needs_body_hash(const http::RequestHead& head);

  // Before such a body is read: whether the request is in time and names a key that is there.
  Result<void, AuthError> screen(const AuthRequest& request) const;

  Result<Authenticated, AuthError> authenticate(const AuthRequest& request) const;

  // Steps shared with POST policies (post_policy.h).
  Result<void, AuthError> check_scope(const SignatureClaim& claim, std::string_view service) const;
  Result<std::shared_ptr<const AccessKey>, AuthError> find_key(const SignatureClaim& claim) const;
  // After the signature was found right: is the key usable, is the token right?
  Result<void, AuthError> check_key(const SignatureClaim& claim, const AccessKey* key) const;
  std::shared_ptr<const std::string> signing_key(const SignatureClaim& claim, const AccessKey* key) const;
  const Clock& clock() const { return clock_; }

 private:
  Result<void, AuthError> check_time(const SignatureClaim& claim) const;
  Result<Authenticated, AuthError> authenticate_unclaimed(const AuthRequest& request) const;
  Result<Authenticated, AuthError> authenticate_legacy_link(const AuthRequest& request) const;
  bool verify(const SignatureClaim& claim, const AccessKey* key, std::string_view text, PayloadPlan& plan) const;

  const AuthSettings settings_;
  const CredentialSource& source_;
  const Clock& clock_;
  mutable SigningKeyCache signing_keys_;
  mutable EcdsaKeyCache ecdsa_keys_;
};

}  // namespace aerolith::auth
