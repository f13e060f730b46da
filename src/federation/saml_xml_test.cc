#include "federation/saml_xml.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "federation/saml_metadata.h"
#include "federation/saml_response.h"

namespace aerolith::federation {
namespace {

TEST(SamlXml, ReadsByNamespace) {
  const XmlDocument document =
      parse_xml(R"(<a:r xmlns:a="A"><b xmlns="A" k="v"> one<!-- no --> &amp; two </b><b xmlns="B"/><!-- --></a:r>)");
  ASSERT_NE(document, nullptr);
  xmlNode* const root = xmlDocGetRootElement(document.get());
  EXPECT_TRUE(is_element(root, "A", "r"));
  EXPECT_FALSE(is_element(root, "B", "r"));
  const xmlNode* const child = only_child(root, "A", "b");
  EXPECT_EQ(text_of(child), "one & two");
  EXPECT_EQ(attribute(child, "k"), "v");
  EXPECT_EQ(attribute(child, "x"), std::nullopt);
  EXPECT_EQ(descendants(root, "A", "b").size(), 1U);
  EXPECT_EQ(only_child(root, "A", "c"), nullptr);
  EXPECT_EQ(text_of(nullptr), "");
}

TEST(SamlXml, RefusesDocumentTypesAndWhatIsBroken) {
  for (const char* bad : {"", "x", "<a>", "<a></b>", "<!DOCTYPE a><a/>", "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>",
                          "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "<a>&e;</a>", "<a/><b/>"}) {
    EXPECT_EQ(parse_xml(bad), nullptr) << bad;
  }
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "<a>";
  for (int i = 0; i < 1000; ++i) deep += "</a>";
  EXPECT_EQ(parse_xml(deep), nullptr);
}

TEST(SamlXml, AResponseWithoutASignature) {
  const SamlMetadata provider{.entity_id = "idp", .certificates = {}, .valid_until = std::nullopt};
  const auto refused = verify_saml_response(
      base64_encode(
          R"(<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns="urn:oasis:names:tc:SAML:2.0:assertion" Version="2.0">)"
          R"(<p:Status><p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></p:Status>)"
          R"(<Assertion ID="_1"><Issuer>idp</Issuer></Assertion></p:Response>)"),
      provider, {}, Timestamp());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().detail, "Response signature invalid");
}

}  // namespace
}  // namespace aerolith::federation
