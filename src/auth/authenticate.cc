#include "auth/authenticate.h"

#include <chrono>
#include <utility>

#include "auth/legacy_link.h"
#include "auth/payload_plan.h"
#include "base/encoding.h"

namespace aerolith::auth {
namespace {

constexpr std::chrono::minutes kMaxSkew{15};
constexpr std::chrono::seconds kDefaultExpires{900};  // services other than S3, without X-Amz-Expires

std::unexpected<AuthError> refuse(AuthErrorCode code, const SignatureClaim& claim, std::string_view got = {},
                                  std::string_view expected = {}) {
  auto refusal = auth::refuse(code, claim.how, got);
  refusal.error().expected = std::string(expected);
  refusal.error().access_key_id = claim.scope.access_key_id;
  if (!claim.time_text.empty()) refusal.error().request_time = claim.time;  // a Version 2 link has none
  return refusal;
}

std::unexpected<AuthError> refuse_mismatch(const SignatureClaim& claim, SignatureEvidence evidence) {
  auto refusal = refuse(AuthErrorCode::signature_mismatch, claim);
  refusal.error().evidence = std::move(evidence);
  return refusal;
}

std::unexpected<AuthError> refuse_time(AuthErrorCode code, const SignatureClaim& claim, Timestamp now,
                                       std::optional<Timestamp> expires_at) {
  auto refusal = refuse(code, claim, claim.time_text);
  refusal.error().server_time = now;
  refusal.error().expires_at = expires_at;
  return refusal;
}

// What an unknown key is verified with, so that the answer takes the same path.
const AccessKey& nobody() {
  static const AccessKey key{
      AccessKeyId("unknown"), "no such secret, and nothing is ever signed with it", {}, false, {}};
  return key;
}

bool is_amz_header(std::string_view name) {
  return name.size() > 6 && (name[0] | 0x20) == 'x' && equals_ignore_case(name.substr(0, 6), "x-amz-");
}

// Headers of other services that need no signature of their own: their values are part of the string to sign, or
// clients add them after signing.
bool may_be_unsigned(std::string_view name) {
  for (const std::string_view known :
       {"x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "x-amz-user-agent"}) {
    if (equals_ignore_case(name, known)) return true;
  }
  return false;
}

Result<void, AuthError> check_signed_headers(const SignatureClaim& claim, const http::Headers& headers) {
  if (!lists_header(claim.signed_headers, "host")) {
    return refuse(AuthErrorCode::host_not_signed, claim, "host");
  }
  const bool is_strict = is_s3_family(claim.scope.service);
  std::string unsigned_names;
  for (const auto& [name, value] : headers.fields()) {
    if (!is_amz_header(name) || (!is_strict && may_be_unsigned(name))) continue;
    if (lists_header(claim.signed_headers, name)) continue;
    if (!unsigned_names.empty()) unsigned_names += ", ";
    unsigned_names += to_lower(name);
  }
  if (!unsigned_names.empty()) {
    return refuse(AuthErrorCode::headers_not_signed, claim, unsigned_names);
  }
  return {};
}

CanonicalInput canonical_input(const SignatureClaim& claim, const http::RequestHead& head,
                               std::string_view payload_hash) {
  return CanonicalInput{.method = head.method,
                        .path = head.path(),
                        .query = head.query(),
                        .headers = head.headers,
                        .signed_headers = claim.signed_headers,
                        .payload_hash = payload_hash,
                        .path_rule = path_rule(claim.scope.service),
                        .except_parameter = claim.how == AuthMethod::query ? "X-Amz-Signature" : std::string_view{}};
}

}  // namespace

Authenticator::Authenticator(AuthSettings settings, const CredentialSource& source, const Clock& clock)
    : settings_(std::move(settings)), source_(source), clock_(clock) {}

bool Authenticator::needs_body_hash(const http::RequestHead& head) {
  if (head.headers.contains("x-amz-content-sha256")) return false;
  const auto claim = read_claim(head);
  return claim.has_value() && claim->has_value() && !(*claim)->query_content_sha256 &&
         !is_s3_family((*claim)->scope.service);
}

Result<void, AuthError> Authenticator::check_scope(const SignatureClaim& claim, std::string_view service) const {
  const CredentialScope& scope = claim.scope;
  const std::string_view day = std::string_view(claim.time_text).substr(0, 8);
  if (scope.date != day) return refuse(AuthErrorCode::wrong_scope_date, claim, scope.date, day);
  const bool is_wrong_service = (!service.empty() && scope.service != service) ||
                                (settings_.accepts_service && !settings_.accepts_service(scope.service));
  if (is_wrong_service) {
    return refuse(AuthErrorCode::wrong_service, claim, scope.service, service);
  }
  const auto wrong_region = [&](std::string_view got) {
    return refuse(AuthErrorCode::wrong_region, claim, got, settings_.region);
  };
  if (claim.algorithm == SignatureAlgorithm::ecdsa_p256_sha256) {
    if (!claim.region_set) return refuse(AuthErrorCode::missing_region_set, claim);
    if (!region_set_matches(*claim.region_set, settings_.region)) return wrong_region(*claim.region_set);
    return {};
  }
  if (scope.region == settings_.region) return {};
  if (!settings_.accepts_region || !settings_.accepts_region(scope.region, scope.service)) {
    return wrong_region(scope.region);
  }
  return {};
}

Result<void, AuthError> Authenticator::check_time(const SignatureClaim& claim) const {
  const Timestamp now = clock_.now();
  const bool is_ahead = claim.time > now + kMaxSkew;
  if (claim.how != AuthMethod::query) {
    if (is_ahead || claim.time < now - kMaxSkew) {
      return refuse_time(AuthErrorCode::request_skewed, claim, now, std::nullopt);
    }
    return {};
  }
  const std::chrono::seconds lifetime(claim.expires_seconds.value_or(kDefaultExpires.count()));
  const Timestamp expires_at = claim.time + lifetime;
  if (is_ahead) return refuse_time(AuthErrorCode::presign_not_yet_valid, claim, now, expires_at);
  if (now > expires_at) return refuse_time(AuthErrorCode::presign_expired, claim, now, expires_at);
  return {};
}

Result<std::shared_ptr<const AccessKey>, AuthError> Authenticator::find_key(const SignatureClaim& claim) const {
  auto found = source_.find(AccessKeyId(claim.scope.access_key_id), claim.session_token.value_or(""));
  if (!found.has_value()) {
    if (found.error().code == CredentialErrorCode::invalid_token) {
      return refuse(AuthErrorCode::invalid_session_token, claim, claim.scope.access_key_id);
    }
    return refuse(AuthErrorCode::credentials_unavailable, claim, found.error().detail);
  }
  return *std::move(found);
}

Result<void, AuthError> Authenticator::check_key(const SignatureClaim& claim, const AccessKey* key) const {
  const auto refuse_key = [&](AuthErrorCode code) { return refuse(code, claim, claim.scope.access_key_id); };
  if (key == nullptr) return refuse_key(AuthErrorCode::unknown_access_key);
  if (!key->enabled) return refuse_key(AuthErrorCode::disabled_access_key);
  if (!key->session) {
    if (claim.session_token) return refuse_key(AuthErrorCode::invalid_session_token);
    return {};
  }
  if (!claim.session_token) return refuse_key(AuthErrorCode::missing_session_token);
  if (!equals_constant_time(*claim.session_token, key->session->token)) {
    return refuse_key(AuthErrorCode::invalid_session_token);
  }
  if (clock_.now() >= key->session->expires_at) return refuse_key(AuthErrorCode::expired_session_token);
  return {};
}

std::shared_ptr<const std::string> Authenticator::signing_key(const SignatureClaim& claim, const AccessKey* key) const {
  const AccessKey& used = key != nullptr ? *key : nobody();
  return signing_keys_.get(used.secret, claim.scope.date, claim.scope.region, claim.scope.service);
}

bool Authenticator::verify(const SignatureClaim& claim, const AccessKey* key, std::string_view text,
                           PayloadPlan& plan) const {
  ChunkSigning signing;
  bool is_right = false;
  if (claim.algorithm == SignatureAlgorithm::hmac_sha256) {
    signing.hmac_key = signing_key(claim, key);
    is_right = equals_constant_time(hmac_signature(*signing.hmac_key, text), claim.signature);
  } else {
    const AccessKey& used = key != nullptr ? *key : nobody();
    signing.ecdsa_key = ecdsa_keys_.get(used.id.view(), used.secret);
    const auto der = hex_decode(strip_signature_padding(claim.signature));
    is_right = signing.ecdsa_key && der && signing.ecdsa_key->verify(text, *der);
  }
  if (is_right && plan.is_chunked() && plan.kind != PayloadKind::unsigned_chunks_trailer) {
    signing.time_text = claim.time_text;
    signing.scope = scope_text(claim.algorithm, claim.scope.date, claim.scope.region, claim.scope.service);
    signing.seed_signature = std::string(strip_signature_padding(claim.signature));
    plan.signing = std::move(signing);
  }
  return is_right;
}

Result<Authenticated, AuthError> Authenticator::authenticate_legacy_link(const AuthRequest& request) const {
  const auto link = read_legacy_link(request.head.query());
  if (!link) return auth::refuse(AuthErrorCode::incomplete_legacy_link, AuthMethod::query);
  SignatureClaim claim;
  claim.how = AuthMethod::query;
  claim.scope = {.access_key_id = link->access_key_id, .date = {}, .region = settings_.region, .service = "s3"};
  claim.session_token = link->session_token;
  if (!link->expires_at) return refuse(AuthErrorCode::malformed_legacy_expires, claim, link->expires);
  const Timestamp now = clock_.now();
  if (now > *link->expires_at) return refuse_time(AuthErrorCode::presign_expired, claim, now, link->expires_at);
  const auto key = TRY(find_key(claim));
  const std::string text = legacy_string_to_sign(request.head, request.resource_path);
  const std::string expected = legacy_signature(key ? key->secret : nobody().secret, text);
  const bool is_right = equals_constant_time(expected, link->signature);
  if (!key || !key->enabled) TRY(check_key(claim, key.get()));
  if (!is_right) return refuse_mismatch(claim, {link->access_key_id, text, link->signature, {}});
  TRY(check_key(claim, key.get()));
  Authenticated authenticated;
  authenticated.key = key;
  authenticated.payload = TRY(declare_payload(request.head, nullptr, kEmptySha256)).plan;
  return authenticated;
}

// Without a claim of Signature Version 4: a link of Version 2, where S3 is asked, or nobody.
Result<Authenticated, AuthError> Authenticator::authenticate_unclaimed(const AuthRequest& request) const {
  if (request.service == "s3" && is_legacy_link(request.head.query())) return authenticate_legacy_link(request);
  if (request.anonymous == Anonymous::refused) return std::unexpected(AuthError{});
  Authenticated anonymous;
  anonymous.payload = TRY(declare_payload(request.head, nullptr, kEmptySha256)).plan;
  return anonymous;
}

Result<void, AuthError> Authenticator::screen(const AuthRequest& request) const {
  const auto claim = TRY(read_claim(request.head));
  if (!claim) return {};
  TRY(check_scope(*claim, request.service));
  TRY(check_time(*claim));
  const auto key = TRY(find_key(*claim));
  if (key && key->enabled) return {};
  return check_key(*claim, key.get());
}

Result<Authenticated, AuthError> Authenticator::authenticate(const AuthRequest& request) const {
  const http::RequestHead& head = request.head;
  auto read = read_claim(head);
  if (!read.has_value()) {
    const bool is_link = read.error().code == AuthErrorCode::legacy_signature && read.error().how == AuthMethod::query;
    if (is_link && request.service == "s3") return authenticate_legacy_link(request);
    return std::unexpected(std::move(read).error());
  }
  if (!*read) return authenticate_unclaimed(request);
  SignatureClaim claim = **std::move(read);
  TRY(check_scope(claim, request.service));
  TRY(check_signed_headers(claim, head.headers));
  auto payload = TRY(declare_payload(head, &claim, request.body_sha256.value_or(kEmptySha256)));
  TRY(check_time(claim));
  const auto key = TRY(find_key(claim));

  std::string canonical = canonical_request(canonical_input(claim, head, payload.canonical_hash));
  const std::string scope = scope_text(claim.algorithm, claim.scope.date, claim.scope.region, claim.scope.service);
  std::string text = string_to_sign(algorithm_name(claim.algorithm), claim.time_text, scope, canonical);
  bool is_right = verify(claim, key.get(), text, payload.plan);
  if (!is_right && request.may_leave_body_unsigned && needs_body_hash(head)) {
    const std::string other = canonical_request(canonical_input(claim, head, kUnsignedPayload));
    payload.plan = {};
    is_right = verify(claim, key.get(), string_to_sign(algorithm_name(claim.algorithm), claim.time_text, scope, other),
                      payload.plan);
  }
  if (!key || !key->enabled) TRY(check_key(claim, key.get()));
  if (!is_right) {
    return refuse_mismatch(
        claim, {claim.scope.access_key_id, std::move(text), std::move(claim.signature), std::move(canonical)});
  }
  TRY(check_key(claim, key.get()));
  return Authenticated{.key = key, .payload = std::move(payload.plan)};
}

}  // namespace aerolith::auth
