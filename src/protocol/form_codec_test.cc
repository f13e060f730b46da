#include "protocol/form_codec.h"

#include <gtest/gtest.h>

#include <string>

#include "protocol/test_schema.h"

namespace aerolith::protocol {
namespace {

using test::kNode;
using test::Node;

Node decode(std::string_view form, Protocol protocol = Protocol::query) {
  Node node;
  Result<void, DecodeError> result = decode_form(protocol, kNode, form, &node);
  EXPECT_TRUE(result.has_value()) << result.error().member_path << ": " << result.error().detail;
  return node;
}

DecodeError decode_error(std::string_view form, Protocol protocol = Protocol::query) {
  Node node;
  Result<void, DecodeError> result = decode_form(protocol, kNode, form, &node);
  EXPECT_FALSE(result.has_value()) << form.substr(0, 200);
  return result.has_value() ? DecodeError{} : result.error();
}

TEST(FormCodec, Scalars) {
  Node node = decode(
      "Action=GetTree&Version=2020-01-08&Text=a+b%26%C3%A9%3D=&flag=true&Count=-7&Big=5&Ratio=0.5&Weight=-Infinity&"
      "Data=dmFsdWU%3D&Time=1970-01-01T00%3A00%3A01Z&&X-Amz-Signature=00");
  EXPECT_EQ(node.text, "a b&\xC3\xA9==");
  EXPECT_EQ(node.flag, true);
  EXPECT_EQ(node.count, -7);
  EXPECT_EQ(node.ratio, 0.5F);
  EXPECT_EQ(node.weight, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(node.data, "value");
  EXPECT_EQ(node.time, Timestamp(std::chrono::seconds(1)));
  EXPECT_FALSE(node.names.has_value());
}

TEST(FormCodec, EmptyAndValueless) {
  EXPECT_FALSE(decode("").text.has_value());
  EXPECT_EQ(decode("Text=").text, "");
  EXPECT_EQ(decode("Text").text, "");
  EXPECT_TRUE(decode("Names=").names->empty());
  EXPECT_TRUE(decode("Labels=").labels->empty());
}

TEST(FormCodec, ListsInNumericOrderWithoutGaps) {
  Node node = decode(
      "Names.member.10=j&Names.member.2=b&Names.member.1=a&Names.member.4294967295=z&Tag.3=t&Tag.1=s&"
      "Attribute.1=p&Flags.member.1=true&Nodes.item.2.Text=two&Nodes.item.1.Child.Names.member.1=deep");
  EXPECT_EQ(*node.names, (std::vector<std::string>{"a", "b", "j", "z"}));
  EXPECT_EQ(*node.tags, (std::vector<std::string>{"s", "t"}));
  EXPECT_EQ(*node.attributes, std::vector<std::string>{"p"});
  ASSERT_EQ(node.children->size(), 2U);
  EXPECT_EQ(node.children->at(0).child->names->front(), "deep");
  EXPECT_EQ(node.children->at(1).text, "two");
}

TEST(FormCodec, Maps) {
  Node node = decode(
      "Labels.entry.2.key=b&Labels.entry.1.key=a&Labels.entry.1.value=1&Labels.entry.2.value=2&Counts.1.K=x&Counts.1.V="
      "5");
  EXPECT_EQ(*node.labels, (std::map<std::string, std::string>{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(node.counts->at("x"), 5);
  EXPECT_EQ(decode_error("Labels.entry.1.key=a").member_path, "Labels.entry.1");
  EXPECT_EQ(decode_error("Labels.entry.1.value=a").member_path, "Labels.entry.1");
}

TEST(FormCodec, Ec2NamesAndFlatLists) {
  Node node = decode("Flag=true&Names.1=a&Names.2=b&Node.1.Text=n&Child.Child.Count=3", Protocol::ec2);
  EXPECT_EQ(node.flag, true);
  EXPECT_EQ(*node.names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(node.children->front().text, "n");
  EXPECT_EQ(node.child->child->count, 3);
  EXPECT_EQ(decode("flag=true", Protocol::ec2).flag, true);  // botocore's spelling
}

TEST(FormCodec, NamesBetweenAPrefixAndItsDotDoNotHideAnything) {
  // '-' sorts before '.'.
  Node node = decode("Child-x=1&Child.Text=a&Child=&Childs.Text=b");
  EXPECT_EQ(node.child->text, "a");
}

TEST(FormCodec, Malformed) {
  EXPECT_EQ(decode_error("Text=%zz").detail, "a parameter is not percent-encoded UTF-8");
  EXPECT_EQ(decode_error("Text=%FF").detail, "a parameter is not percent-encoded UTF-8");
  EXPECT_EQ(decode_error("Text=a&Count=1&Text=b").member_path, "Text");
  EXPECT_EQ(decode_error("Count=seven").detail, "'seven' can not be converted to an Integer");
  EXPECT_EQ(decode_error("Count=").member_path, "Count");
  EXPECT_EQ(decode_error("Text.1=a").member_path, "Text");
  EXPECT_EQ(decode_error("Names=a").member_path, "Names");
  EXPECT_EQ(decode_error("Child=a").member_path, "Child");
  for (const char* number : {"x", "-1", "01", "1-", "4294967296", "99999999999999999999", "", "+1", "1 "}) {
    EXPECT_EQ(decode_error("Names.member." + std::string(number) + "=a").detail, "not a number of a list") << number;
  }
}

TEST(FormCodec, FormBombs) {
  std::string deep = "Child";
  for (int i = 0; i < 100'000; ++i) deep += ".Child";
  EXPECT_EQ(decode_error(deep + ".Text=a").detail, "a parameter's name is nested too deep");

  std::string many;
  for (size_t i = 0; i <= kMaxFormParameters; ++i) many += "a" + std::to_string(i) + "=&";
  EXPECT_EQ(decode_error(many).detail, "too many parameters");

  std::string wide;
  for (int i = 1; i <= 50'000; ++i) wide += "Names.member." + std::to_string(i) + "=x&";
  EXPECT_EQ(decode(wide).names->size(), 50'000U);
}

}  // namespace
}  // namespace aerolith::protocol
