#include "protocol/xml_reader.h"

#include <gtest/gtest.h>

namespace aerolith::protocol {
namespace {

std::string text_of_root(std::string_view xml) {
  Result<XmlDocument, XmlError> document = XmlDocument::parse(xml);
  return document.has_value() ? document->root().text() : "error: " + document.error().detail;
}

XmlErrorCode error_of(std::string_view xml) {
  Result<XmlDocument, XmlError> document = XmlDocument::parse(xml);
  EXPECT_FALSE(document.has_value()) << xml;
  return document.has_value() ? XmlErrorCode{} : document.error().code;
}

bool is_accepted(std::string_view xml) { return XmlDocument::parse(xml).has_value(); }

std::string nested(size_t depth) {
  std::string xml;
  for (size_t i = 0; i < depth; ++i) xml += "<a>";
  for (size_t i = 0; i < depth; ++i) xml += "</a>";
  return xml;
}

TEST(XmlReader, NamesChildrenAndAttributes) {
  Result<XmlDocument, XmlError> document = XmlDocument::parse(
      "<?xml version='1.0' encoding='utf-8'?><!-- x --><s:Root xmlns:s='u'>\n"
      "<A xmlns:x='y' x:type='Group' z='&lt;&quot;'/> text <s:B>b</s:B></s:Root>\n");
  ASSERT_TRUE(document.has_value());
  XmlElement root = document->root();
  EXPECT_EQ(root.name(), "Root");
  XmlElement a = root.first_child();
  EXPECT_EQ(a.name(), "A");
  EXPECT_EQ(a.attribute("x:type"), "Group");
  EXPECT_EQ(a.attribute("xsi:type"), "Group");  // prefixes are the writer's choice
  EXPECT_EQ(a.attribute("z"), "<\"");
  EXPECT_EQ(a.attribute("x"), std::nullopt);
  EXPECT_FALSE(a.first_child());
  XmlElement b = a.next_sibling();
  EXPECT_EQ(b.name(), "B");
  EXPECT_EQ(b.text(), "b");
  EXPECT_FALSE(b.next_sibling());
}

TEST(XmlReader, TextKeepsWhiteSpaceAndJoinsItsPieces) {
  EXPECT_EQ(text_of_root("<a> </a>"), " ");
  EXPECT_EQ(text_of_root("<a> x<!-- c -->y<![CDATA[<&>]]> </a>"), " xy<&> ");
  EXPECT_EQ(text_of_root("<a>1\r\n2&#13;&#xD;3&#x1F600;&amp;&apos;</a>"), "1\n2\r\r3\xF0\x9F\x98\x80&'");
  EXPECT_EQ(text_of_root("\xEF\xBB\xBF<a>bom</a>"), "bom");
  EXPECT_EQ(text_of_root("<a>&#x1;</a>"), "\x01");  // as S3 writes such keys
}

TEST(XmlReader, RefusesDocumentTypesAndEntities) {
  EXPECT_EQ(error_of("<!DOCTYPE a><a/>"), XmlErrorCode::forbidden);
  EXPECT_EQ(error_of("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>"), XmlErrorCode::forbidden);
  EXPECT_EQ(error_of("<a><!ENTITY x 'y'></a>"), XmlErrorCode::forbidden);
  EXPECT_EQ(error_of("<a>&x;</a>"), XmlErrorCode::forbidden);
  EXPECT_EQ(error_of("<a b='&x;'/>"), XmlErrorCode::forbidden);
  for (const char* bad : {"<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&#x110000;</a>", "<a>&#;</a>", "<a>&#x;</a>",
                          "<a>&;</a>", "<a>&#99999999999;</a>", "<a>&#-1;</a>"}) {
    EXPECT_EQ(error_of(bad), XmlErrorCode::forbidden) << bad;
  }
  // Not references inside a comment or CDATA.
  EXPECT_EQ(text_of_root("<a><!-- &x; --><![CDATA[&x;<!DOCTYPE a>]]></a>"), "&x;<!DOCTYPE a>");
}

TEST(XmlReader, RefusesWhatIsNotWellFormed) {
  for (const char* bad : {"",
                          " ",
                          "x",
                          "<",
                          "<a",
                          "<a>",
                          "</a>",
                          "<a></b>",
                          "<a/><b/>",
                          "<a/>x",
                          "x<a/>",
                          "<a><b></a></b>",
                          "<a b/>",
                          "<a b=c/>",
                          "<a b='1' b='2'/>",
                          "<a b='<'/>",
                          "<a <b/>",
                          "<a>&</a>",
                          "<a>x & y</a>",
                          "<a><!-- </a>",
                          "<a><![CDATA[</a>",
                          "<?xml",
                          "<a b='",
                          "<1a/>",
                          "<a>\x01</a>",
                          "<a>\xFF</a>",
                          "<a>\xC0\x80</a>",
                          "<a>\xED\xA0\x80</a>",
                          "{\"a\": 1}",
                          "<!-- only -->",
                          "<![CDATA[x]]><a/>"}) {
    EXPECT_EQ(error_of(bad), XmlErrorCode::not_well_formed) << bad;
  }
  EXPECT_EQ(error_of(std::string_view("<a>\0</a>", 8)), XmlErrorCode::not_well_formed);
  EXPECT_EQ(error_of("<?xml version='1.0' encoding='UTF-16'?><a/>"), XmlErrorCode::forbidden);
}

TEST(XmlReader, LimitsDepthAndAttributes) {
  EXPECT_TRUE(is_accepted(nested(kMaxXmlDepth)));
  EXPECT_EQ(error_of(nested(kMaxXmlDepth + 1)), XmlErrorCode::too_deep);
  EXPECT_EQ(error_of(nested(500'000)), XmlErrorCode::too_deep);
  std::string many = "<a";
  for (size_t i = 0; i <= kMaxXmlAttributes; ++i) many += " b" + std::to_string(i) + "=''";
  EXPECT_EQ(error_of(many + "/>"), XmlErrorCode::forbidden);
}

}  // namespace
}  // namespace aerolith::protocol
