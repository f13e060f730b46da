#include "services/sts/identity_token.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/encoding.h"
#include "federation/jwk.h"
#include "federation/signing_key.h"
#include "federation/token_issuer.h"
#include "services/sts/operations/operations.h"

namespace aerolith::sts {
namespace {

using federation::SignatureAlgorithm;
using std::chrono::seconds;

constexpr std::string_view kNamespace = "https://sts.amazonaws.com/";
constexpr std::string_view kIssuer = "https://a-1.tokens.sts.global.api.aws";
const Timestamp kNow{std::chrono::milliseconds(1'700'000'000'507)};

class PlainBox final : public auth::SecretBox {
 public:
  std::string seal(std::string_view secret, std::string_view) const override { return std::string(secret); }
  std::optional<std::string> open(std::string_view sealed, std::string_view) const override {
    return std::string(sealed);
  }
};

class Roles final : public RoleSource {
 public:
  std::optional<Role> find_role(const AccountId&, std::string_view) const override { return std::nullopt; }
  std::optional<federation::OidcProvider> find_oidc_provider(const AccountId&, std::string_view) const override {
    return std::nullopt;
  }
  std::optional<SamlProvider> find_saml_provider(const AccountId&, std::string_view) const override {
    return std::nullopt;
  }
  std::optional<TokenSigner> find_token_signer(const AccountId&, SignatureAlgorithm algorithm) const override {
    if (!is_enabled) return std::nullopt;
    const auto& key = algorithm == SignatureAlgorithm::rs256 ? rsa : curve;
    return TokenSigner{.issuer = std::string(kIssuer), .key_id = "k", .private_key = key.pem()};
  }
  auth::Tags principal_tags(const auth::AccessKey&) const override { return tags; }
  bool verify_mfa(const auth::Principal&, std::string_view, std::string_view) override { return false; }

  const federation::SigningKey rsa = federation::SigningKey::make(SignatureAlgorithm::rs256, "k").value();
  const federation::SigningKey curve = federation::SigningKey::make(SignatureAlgorithm::es384, "k").value();
  bool is_enabled = true;
  auth::Tags tags;
};

class IdentityTokenTest : public testing::Test {
 protected:
  IdentityTokenTest() : sessions_(box_), oidc_keys_("") {
    head_.headers.add("Host", "sts.eu-west-1.amazonaws.com:4566");
    key_.principal = {.account = AccountId("123456789012"),
                      .arn = "arn:aws:iam::123456789012:user/staff/ann",
                      .user_id = "AIDA1",
                      .kind = auth::PrincipalKind::user,
                      .entity_arn = "arn:aws:iam::123456789012:user/staff/ann",
                      .entity_name = "ann",
                      .entity_id = "AIDA1"};
    input_.audience = std::vector<std::string>{"https://api.example.com"};
    input_.signing_algorithm = "ES384";
  }

  // Of a role at /outbound/, until `ends_at`.
  void become_role(Timestamp ends_at) {
    key_.principal.kind = auth::PrincipalKind::assumed_role;
    key_.principal.arn = "arn:aws:sts::123456789012:assumed-role/deploy/s";
    key_.principal.entity_arn = "arn:aws:iam::123456789012:role/outbound/deploy";
    key_.session = auth::Session{.token = "t", .expires_at = ends_at};
  }
  Result<GetWebIdentityTokenOutput> ask() {
    gateway::CallContext context;
    context.now = kNow;
    context.region = Region("eu-west-1");
    context.key = std::make_shared<const auth::AccessKey>(key_);
    context.head = &head_;
    Call call{.context = context,
              .sessions = sessions_,
              .roles = roles_,
              .oidc_keys = oidc_keys_,
              .messages = box_,
              .account_of_key = account_of_key_};
    return get_web_identity_token(call, input_);
  }
  federation::Jwt token() { return federation::parse_jwt(*ask().value().web_identity_token).value(); }
  std::string refusal() {
    const auto answer = ask();
    EXPECT_FALSE(answer.has_value());
    return answer.has_value() ? "" : answer.error().code + " " + std::to_string(answer.error().http_status);
  }

