#include "protocol/codec.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "s3/errors.h"
#include "s3/model.h"
#include "s3/operations.h"
#include "services.h"

namespace aerolith::protocol {
namespace {

const RequestId kRequestId("4442587FB7D0A2F9");

const Operation& s3_operation(s3::OperationId id) { return s3::service().operations[static_cast<size_t>(id)]; }
std::string body_of(const http::Response& response) { return std::get<std::string>(response.body); }
std::string header(const http::Response& response, std::string_view name) {
  return std::string(response.headers.find(name).value_or("(none)"));
}
const Service& find_service(std::string_view name) {
  for (const Service* service : all_services()) {
    if (service->name == name) return *service;
  }
  return *all_services()[0];
}

TEST(Codec, S3HeadersOfAnObject) {
  s3::GetObjectOutput output;
  output.content_length = 5;
  output.etag = "\"abc\"";
  output.content_type = "text/plain";
  output.last_modified = Timestamp(std::chrono::seconds(1'440'938'160));
  output.metadata.emplace()["color"] = "blue";
  http::Response response = encode_response(Protocol::rest_xml, s3::service(),
                                            s3_operation(s3::OperationId::get_object), &output, kRequestId);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header(response, "content-length"), "(none)");
  EXPECT_EQ(response.head_content_length, 5U);
  EXPECT_EQ(header(response, "etag"), "\"abc\"");
  EXPECT_EQ(header(response, "content-type"), "text/plain");
  EXPECT_EQ(header(response, "last-modified"), "Sun, 30 Aug 2015 12:36:00 GMT");
  EXPECT_EQ(header(response, "x-amz-request-id"), kRequestId.str());
  EXPECT_EQ(header(response, "x-amz-meta-color"), "blue");
  EXPECT_EQ(body_of(response), "");
}

TEST(Codec, S3StatusOfAnEmptyAnswer) {
  http::Response response = encode_response(Protocol::rest_xml, s3::service(),
                                            s3_operation(s3::OperationId::delete_bucket), nullptr, kRequestId);
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(body_of(response), "");
  EXPECT_EQ(header(response, "content-type"), "(none)");
}

TEST(Codec, S3ErrorDocument) {
  ApiError error = s3::no_such_bucket("The specified bucket does not exist");
  error.fields.emplace_back("BucketName", "b");
  http::Response response = encode_error(Protocol::rest_xml, s3::service(), error, kRequestId);
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(header(response, "content-type"), "application/xml");
  for (std::string_view part :
       {"<Code>NoSuchBucket</Code>", "<BucketName>b</BucketName>",
        "<Message>The specified bucket does not exist</Message>", "<RequestId>4442587FB7D0A2F9</RequestId>"}) {
    EXPECT_NE(body_of(response).find(part), std::string::npos) << part << "\n" << body_of(response);
  }
}

TEST(Codec, JsonErrors) {
  ApiError error;
  error.code = "ResourceNotFoundException";
  error.message = "no \"table\"";
  http::Response response = encode_error(Protocol::json_1_0, find_service("dynamodb"), error, kRequestId);
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(header(response, "content-type"), "application/x-amz-json-1.0");
  EXPECT_EQ(header(response, "x-amzn-requestid"), kRequestId.str());
  EXPECT_EQ(body_of(response), R"({"__type":"ResourceNotFoundException","message":"no \"table\""})");
  response = encode_error(Protocol::rest_json, find_service("lambda"), error, kRequestId);
  EXPECT_EQ(header(response, "x-amzn-errortype"), "ResourceNotFoundException");
  EXPECT_EQ(body_of(response), R"({"message":"no \"table\""})");
  response = encode_error(Protocol::json_1_0, find_service("sqs"), error, kRequestId);
  EXPECT_EQ(header(response, "x-amzn-query-error"), "ResourceNotFoundException;Sender");
}

// Decodes a request to S3 and answers the error's code, empty when there was none.
std::string s3_code(std::string method, std::string target, std::string_view body, http::Headers headers = {}) {
  http::RequestHead head;
  head.method = std::move(method);
  head.target = std::move(target);
  head.headers = std::move(headers);
  auto resolved = resolve_operation(s3::service(), head, head.path(), "");
  EXPECT_TRUE(resolved.has_value());
  std::shared_ptr<void> input = resolved->operation->input->make();
  auto decoded = decode_request(*resolved, s3::service(), head, body, input.get());
  return decoded.has_value() ? "" : to_api_error(decoded.error(), Protocol::rest_xml, s3::service()).code;
}

TEST(Codec, S3DecodeErrors) {
  EXPECT_EQ(s3_code("POST", "/b?delete", "<Delete><Object><Key>k</Key></Object></Delete>"), "");
  EXPECT_EQ(s3_code("POST", "/b?delete", "<Delete><Object>"), "MalformedXML");
  EXPECT_EQ(s3_code("POST", "/b?delete", "<Delete><Object/></Delete>"), "MalformedXML");
  EXPECT_EQ(s3_code("GET", "/b?max-keys=x", ""), "InvalidArgument");
  EXPECT_EQ(s3_code("PUT", "/b/k?uploadId=u", ""), "InvalidArgument");
  http::Headers headers;
  headers.add("x-amz-storage-class", "CARDBOARD");
  EXPECT_EQ(s3_code("PUT", "/b/k", "", headers), "InvalidStorageClass");
}

// What stands outside of the document is no matter of XML, however deep its path.
TEST(Codec, S3ErrorsOfBindings) {
  EXPECT_EQ(s3_code("GET", "/b?prefix=%zz", ""), "InvalidURI");
  EXPECT_EQ(s3_code("GET", "/b?prefix=%ff", ""), "InvalidArgument");
  http::Headers headers;
  headers.add("x-amz-optional-object-attributes", "Everything");
  EXPECT_EQ(s3_code("GET", "/b?list-type=2", "", headers), "InvalidArgument");
  EXPECT_EQ(s3_code("POST", "/b?delete", ""), "MalformedXML");
  EXPECT_EQ(s3_code("PUT", "/b?policy", ""), "MalformedPolicy");
}

// "bucket%2Fkey" is for the operation to decode: the model's pattern of a copy's source would refuse it.
TEST(Codec, S3CopySourceIsNotHeldAgainstItsPattern) {
  http::Headers headers;
  headers.add("x-amz-copy-source", "bucket%2Fkey");
  EXPECT_EQ(s3_code("PUT", "/b/k", "", headers), "");
}

TEST(Codec, HeadersMayBeLatin1) {
  http::RequestHead head;
  head.method = "PUT";
  head.target = "/b/k";
  head.headers.add("x-amz-meta-a", "gr\xFC");
  auto resolved = resolve_operation(s3::service(), head, head.path(), "");
  ASSERT_TRUE(resolved.has_value());
  s3::PutObjectInput input;
  ASSERT_TRUE(decode_request(*resolved, s3::service(), head, "", &input).has_value());
  EXPECT_EQ(input.metadata->at("a"), "gr\xFC");
}

TEST(Codec, ConditionsWithoutAReadableDateAreAbsent) {
  auto decode = [](std::string_view date) {
    http::RequestHead head;
    head.method = "GET";
    head.target = "/b/k";
    head.headers.add("If-Modified-Since", std::string(date));
    auto resolved = resolve_operation(s3::service(), head, head.path(), "");
    EXPECT_TRUE(resolved.has_value());
    s3::GetObjectInput input;
    EXPECT_TRUE(decode_request(*resolved, s3::service(), head, "", &input).has_value());
    return input.if_modified_since;
  };
  const Timestamp time{std::chrono::seconds(784'111'777)};
  EXPECT_EQ(decode("Sun, 06 Nov 1994 08:49:37 GMT"), time);
  EXPECT_EQ(decode("Sunday, 06-Nov-94 08:49:37 GMT"), time);
  EXPECT_EQ(decode("Sun Nov  6 08:49:37 1994"), time);
  EXPECT_EQ(decode("yesterday"), std::nullopt);
  EXPECT_EQ(decode(""), std::nullopt);
  http::Headers headers;
  headers.add("x-amz-copy-source", "a/b");
  headers.add("x-amz-copy-source-if-unmodified-since", "soon");
  EXPECT_EQ(s3_code("PUT", "/b/k", "", headers), "");
  // Left out, this one would delete what the caller meant to keep.
  http::Headers match;
  match.add("x-amz-if-match-last-modified-time", "soon");
  EXPECT_EQ(s3_code("DELETE", "/b/k", "", match), "InvalidArgument");
}

TEST(Codec, S3UserMetadataIsLowerCase) {
  http::RequestHead head;
  head.method = "PUT";
  head.target = "/b/a%20key";
  head.headers.add("X-Amz-Meta-Color", "Blue");
  head.headers.add("Content-Length", "0");
  auto resolved = resolve_operation(s3::service(), head, head.path(), "");
  ASSERT_TRUE(resolved.has_value());
  s3::PutObjectInput input;
  ASSERT_TRUE(decode_request(*resolved, s3::service(), head, "", &input).has_value());
  EXPECT_EQ(input.bucket, "b");
  EXPECT_EQ(input.key, "a key");
  EXPECT_EQ(input.content_length, 0);
  ASSERT_EQ(input.metadata->size(), 1U);
  EXPECT_EQ(input.metadata->at("color"), "Blue");
}

TEST(Codec, ErrorCodesByProtocol) {
  DecodeError malformed{DecodeErrorCode::malformed, "", "bad", Location::body};
  DecodeError missing{DecodeErrorCode::missing, "Filters[0].Name", "null", Location::body};
  EXPECT_EQ(to_api_error(malformed, Protocol::json_1_1, find_service("emr")).code, "SerializationException");
  EXPECT_EQ(to_api_error(missing, Protocol::json_1_1, find_service("emr")).code, "ValidationException");
  EXPECT_EQ(to_api_error(malformed, Protocol::query, find_service("iam")).code, "MalformedQueryString");
  EXPECT_EQ(to_api_error(missing, Protocol::query, find_service("iam")).code, "ValidationError");
  EXPECT_EQ(to_api_error(missing, Protocol::ec2, find_service("ec2")).message,
            "The request must contain the parameter Name");
}

}  // namespace
}  // namespace aerolith::protocol
