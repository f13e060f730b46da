#include "services/sts/saml_keys.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace aerolith::sts {
namespace {

// printf 'https://example.com/saml123456789012/MySAMLIdP' | openssl sha1 -binary | base64
TEST(SamlKeys, TheNameQualifierOfTheDocumentation) {
  EXPECT_EQ(name_qualifier("https://example.com/saml", AccountId("123456789012"), "MySAMLIdP"),
            "1uAJanUnBc2XeUkHURMht+xam2c=");
}

TEST(SamlKeys, AttributesBecomeLists) {
  federation::SamlAssertion assertion{.issuer = "i", .subject = "s", .subject_type = "persistent"};
  assertion.attributes = {{"urn:oid:1.3.6.1.4.1.5923.1.1.1.1", {"staff", "member"}}, {"unknown", {"x"}}};
  const auto keys = saml_keys(assertion, AccountId("123456789012"), "idp");
  const auto values = [&](std::string_view name) {
    std::vector<std::string> found;
    for (const auto& key : keys) {
      if (key.name == name) found.push_back(key.value);
    }
    return found;
  };
  EXPECT_EQ(values("saml:eduPersonAffiliation"), (std::vector<std::string>{"staff", "member"}));
  EXPECT_EQ(values("saml:doc"), std::vector<std::string>{"123456789012/idp"});
  EXPECT_EQ(values("saml:sub_type"), std::vector<std::string>{"persistent"});
  EXPECT_TRUE(std::ranges::none_of(keys, [](const auto& key) { return key.value == "x"; }));
}

}  // namespace
}  // namespace aerolith::sts
