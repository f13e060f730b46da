// Every input vector: its serialized request decodes to its parameters.
#include <gtest/gtest.h>

#ifndef AEROLITH_VECTORS
TEST(Vectors, Decode) { GTEST_SKIP() << "the protocol vectors of ../shared are not here"; }
#else

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>

#include "base/encoding.h"
#include "protocol/codec.h"
#include "protocol/struct_json.h"
#include "vectors/suites.h"

namespace aerolith::protocol {
namespace {

namespace json = boost::json;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The [decode] section: "suite/id" -> reason.
std::map<std::string, std::string> not_applicable() {
  std::map<std::string, std::string> result;
  std::ifstream file(AEROLITH_NOT_APPLICABLE);
  std::string line, section;
  while (std::getline(file, line)) {
    if (line.starts_with('[')) section = line.substr(1, line.find(']') - 1);
    size_t equals = line.find("\" = \"");
    if (section == "decode" && line.starts_with('"') && equals != std::string::npos) {
      result[line.substr(1, equals - 1)] = line.substr(equals + 5);
    }
  }
  return result;
}

// Parameters as struct_json writes them: blobs in base64, integral times and numbers alike, absent for null.
json::value canonical(const Member& member, const json::value& value);

json::object canonical_structure(const Shape& shape, const json::object& value) {
  json::object result;
  for (const auto& [key, item] : value) {
    if (item.is_null()) continue;
    const Member* found = nullptr;
    for (const Member& member : shape.members) found = member.name == key ? &member : found;
    result[key] = found == nullptr ? json::value("no such member") : canonical(*found, item);
  }
  return result;
}

json::value canonical(const Member& member, const json::value& value) {
  if (value.is_null()) return nullptr;
  // The vectors give the JSON text, struct_json the value.
  if (member.json_value) return json::parse(value.as_string());
  switch (member.shape->kind) {
    case Kind::structure:
      return canonical_structure(*member.shape, value.as_object());
    case Kind::list: {
      json::array result;
      for (const json::value& item : value.as_array()) result.push_back(canonical(*member.shape->element, item));
      return result;
    }
    case Kind::map: {
      json::object result;
      for (const auto& [key, item] : value.as_object()) result[key] = canonical(*member.shape->element, item);
      return result;
    }
    case Kind::blob:
      return json::value(base64_encode(value.as_string()));
    default:
      return value;
  }
}

// Equal, where 1 and 1.0 are the same and floats have the precision of float32 on the wire.
bool equal(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number()) {
    double x = a.to_number<double>(), y = b.to_number<double>();
    return x == y || std::abs(x - y) <= 1e-6 * std::abs(x);
  }
  if (a.is_object() && b.is_object()) {
    if (a.get_object().size() != b.get_object().size()) return false;
    for (const auto& [key, value] : a.get_object()) {
      const json::value* other = b.get_object().if_contains(key);
      if (other == nullptr || !equal(value, *other)) return false;
    }
    return true;
  }
  if (a.is_array() && b.is_array()) {
    if (a.get_array().size() != b.get_array().size()) return false;
    for (size_t i = 0; i < a.get_array().size(); ++i) {
      if (!equal(a.get_array()[i], b.get_array()[i])) return false;
    }
    return true;
  }
  return a == b;
}

http::RequestHead request_head(const json::object& serialized) {
  http::RequestHead head;
  head.method = serialized.contains("method") ? std::string(serialized.at("method").as_string()) : "POST";
  head.target = serialized.at("uri").as_string();
  if (const json::value* headers = serialized.if_contains("headers")) {
    for (const auto& [name, value] : headers->as_object()) head.headers.add(name, std::string(value.as_string()));
  }
  return head;
}

// Empty where the case passes, else what went wrong.
std::string run_case(const Service& service, const std::string& file, const json::object& test) {
  const json::object& serialized = test.at("serialized").as_object();
  http::RequestHead head = request_head(serialized);
  std::string body = serialized.contains("body") ? std::string(serialized.at("body").as_string()) : "";
  if (file.find("cbor") != std::string::npos) body = base64_decode(body).value_or("not base64");
  auto resolved = resolve_operation(service, head, head.path(), body);
  if (!resolved.has_value()) return "not resolved: " + resolved.error().detail;
  if (resolved->operation->name != test.at("given").at("name").as_string()) return "resolved to another operation";
  const Shape* shape = resolved->operation->input;
  json::value params = test.contains("params") ? test.at("params") : json::object();
  if (shape == nullptr) return params.as_object().empty() ? "" : "the operation has no input";
  std::shared_ptr<void> input = shape->make();
  auto decoded = decode_request(*resolved, service, head, body, input.get());
  if (!decoded.has_value()) return "not decoded: " + decoded.error().member_path + ": " + decoded.error().detail;
  json::value actual = json::parse(struct_to_json(*shape, input.get()));
  json::value expected = canonical_structure(*shape, params.as_object());
  if (equal(actual, expected)) return "";
  return "expected " + json::serialize(expected) + "\n  decoded " + json::serialize(actual);
}

class Vectors : public testing::TestWithParam<std::string> {};

TEST_P(Vectors, Decode) {
  const std::string file = GetParam();
  const auto exceptions = not_applicable();
  std::map<std::string, const Service*, std::less<> > services;
  for (const vectors::Suite& suite : vectors::suites()) services.emplace(suite.name, suite.service);
  json::value document = json::parse(read_file(std::string(AEROLITH_VECTORS) + "/input/" + file + ".json"));
  size_t index = 0, cases = 0;
  for (const json::value& entry : document.as_array()) {
    const Service& service = *services.at("input/" + file + "/" + std::to_string(index++));
    for (const json::value& test : entry.at("cases").as_array()) {
      ++cases;
      std::string id = file + "/" + std::string(test.at("id").as_string());
      std::string failure = run_case(service, file, test.as_object());
      if (exceptions.contains(id)) {
        EXPECT_NE(failure, "") << id << " passes: take it out of not_applicable.toml";
      } else {
        EXPECT_EQ(failure, "") << id;
      }
    }
  }
  EXPECT_GT(cases, 0U);
}

INSTANTIATE_TEST_SUITE_P(All, Vectors,
                         testing::Values("ec2", "json", "json_1_0", "json_1_0-query-compatible", "query", "rest-json",
                                         "rest-xml", "smithy-rpc-v2-cbor", "smithy-rpc-v2-cbor-query-compatible",
                                         "smithy-rpc-v2-cbor-non-query-compatible"),
                         [](const auto& parameter) {
                           std::string name = parameter.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace aerolith::protocol

#endif