  PlainBox box_;
  Roles roles_;
  Sessions sessions_;
  federation::OidcKeys oidc_keys_;
  std::function<std::optional<AccountId>(const std::string&)> account_of_key_;
  http::RequestHead head_;
  auth::AccessKey key_;
  GetWebIdentityTokenInput input_;
};

TEST_F(IdentityTokenTest, SaysWhoAsksAndIsSigned) {
  const auto answer = ask().value();
  EXPECT_EQ(*answer.expiration, kNow + seconds(300));
  const auto jwt = federation::parse_jwt(*answer.web_identity_token).value();
  EXPECT_EQ(jwt.algorithm, SignatureAlgorithm::es384);
  EXPECT_EQ(jwt.key_id, "k");
  EXPECT_EQ(jwt.text("iss"), kIssuer);
  EXPECT_EQ(jwt.text("sub"), "arn:aws:iam::123456789012:user/staff/ann");
  EXPECT_EQ(jwt.text("aud"), "https://api.example.com");
  EXPECT_EQ(jwt.number("iat"), 1'700'000'000.0);
  EXPECT_EQ(jwt.number("exp"), 1'700'000'300.0);
  EXPECT_EQ(jwt.text("jti")->size(), 36U);
  const auto& own = jwt.claims.at(kNamespace).as_object();
  EXPECT_EQ(own.at("aws_account").as_string(), "123456789012");
  EXPECT_EQ(own.at("source_region").as_string(), "eu-west-1");
  EXPECT_EQ(own.at("principal_id").as_string(), "arn:aws:iam::123456789012:user/staff/ann");
  for (const char* absent : {"principal_tags", "request_tags", "original_session_exp", "source_identity", "org_id"}) {
    EXPECT_FALSE(own.contains(absent)) << absent;
  }
  const auto published = [](const federation::SigningKey& key) {
    return federation::KeySet::parse(federation::key_set_document({key.public_jwk()})).value();
  };
  EXPECT_TRUE(published(roles_.curve).verifies(jwt));
  input_.signing_algorithm = "RS256";
  EXPECT_TRUE(published(roles_.rsa).verifies(token()));
}

TEST_F(IdentityTokenTest, SaysWhatASessionBrings) {
  become_role(kNow + seconds(900));
  key_.session->source_identity = "ann";
  key_.session->federated_provider = "arn:aws:iam::123456789012:oidc-provider/idp.example.com";
  roles_.tags = {{"team", "blue"}};
  input_.audience = std::vector<std::string>{"one", "one"};
  input_.tags = std::vector<Tag>{{.key = "job", .value = "7"}, {.key = "aws:x", .value = ""}};
  const auto jwt = token();
  EXPECT_EQ(jwt.text("sub"), "arn:aws:iam::123456789012:role/outbound/deploy");
  EXPECT_EQ(jwt.texts("aud"), (std::vector<std::string>{"one", "one"}));
  const auto& own = jwt.claims.at(kNamespace).as_object();
  EXPECT_EQ(own.at("principal_tags").as_object().at("team").as_string(), "blue");
  EXPECT_EQ(own.at("request_tags").as_object().at("job").as_string(), "7");
  EXPECT_TRUE(own.at("request_tags").as_object().contains("aws:x"));
  EXPECT_EQ(own.at("original_session_exp").as_string(), "2023-11-14T22:28:20Z");
  EXPECT_EQ(own.at("source_identity").as_string(), "ann");
  EXPECT_EQ(own.at("federated_provider").as_string(), key_.session->federated_provider);
}

TEST_F(IdentityTokenTest, NoTokenOutlivesItsSession) {
  become_role(kNow + seconds(900));
  input_.duration_seconds = 900;
  EXPECT_EQ(*ask().value().expiration, kNow + seconds(900));
  input_.duration_seconds = 901;
  EXPECT_EQ(refusal(), "SessionDurationEscalationException 403");
  key_.session.reset();
  input_.duration_seconds = 3600;
  EXPECT_EQ(*ask().value().expiration, kNow + seconds(3600));
}

TEST_F(IdentityTokenTest, RefusesInAwsOrder) {
  roles_.is_enabled = false;
  EXPECT_EQ(refusal(), "OutboundWebIdentityFederationDisabledException 403");
  become_role(kNow + seconds(200));
  EXPECT_EQ(refusal(), "SessionDurationEscalationException 403");
  input_.tags = std::vector<Tag>{{.key = "team", .value = "a"}, {.key = "Team", .value = "b"}};
  EXPECT_EQ(refusal(), "InvalidParameterValue 400");
  for (const char* algorithm : {"RS384", "ES256", "HS256", "rs256", "PS256"}) {
    input_.signing_algorithm = algorithm;
    EXPECT_EQ(refusal(), "ValidationError 400") << algorithm;
  }
  key_.principal.kind = auth::PrincipalKind::federated_user;
  EXPECT_EQ(refusal(), "AccessDenied 403");
  key_.principal.kind = auth::PrincipalKind::root;
  EXPECT_EQ(refusal(), "AccessDenied 403");
  head_.headers.set("Host", "sts.amazonaws.com");
  EXPECT_EQ(refusal(), "InvalidAction 400");
}

TEST_F(IdentityTokenTest, ClaimsHaveALimit) {
  const auto claims_bytes = [&] {
    const std::string text = *ask().value().web_identity_token;
    const size_t first = text.find('.') + 1;
    return base64url_decode(text.substr(first, text.find('.', first) - first))->size();
  };
  // Audiences of any length: the codec, which limits them, isn't asked here.
  input_.audience = std::vector<std::string>{std::string(10, 'a')};
  const size_t others = claims_bytes() - 10;
  input_.audience = std::vector<std::string>{std::string(kMaxClaimsBytes - others, 'a')};
  EXPECT_EQ(claims_bytes(), kMaxClaimsBytes);
  // Bytes, as they are in JSON.
  input_.audience->front().replace(0, 2, "\xc3\xa9");
  EXPECT_EQ(claims_bytes(), kMaxClaimsBytes);
  input_.audience->front().replace(0, 2, "\"a");
  EXPECT_EQ(refusal(), "JWTPayloadSizeExceededException 400");
}

TEST_F(IdentityTokenTest, ConditionsHaveTheDefaultDuration) {
  input_.tags = std::vector<Tag>{{.key = "team", .value = "a"}};
  input_.audience = std::vector<std::string>{"one", "two"};
  policy::Context keys;
  add_token_conditions(input_, keys);
  const auto single = [&](std::string_view name) {
    std::string_view value;
    return keys.find_single(policy::ContextKey(name), value) ? std::string(value) : "";
  };
  EXPECT_EQ(single("sts:DurationSeconds"), "300");
  EXPECT_EQ(single("sts:SigningAlgorithm"), "ES384");
  EXPECT_EQ(single("aws:RequestTag/team"), "a");
  std::vector<std::string> audiences;
  for (const std::string_view value : keys.find(policy::ContextKey("sts:IdentityTokenAudience"))) {
    audiences.emplace_back(value);
  }
  EXPECT_EQ(audiences, (std::vector<std::string>{"one", "two"}));
}

}  // namespace
}  // namespace aerolith::sts
