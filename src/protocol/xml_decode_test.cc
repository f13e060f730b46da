#include <gtest/gtest.h>

#include "protocol/test_schema.h"
#include "protocol/xml_codec.h"

namespace aerolith::protocol {
namespace {

using test::kNode;
using test::Node;

Node decode(std::string_view body) {
  Node node;
  Result<void, DecodeError> result = decode_xml_body(kNode, body, "Root", &node);
  EXPECT_TRUE(result.has_value()) << result.error().member_path << ": " << result.error().detail;
  return node;
}

DecodeError decode_error(std::string_view body) {
  Node node;
  Result<void, DecodeError> result = decode_xml_body(kNode, body, "Root", &node);
  EXPECT_FALSE(result.has_value()) << body;
  return result.has_value() ? DecodeError{} : result.error();
}

TEST(XmlDecode, Scalars) {
  Node node = decode(
      "<Root xmlns='http://s3.amazonaws.com/doc/2006-03-01/'><Text> a b </Text><flag>true</flag><Count> 7 </Count>"
      "<Big>-9</Big><Ratio>1.5</Ratio><Weight>NaN</Weight><Data>dmFsdWU=</Data><Time>1970-01-01T00:00:01Z</Time>"
      "<Date>Thu, 01 Jan 1970 00:00:02 GMT</Date><Unknown><Deep/></Unknown></Root>");
  EXPECT_EQ(node.text, " a b ");
  EXPECT_EQ(node.flag, true);
  EXPECT_EQ(node.count, 7);
  EXPECT_EQ(node.big, -9);
  EXPECT_EQ(node.ratio, 1.5F);
  EXPECT_TRUE(node.weight && *node.weight != *node.weight);
  EXPECT_EQ(node.data, "value");
  EXPECT_EQ(node.time, Timestamp(std::chrono::seconds(1)));
  EXPECT_EQ(node.date, Timestamp(std::chrono::seconds(2)));
  EXPECT_FALSE(node.names.has_value());
}

TEST(XmlDecode, EmptyIsNotAbsent) {
  EXPECT_FALSE(decode("").text.has_value());
  EXPECT_FALSE(decode("<Root/>").text.has_value());
  Node node = decode("<Root><Text/><Names></Names><Labels/><Child/><Data/></Root>");
  EXPECT_EQ(node.text, "");
  EXPECT_EQ(node.data, "");
  EXPECT_TRUE(node.names && node.names->empty());
  EXPECT_TRUE(node.labels && node.labels->empty());
  EXPECT_TRUE(node.child.has_value());
}

TEST(XmlDecode, Lists) {
  Node node = decode(
      "<Root><Names><member>a</member><member/><other>x</other></Names><Tag>t</Tag><Count>1</Count><Tag>u</Tag>"
      "<Attribute>p</Attribute><Attributes>q</Attributes><Flags><member>true</member></Flags>"
      "<Nodes><item><Text>n</Text></item><item/></Nodes></Root>");
  EXPECT_EQ(*node.names, (std::vector<std::string>{"a", ""}));
  EXPECT_EQ(*node.tags, (std::vector<std::string>{"t", "u"}));
  EXPECT_EQ(*node.attributes, (std::vector<std::string>{"p", "q"}));
  ASSERT_EQ(node.flags->size(), 1U);
  EXPECT_TRUE(node.flags->front());
  ASSERT_EQ(node.children->size(), 2U);
  EXPECT_EQ(node.children->front().text, "n");
  // botocore's name of a flattened list.
  EXPECT_EQ(*decode("<Root><item>t</item></Root>").tags, std::vector<std::string>{"t"});
}

TEST(XmlDecode, Maps) {
  Node node = decode(
      "<Root><Labels><entry><key>a</key><value>1</value></entry><entry><value>2</value><key>b</key></entry></Labels>"
      "<Counts><K>x</K><V>5</V></Counts><Counts><K>y</K><V>6</V></Counts></Root>");
  EXPECT_EQ(*node.labels, (std::map<std::string, std::string>{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(*node.counts, (std::map<std::string, int32_t>{{"x", 5}, {"y", 6}}));
  EXPECT_EQ(decode_error("<Root><Labels><entry><key>a</key></entry></Labels></Root>").member_path, "Labels");
}

TEST(XmlDecode, AttributesAndNesting) {
  Node node = decode(
      "<Root><Child xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='Group'><Child xmlns:q='x' "
      "q:type='&lt;&amp;'><Text>deep</Text></Child></Child></Root>");
  EXPECT_EQ(node.child->kind, "Group");
  EXPECT_EQ(node.child->child->kind, "<&");
  EXPECT_EQ(node.child->child->text, "deep");
}

TEST(XmlDecode, ErrorsTellWhere) {
  DecodeError error = decode_error(
      "<Root><Nodes><item/><item><Child><Flags><member>true</member><member>x</member></Flags></Child></item></Nodes>"
      "</Root>");
  EXPECT_EQ(error.code, DecodeErrorCode::malformed);
  EXPECT_EQ(error.member_path, "Children[1].Child.Flags[1]");
  EXPECT_EQ(error.detail, "'x' can not be converted to a Boolean");
  EXPECT_EQ(decode_error("<Root><Count>99999999999999999999</Count></Root>").member_path, "Count");
  EXPECT_EQ(decode_error("<Root><Text>a</Text><Text>b</Text></Root>").member_path, "Text");
  EXPECT_EQ(decode_error("<Root><Text><b>a</b></Text></Root>").member_path, "Text");
  EXPECT_EQ(decode_error("<Root><Counts><K>k</K><V>v</V></Counts></Root>").member_path, "Counts[k]");
  EXPECT_EQ(decode_error("<Root").member_path, "");
}

TEST(XmlDecode, ChecksTheRoot) {
  Node node;
  EXPECT_FALSE(decode_xml_body(kNode, "<Other/>", "Root", &node).has_value());
  EXPECT_TRUE(decode_xml_body(kNode, "<Node/>", "Root", &node).has_value());
  EXPECT_TRUE(decode_xml_body(kNode, "<Other/>", "", &node).has_value());
}

}  // namespace
}  // namespace aerolith::protocol
