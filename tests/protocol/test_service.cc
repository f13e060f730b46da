// Serves the models of the protocol vectors over HTTP, so that a real client can be held against the codecs.
//
// A request names its vector's model in the header x-test-suite ("input/rest-json/5"). It is resolved and decoded;
// GET /_last then answers {"operation", "input"} or {"error"}. What the next requests are answered with is PUT to
// /_next: {"output": {...}} or {"error": {"shape", "code", "message", "members"}}; {} is a default output.
// Prints its address, and ends when its standard input does.
#include <boost/json.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "http/gunzip.h"
#include "http/server.h"
#include "protocol/codec.h"
#include "protocol/struct_json.h"
#include "vectors/suites.h"

namespace aerolith::protocol {
namespace {

namespace json = boost::json;

constexpr size_t kBodyLimitBytes = 16 << 20;

http::Response plain(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

class TestService final : public http::RequestHandler {
 public:
  TestService() {
    for (const vectors::Suite& suite : vectors::suites()) services_.emplace(suite.name, suite.service);
  }

  http::Response handle(http::Request& request) override {
    auto body = http::read_all_decompressed(request.head.headers, *request.body, kBodyLimitBytes);
    if (!body.has_value()) return plain(400, "no body");
    std::lock_guard lock(mutex_);
    if (request.head.path() == "/_last") return plain(200, last_);
    if (request.head.path() == "/_next") {
      next_ = json::parse(*body);
      return plain(200, "");
    }
    auto suite = services_.find(request.head.headers.find("x-test-suite").value_or(""));
    if (suite == services_.end()) return plain(400, "no such suite");
    return call(*suite->second, request.head, *body);
  }
  http::Response overloaded(const http::RequestHead&) override { return plain(503, "overloaded"); }
  http::Response bad_request(int status, std::string_view reason, std::string_view) override {
    return plain(status, std::string(reason));
  }

 private:
  http::Response call(const Service& service, const http::RequestHead& head, std::string_view body) {
    auto resolved = resolve_operation(service, head, head.path(), body);
    if (!resolved.has_value()) return failed("not resolved: " + resolved.error().detail);
    const Operation& operation = *resolved->operation;
    std::string input_json = "{}";
    if (operation.input != nullptr) {
      std::shared_ptr<void> input = operation.input->make();
      auto decoded = decode_request(*resolved, service, head, body, input.get());
      if (!decoded.has_value()) return failed(decoded.error().member_path + ": " + decoded.error().detail);
      input_json = struct_to_json(*operation.input, input.get());
    }
    last_ = "{\"operation\":\"" + std::string(operation.name) + "\",\"input\":" + input_json + "}";
    return answer(resolved->protocol, service, operation);
  }

  http::Response failed(std::string detail) {
    last_ = json::serialize(json::object{{"error", detail}});
    return plain(418, std::move(detail));
  }

  http::Response answer(Protocol protocol, const Service& service, const Operation& operation) {
    const json::object& next = next_.as_object();
    if (const json::value* error = next.if_contains("error")) {
      return encode_error(protocol, service, make_error(operation, error->as_object()), request_id_);
    }
    if (operation.output == nullptr) return encode_response(protocol, service, operation, nullptr, request_id_);
    std::shared_ptr<void> output = operation.output->make();
    if (const json::value* value = next.if_contains("output")) {
      auto read = struct_from_json(*operation.output, json::serialize(*value), output.get());
      if (!read.has_value()) return plain(418, read.error().member_path + ": " + read.error().detail);
    }
    return encode_response(protocol, service, operation, output.get(), request_id_);
  }

  static ApiError make_error(const Operation& operation, const json::object& from) {
    ApiError error;
    error.code = from.at("code").as_string();
    error.message = from.at("message").as_string();
    for (const ErrorShape* shape : operation.errors) {
      if (shape->name != from.at("shape").as_string()) continue;
      std::shared_ptr<void> value = shape->shape->make();
      auto read = struct_from_json(*shape->shape, json::serialize(from.at("members")), value.get());
      if (!read.has_value()) error.message = "members: " + read.error().detail;
      error.shape = shape;
      error.http_status = shape->http_status;
      error.value = std::move(value);
    }
    return error;
  }

  std::map<std::string, const Service*, std::less<>> services_;
  const RequestId request_id_{"0123456789ABCDEF"};
  std::mutex mutex_;
  std::string last_ = "{}";
  json::value next_ = json::object();
};

int run() {
  TestService service;
  http::ServerSettings settings;
  settings.listen = {"127.0.0.1:0"};
  settings.handler_threads = 4;
  auto server = http::Server::start(settings, service);
  if (!server.has_value()) {
    std::fprintf(stderr, "%s\n", server.error().detail.c_str());
    return 1;
  }
  std::printf("%s\n", (*server)->addresses().at(0).c_str());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  (*server)->stop();
  return 0;
}

}  // namespace
}  // namespace aerolith::protocol

int main() { return aerolith::protocol::run(); }
