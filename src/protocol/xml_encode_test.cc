#include <gtest/gtest.h>

#include "protocol/test_schema.h"
#include "protocol/xml_codec.h"

namespace aerolith::protocol {
namespace {

using test::Node;

constexpr std::string_view kDeclaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
constexpr Service kService{.name = "tree", .xml_namespace = "http://tree/"};
constexpr Service kS3{.name = "s3", .xml_namespace = "http://s3.amazonaws.com/doc/2006-03-01/", .s3_xml_dialect = true};
const RequestId kId("ABC123");

Operation operation_with(const Shape* output) {
  return {.name = "GetTree", .output = output, .output_wrapper = "GetTreeResult"};
}

std::string body_of(const Node& node, const Service& service = kService) {
  std::string body = encode_xml_body(service, operation_with(&test::kNode), &node);
  EXPECT_TRUE(body.starts_with(kDeclaration));
  return body.substr(kDeclaration.size());
}

Node full_node() {
  Node node;
  node.kind = "<g>";
  node.text = "a&b\r";
  node.flag = true;
  node.count = -7;
  node.big = 1LL << 40;
  node.ratio = 0.5F;
  node.weight = 1e100;
  node.data = std::string("\0\xFF", 2);
  node.time = Timestamp(std::chrono::milliseconds(1500));
  node.date = Timestamp(std::chrono::seconds(2));
  node.names = std::vector<std::string>{"x", ""};
  node.tags = std::vector<std::string>{"t", "u"};
  node.attributes = std::vector<std::string>{"p"};
  node.flags = std::vector<Boolean>{true, false};
  node.labels = std::map<std::string, std::string>{{"k", "v"}};
  node.counts = std::map<std::string, int32_t>{{"c", 3}};
  node.child.emplace().kind = "Group";
  node.children = std::vector<Node>(1);
  return node;
}

TEST(XmlEncode, WritesEveryKind) {
  EXPECT_EQ(body_of(full_node()),
            "<Node xmlns=\"http://tree/\" xsi:type=\"&lt;g&gt;\"><Text>a&amp;b&#xD;</Text><flag>true</flag>"
            "<Count>-7</Count><Big>1099511627776</Big><Ratio>0.5</Ratio><Weight>1e+100</Weight><Data>AP8=</Data>"
            "<Time>1970-01-01T00:00:01.500Z</Time><Date>Thu, 01 Jan 1970 00:00:02 GMT</Date>"
            "<Names><member>x</member><member></member></Names><Tag>t</Tag><Tag>u</Tag><Attribute>p</Attribute>"
            "<Flags><member>true</member><member>false</member></Flags>"
            "<Labels><entry><key>k</key><value>v</value></entry></Labels><Counts><K>c</K><V>3</V></Counts>"
            "<Child xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"Group\"/>"
            "<Nodes><item/></Nodes></Node>");
}

TEST(XmlEncode, TwoListsMixed) {
  Node node;
  node.text = "before";
  node.tags = std::vector<std::string>{"t", "u"};
  node.attributes = std::vector<std::string>{"p", "q"};
  const MixedLists mixed{.first = "Tags", .second = "Attributes", .is_of_second = {true, false, true, false}};
  const std::string body = encode_xml_body(kService, operation_with(&test::kNode), &node, &mixed);
  EXPECT_EQ(body.substr(kDeclaration.size()),
            "<Node xmlns=\"http://tree/\"><Text>before</Text><Attribute>p</Attribute><Tag>t</Tag>"
            "<Attribute>q</Attribute><Tag>u</Tag></Node>");
  // Elements that aren't there, or lists, are no harm.
  node.attributes.reset();
  const std::string rest = encode_xml_body(kService, operation_with(&test::kNode), &node, &mixed);
  EXPECT_EQ(rest.substr(kDeclaration.size()),
            "<Node xmlns=\"http://tree/\"><Text>before</Text><Tag>t</Tag><Tag>u</Tag></Node>");
}

TEST(XmlEncode, TheDecoderGetsBackWhatWasWritten) {
  Node sent = full_node();
  sent.kind.reset();  // its prefix is declared by the parent's element only
  Node got;
  std::string body = body_of(sent);
  Result<void, DecodeError> result = decode_xml_body(test::kNode, body, "Node", &got);
  ASSERT_TRUE(result.has_value()) << result.error().detail;
  EXPECT_EQ(body_of(got), body);
}

TEST(XmlEncode, EmptyOutputs) {
  EXPECT_EQ(body_of(Node()), "<Node xmlns=\"http://tree/\"/>");
  EXPECT_EQ(encode_xml_body(kService, operation_with(nullptr), nullptr), "");
  test::PayloadOutput output;
  EXPECT_EQ(encode_xml_body(kService, operation_with(&test::kPayloadOutput), &output), "");
}

TEST(XmlEncode, PayloadMemberIsTheRoot) {
  test::PayloadOutput output;
  output.header = "not in the body";
  output.node.emplace().count = 1;
  EXPECT_EQ(encode_xml_body(kService, operation_with(&test::kPayloadOutput), &output),
            std::string(kDeclaration) + "<Node xmlns=\"http://tree/\"><Count>1</Count></Node>");
  Operation named = operation_with(&test::kPayloadOutput);
  named.output_wire_name = "CopyObjectResult";
  EXPECT_EQ(encode_xml_body(kService, named, &output),
            std::string(kDeclaration) + "<CopyObjectResult xmlns=\"http://tree/\"><Count>1</Count></CopyObjectResult>");
}

TEST(XmlEncode, S3Dialect) {
  Node node;
  node.time = Timestamp(std::chrono::seconds(1));
  EXPECT_EQ(body_of(node, kS3),
            "<Node xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Time>1970-01-01T00:00:01.000Z</Time></Node>");

  Operation get_location = operation_with(&test::kLocationOutput);
  get_location.unwrapped_output = true;
  test::LocationOutput output{"eu-west-1"};
  EXPECT_EQ(encode_xml_body(kS3, get_location, &output),
            std::string(kDeclaration) +
                "<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">eu-west-1</LocationConstraint>");
  output.location.reset();
  EXPECT_EQ(encode_xml_body(kS3, get_location, &output),
            std::string(kDeclaration) + "<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>");
}

TEST(XmlEncode, QueryResponses) {
  Node node;
  node.text = "a";
  EXPECT_EQ(encode_query_response(kService, operation_with(&test::kNode), &node, kId),
            "<GetTreeResponse xmlns=\"http://tree/\"><GetTreeResult><Text>a</Text></GetTreeResult>"
            "<ResponseMetadata><RequestId>ABC123</RequestId></ResponseMetadata></GetTreeResponse>");
  Operation nothing{.name = "DeleteTree"};
  EXPECT_EQ(encode_query_response(kService, nothing, nullptr, kId),
            "<DeleteTreeResponse xmlns=\"http://tree/\"><ResponseMetadata><RequestId>ABC123</RequestId>"
            "</ResponseMetadata></DeleteTreeResponse>");
}

TEST(XmlEncode, Ec2Responses) {
  Node node;
  node.flag = true;
  node.time = Timestamp(std::chrono::seconds(1));
  EXPECT_EQ(encode_ec2_response(kService, operation_with(&test::kNode), &node, kId),
            std::string(kDeclaration) +
                "<GetTreeResponse xmlns=\"http://tree/\"><requestId>ABC123</requestId><flag>true</flag>"
                "<Time>1970-01-01T00:00:01.000Z</Time></GetTreeResponse>");
  Operation nothing{.name = "DeleteTree"};
  EXPECT_EQ(encode_ec2_response(kService, nothing, nullptr, kId),
            std::string(kDeclaration) +
                "<DeleteTreeResponse xmlns=\"http://tree/\"><requestId>ABC123</requestId><return>true</return>"
                "</DeleteTreeResponse>");
}

TEST(XmlEncode, Errors) {
  ApiError error{.code = "NoSuchTree", .http_status = 404, .message = "No <tree>.", .fields = {{"Tree", "oak"}}};
  const std::string host_id = make_host_id(kId);
  EXPECT_EQ(host_id.size(), 64U);
  EXPECT_EQ(encode_xml_error(Protocol::rest_xml, kS3, error, kId),
            std::string(kDeclaration) +
                "<Error><Code>NoSuchTree</Code><Message>No &lt;tree&gt;.</Message><Tree>oak</Tree>"
                "<RequestId>ABC123</RequestId><HostId>" +
                host_id + "</HostId></Error>");
  const std::string wrapped =
      "<ErrorResponse xmlns=\"http://tree/\"><Error><Type>Sender</Type><Code>NoSuchTree</Code>"
      "<Message>No &lt;tree&gt;.</Message><Tree>oak</Tree></Error><RequestId>ABC123</RequestId></ErrorResponse>";
  EXPECT_EQ(encode_xml_error(Protocol::rest_xml, kService, error, kId), std::string(kDeclaration) + wrapped);
  EXPECT_EQ(encode_xml_error(Protocol::query, kService, error, kId), std::string(kDeclaration) + wrapped);
  EXPECT_EQ(encode_xml_error(Protocol::ec2, kService, error, kId),
            std::string(kDeclaration) +
                "<Response><Errors><Error><Code>NoSuchTree</Code><Message>No &lt;tree&gt;.</Message><Tree>oak</Tree>"
                "</Error></Errors><RequestID>ABC123</RequestID></Response>");
  error.http_status = 503;
  EXPECT_NE(encode_xml_error(Protocol::query, kService, error, kId).find("<Type>Receiver</Type>"), std::string::npos);
}

TEST(XmlEncode, ModelledExceptionsBringTheirMembers) {
  constexpr ErrorShape kShape{.name = "TreeError", .code = "TreeError", .http_status = 400, .shape = &test::kNode};
  auto value = std::make_shared<Node>();
  value->count = 3;
  ApiError error{.code = "TreeError", .message = "m", .shape = &kShape, .value = value};
  EXPECT_NE(
      encode_xml_error(Protocol::query, kService, error, kId).find("<Message>m</Message><Count>3</Count></Error>"),
      std::string::npos);
}

}  // namespace
}  // namespace aerolith::protocol
