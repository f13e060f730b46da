#include "services/imds/service.h"

#include <gtest/gtest.h>

#include <map>

#include "base/encoding.h"
#include "policy/document.h"
#include "services/imds/tokens.h"

namespace aerolith::imds {
namespace {

using std::chrono::seconds;

// Bound to its context, and changed text is noticed.
class TestBox final : public auth::SecretBox {
 public:
  std::string seal(std::string_view secret, std::string_view context) const override {
    return base64_encode(std::string(context) + "|" + std::string(secret));
  }
  std::optional<std::string> open(std::string_view sealed, std::string_view context) const override {
    const auto text = base64_decode(sealed);
    const std::string prefix = std::string(context) + "|";
    if (!text || !text->starts_with(prefix)) return std::nullopt;
    return text->substr(prefix.size());
  }
};

class TestClock final : public Clock {
 public:
  Timestamp now() const override { return time; }
  Timestamp time{seconds(1'700'000'000)};
};

class TestRoles final : public sts::RoleSource {
 public:
  std::optional<sts::Role> find_role(const AccountId&, std::string_view arn) const override {
    if (arn != "arn:aws:iam::123456789012:role/app/reader") return std::nullopt;
    return sts::Role{.unique_id = id,
                     .arn = std::string(arn),
                     .name = "reader",
                     .trust = std::make_shared<const policy::Policy>(
                         policy::parse_policy(trust, policy::PolicyKind::trust).value())};
  }
  std::optional<federation::OidcProvider> find_oidc_provider(const AccountId&, std::string_view) const override {
    return std::nullopt;
  }
  std::optional<sts::SamlProvider> find_saml_provider(const AccountId&, std::string_view) const override {
    return std::nullopt;
  }
  std::optional<sts::TokenSigner> find_token_signer(const AccountId&, federation::SignatureAlgorithm) const override {
    return std::nullopt;
  }
  auth::Tags principal_tags(const auth::AccessKey&) const override { return {}; }
  bool verify_mfa(const auth::Principal&, std::string_view, std::string_view) override { return false; }

  std::string id = "AROA1";
  std::string trust =
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},)"
      R"("Action":"sts:AssumeRole"}})";
};

class TestSigner final : public DocumentSigner {
 public:
  std::string sign_pkcs7(std::string_view document) override { return "pkcs7 of " + std::to_string(document.size()); }
  std::string sign(std::string_view document) override { return "signature of " + std::to_string(document.size()); }
};

ec2::InstanceFacts test_instance() {
  ec2::InstanceFacts facts{.account = AccountId("123456789012"),
                           .id = "i-00000000000000001",
                           .reservation = "r-00000000000000001",
                           .image = "ami-00000000000000001",
                           .type = "t3.micro",
                           .architecture = "x86_64",
                           .zone = "us-east-1a",
                           .zone_id = "use1-az1",
                           .launched_at = Timestamp(seconds(1'600'000'000)),
                           .private_address = "10.0.0.5",
                           .private_name = "ip-10-0-0-5.ec2.internal",
                           .public_address = "198.18.0.9",
                           .public_name = "ec2-198-18-0-9.compute-1.amazonaws.com",
                           .key_name = "mine",
                           .public_key = "ssh-ed25519 AAAA mine",
                           .profile_arn = "arn:aws:iam::123456789012:instance-profile/web",
                           .profile_id = "AIPA1",
                           .user_data = std::string("#!/bin/sh\0x", 11),
                           .root_device = "/dev/xvda",
                           .tags = {{"Name", "one"}, {"a/b", "hidden"}}};
  facts.interfaces.push_back({.id = "eni-1",
                              .mac = "02:00:00:00:00:01",
                              .subnet = "subnet-1",
                              .subnet_cidr = "10.0.0.0/24",
                              .vpc = "vpc-1",
                              .vpc_cidrs = {"10.0.0.0/16", "10.9.0.0/16"},
                              .private_addresses = {"10.0.0.5", "10.0.0.6"},
                              .public_addresses = {{"10.0.0.5", "198.18.0.9"}},
                              .groups = {"sg-1", "sg-2"},
                              .group_names = {"default", "web"}});
  return facts;
}

class ImdsTest : public testing::Test {
 protected:
  ImdsTest()
      : sessions_(box_),
        service_({.clock = clock_,
                  .region = Region("us-east-1"),
                  .box = box_,
                  .find_instance = [this](const std::string& vpc, std::string_view address)
                      -> metadata::Result<std::optional<ec2::InstanceFacts>> {
                    const auto found = instances_.find(vpc + " " + std::string(address));
                    if (found == instances_.end()) return std::optional<ec2::InstanceFacts>();
                    return std::optional(found->second);
                  },
                  .find_profile = [this](const AccountId&, const std::string&)
                      -> metadata::Result<std::optional<iam::InstanceProfileFacts>> { return profile_; },
                  .sessions = sessions_,
                  .roles = roles_,
                  .signer = signer_}) {
    instances_["vpc-1 10.0.0.5"] = test_instance();
  }

  using Fields = std::vector<std::pair<std::string, std::string>>;

  http::Response send(const std::string& method, const std::string& target, const Fields& fields = {}) {
    http::Request request;
    request.head.method = method;
    request.head.target = target;
    request.head.listener = vpc_;
    request.head.peer_address = address_;
    for (const auto& [name, value] : fields) request.head.headers.add(name, value);
    return service_.handle(request);
  }
  int status(const std::string& method, const std::string& target, const Fields& fields = {}) {
    return send(method, target, fields).status;
  }
  std::string get(const std::string& path) {
    const http::Response response = send("GET", path);
    return response.status == 200 ? std::get<std::string>(response.body) : std::to_string(response.status);
  }
  std::string meta(const std::string& path) { return get("/latest/meta-data/" + path); }
  std::string token(const std::string& life = "60") {
    return std::get<std::string>(
        send("PUT", "/latest/api/token", {{"X-aws-ec2-metadata-token-ttl-seconds", life}}).body);
  }
  ec2::InstanceFacts& instance() { return instances_["vpc-1 10.0.0.5"]; }

  TestBox box_;
  TestClock clock_;
  TestRoles roles_;
  TestSigner signer_;
  sts::Sessions sessions_;
  std::map<std::string, ec2::InstanceFacts> instances_;
  std::optional<iam::InstanceProfileFacts> profile_ =
      iam::InstanceProfileFacts{.arn = "arn:aws:iam::123456789012:instance-profile/web",
                                .id = "AIPA1",
                                .role_arn = "arn:aws:iam::123456789012:role/app/reader"};
  std::string vpc_ = "vpc-1";
  std::string address_ = "10.0.0.5";
  Service service_;
};

TEST_F(ImdsTest, WhoAsksIsKnownByNetworkAndAddress) {
  EXPECT_EQ(meta("instance-id"), "i-00000000000000001");
  address_ = "10.0.0.6";
  EXPECT_EQ(meta("instance-id"), "404");
  address_ = "10.0.0.5";
  vpc_ = "vpc-2";
  EXPECT_EQ(meta("instance-id"), "404");
  EXPECT_EQ(status("PUT", "/latest/api/token", {{"X-aws-ec2-metadata-token-ttl-seconds", "60"}}), 404);
}

TEST_F(ImdsTest, FoldersAreListed) {
  EXPECT_TRUE(get("/").starts_with("1.0\n2007-01-19\n"));
  EXPECT_TRUE(get("/").ends_with("\nlatest"));
  EXPECT_EQ(get("/latest"), "dynamic\nmeta-data\nuser-data");
  EXPECT_EQ(get("/latest/dynamic/"), "fws/\ninstance-identity/");
  EXPECT_EQ(meta(""),
            "ami-id\nami-launch-index\nami-manifest-path\nblock-device-mapping/\nevents/\nhostname\niam/\n"
            "instance-action\ninstance-id\ninstance-life-cycle\ninstance-type\nlocal-hostname\nlocal-ipv4\nmac\n"
            "network/\nplacement/\nprofile\npublic-hostname\npublic-ipv4\npublic-keys/\nreservation-id\n"
            "security-groups\nservices/\nsystem");
  EXPECT_EQ(meta("network/interfaces/macs/"), "02:00:00:00:00:01/");
  EXPECT_EQ(meta("public-keys/"), "0=mine");
  EXPECT_EQ(meta("public-keys/0/"), "openssh-key");
  EXPECT_EQ(meta("iam/"), "info\nsecurity-credentials/");
  instance().public_key.clear();
  instance().user_data.clear();
  EXPECT_EQ(meta("public-keys/"), "404");
  EXPECT_EQ(get("/latest/user-data"), "404");
  EXPECT_EQ(get("/latest/"), "dynamic\nmeta-data");
}

TEST_F(ImdsTest, VolumesAndMonitoring) {
  EXPECT_EQ(meta("block-device-mapping/"), "ami\nroot");
  EXPECT_EQ(get("/latest/dynamic/fws/"), "instance-monitoring");
  EXPECT_EQ(get("/latest/dynamic/fws/instance-monitoring"), "disabled");
  instance().volume_devices = {"sdf", "xvdg"};
  instance().monitoring = true;
  EXPECT_EQ(meta("block-device-mapping/"), "ami\nebs1\nebs2\nroot");
  EXPECT_EQ(meta("block-device-mapping/ebs2"), "xvdg");
  EXPECT_EQ(get("/latest/dynamic/fws/instance-monitoring"), "enabled");
}

TEST_F(ImdsTest, Files) {
  EXPECT_EQ(meta("placement/region"), "us-east-1");
  EXPECT_EQ(meta("placement/availability-zone-id"), "use1-az1");
  EXPECT_EQ(meta("placement/partition-number"), "404");
  instance().placement_group = "parts";
  instance().partition = 2;
  EXPECT_EQ(meta("placement/group-name"), "parts");
  EXPECT_EQ(meta("placement/partition-number"), "2");
  EXPECT_EQ(meta("public-keys/0/openssh-key"), "ssh-ed25519 AAAA mine");
  EXPECT_EQ(meta("security-groups"), "default\nweb");
  const std::string interface = "network/interfaces/macs/02:00:00:00:00:01/";
  EXPECT_EQ(meta(interface + "local-ipv4s"), "10.0.0.5\n10.0.0.6");
  EXPECT_EQ(meta(interface + "ipv4-associations/198.18.0.9"), "10.0.0.5");
  EXPECT_EQ(meta(interface + "vpc-ipv4-cidr-blocks"), "10.0.0.0/16\n10.9.0.0/16");
  EXPECT_EQ(meta(interface + "security-group-ids"), "sg-1\nsg-2");
  EXPECT_EQ(meta("network/interfaces/macs/02%3a00%3A00:00:00:01/owner-id"), "123456789012");
  EXPECT_EQ(get("/2009-04-04/meta-data/instance-id"), "i-00000000000000001");
  EXPECT_EQ(get("//latest//meta-data/instance-id/"), "i-00000000000000001");
  EXPECT_EQ(get("/latest/user-data"), std::string("#!/bin/sh\0x", 11));
  for (const char* const path :
       {"/1999-01-01/meta-data/instance-id", "/latest/meta-data/none", "/latest/meta-data/../x",
        "/latest/meta-data/instance-id/more", "/latest/meta-data/identity-credentials/",
        "/latest/meta-data/placement/regio", "/latest/meta-data/iam/security-credentials/x"}) {
    EXPECT_EQ(get(path), "404") << path;
  }
  EXPECT_EQ(get("/latest/meta-data/%zz"), "400");
}

TEST_F(ImdsTest, TagsWhenTheyAreShown) {
  EXPECT_EQ(meta("tags/instance/"), "404");
  instance().shows_tags = true;
  EXPECT_EQ(meta("tags/instance/"), "Name");
  EXPECT_EQ(meta("tags/instance/Name"), "one");
}

TEST_F(ImdsTest, HeadersAsAwsHasThem) {
  const http::Response good = send("GET", "/latest/meta-data/ami-id", {{"X-aws-ec2-metadata-token", token("100")}});
  EXPECT_EQ(good.headers.find("content-type"), "text/plain");
  EXPECT_EQ(good.headers.find("accept-ranges"), "none");
  EXPECT_EQ(good.headers.find("server"), "EC2ws");
  EXPECT_EQ(good.headers.find("x-aws-ec2-metadata-token-ttl-seconds"), "100");
  EXPECT_TRUE(good.headers.contains("last-modified"));
  const http::Response bad = send("GET", "/latest/none");
  EXPECT_NE(std::get<std::string>(bad.body).find("<title>404 - Not Found</title>"), std::string::npos);
}

TEST_F(ImdsTest, TokensBelongToOneInstanceAndEnd) {
  instance().tokens_required = true;
  instances_["vpc-2 10.0.0.5"] = test_instance();
  instances_["vpc-2 10.0.0.5"].id = "i-00000000000000002";
  EXPECT_EQ(meta("instance-id"), "401");
  const std::string good = token("60");
  const auto read = [&](const std::string& shown) {
    return status("GET", "/latest/meta-data/instance-id", {{"X-aws-ec2-metadata-token", shown}});
  };
  EXPECT_EQ(read(good), 200);
  EXPECT_EQ(read(good + "x"), 401);
  EXPECT_EQ(read(""), 401);
  EXPECT_EQ(read(std::string(100'000, 'A')), 401);
  vpc_ = "vpc-2";
  EXPECT_EQ(read(good), 401) << "another one's, where none is required";
  vpc_ = "vpc-1";
  clock_.time += seconds(59);
  EXPECT_EQ(read(good), 200);
  clock_.time += seconds(1);
  EXPECT_EQ(read(good), 401);
}

TEST_F(ImdsTest, AskingForTokens) {
  const auto ask = [&](const std::string& life) {
    return status("PUT", "/latest/api/token", {{"X-aws-ec2-metadata-token-ttl-seconds", life}});
  };
  EXPECT_EQ(ask("1"), 200);
  EXPECT_EQ(ask("21600"), 200);
  for (const char* const life : {"0", "21601", "-1", "", "1.5", "60s", " 60", "99999999999999999999"}) {
    EXPECT_EQ(ask(life), 400) << life;
  }
  EXPECT_EQ(status("PUT", "/latest/api/token"), 400);
  EXPECT_EQ(status("PUT", "/latest/api/token",
                   {{"X-aws-ec2-metadata-token-ttl-seconds", "60"}, {"X-Forwarded-For", "10.0.0.9"}}),
            403);
  EXPECT_EQ(status("PUT", "/latest/meta-data/instance-id", {{"X-aws-ec2-metadata-token-ttl-seconds", "60"}}), 405);
  EXPECT_EQ(status("GET", "/latest/api/token"), 405);
  EXPECT_EQ(status("POST", "/latest/meta-data/instance-id"), 405);
  instance().hop_limit = 3;
  EXPECT_EQ(send("PUT", "/latest/api/token", {{"X-aws-ec2-metadata-token-ttl-seconds", "60"}}).hop_limit, 3);
  EXPECT_EQ(send("GET", "/latest/meta-data/instance-id").hop_limit, 0);
  instance().metadata_enabled = false;
  EXPECT_EQ(ask("60"), 403);
  EXPECT_EQ(meta("instance-id"), "403");
}

TEST_F(ImdsTest, CredentialsAreASessionOfTheRoleAndRotate) {
  EXPECT_EQ(meta("iam/security-credentials/"), "reader");
  const std::string first = meta("iam/security-credentials/reader");
  for (const char* const part :
       {R"("Code" : "Success")", R"("Type" : "AWS-HMAC")", R"("AccessKeyId" : "ASIA)", R"("Token" : ")",
        R"("LastUpdated" : "2023-11-14T22:13:20Z")", R"("Expiration" : "2023-11-15T04:13:20Z")"}) {
    EXPECT_NE(first.find(part), std::string::npos) << part << " in " << first;
  }
  const auto value = [&](const std::string& name) {
    const size_t at = first.find("\"" + name + "\" : \"") + name.size() + 6;
    return first.substr(at, first.find('"', at) - at);
  };
  const auto key = sessions_.find(auth::AccessKeyId(value("AccessKeyId")), value("Token"));
  ASSERT_TRUE(key.has_value());
  ASSERT_NE(*key, nullptr);
  EXPECT_EQ((*key)->secret, value("SecretAccessKey"));
  EXPECT_EQ((*key)->principal.arn, "arn:aws:sts::123456789012:assumed-role/reader/i-00000000000000001");

  clock_.time += std::chrono::hours(5);
  EXPECT_EQ(meta("iam/security-credentials/reader"), first);
  clock_.time += seconds(1);
  const std::string second = meta("iam/security-credentials/reader");
  EXPECT_NE(second, first);
  roles_.id = "AROA2";
  EXPECT_NE(meta("iam/security-credentials/reader"), second) << "another role under the same name";
}

TEST_F(ImdsTest, ARoleThatDoesNotTrustEc2) {
  roles_.trust =
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},)"
      R"("Action":"sts:AssumeRole"}})";
  const std::string answer = meta("iam/security-credentials/reader");
  EXPECT_NE(answer.find("AssumeRoleUnauthorizedAccess"), std::string::npos) << answer;
  EXPECT_EQ(answer.find("SecretAccessKey"), std::string::npos);
}

TEST_F(ImdsTest, AProfileThatIsGoneOrEmpty) {
  EXPECT_NE(meta("iam/info").find(R"("InstanceProfileId" : "AIPA1")"), std::string::npos);
  profile_->role_arn.clear();
  EXPECT_EQ(meta("iam/"), "info");
  EXPECT_EQ(meta("iam/security-credentials/"), "404");
  profile_->id = "AIPA2";
  EXPECT_NE(meta("iam/info").find("InstanceProfileNotFound"), std::string::npos);
  instance().profile_arn.clear();
  EXPECT_EQ(meta("iam/info"), "404");
  EXPECT_EQ(meta("").find("iam/"), std::string::npos);
}

TEST_F(ImdsTest, TheIdentityDocumentAndItsSignatures) {
  const std::string document = get("/latest/dynamic/instance-identity/document");
  EXPECT_NE(document.find(R"("instanceId" : "i-00000000000000001")"), std::string::npos);
  EXPECT_NE(document.find(R"("pendingTime" : "2020-09-13T12:26:40Z")"), std::string::npos);
  const std::string size = std::to_string(document.size());
  EXPECT_EQ(get("/latest/dynamic/instance-identity/pkcs7"), "pkcs7 of " + size);
  EXPECT_EQ(get("/latest/dynamic/instance-identity/rsa2048"), "pkcs7 of " + size);
  EXPECT_EQ(get("/latest/dynamic/instance-identity/signature"), "signature of " + size);
  EXPECT_EQ(get("/latest/dynamic/instance-identity/other"), "404");
  EXPECT_EQ(get("/latest/dynamic/instance-identity/"), "document\npkcs7\nrsa2048\nsignature");
}

}  // namespace
}  // namespace aerolith::imds
