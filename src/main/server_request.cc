#include "main/server_request.h"

#include <fmt/format.h>

#include "auth/sign.h"
#include "http/client.h"

namespace aerolith::main_program {

Result<Server, int> find_server(const Invocation& invocation) {
  auto installation = open_installation(invocation.folder().root);
  if (!installation.has_value()) return std::unexpected(report_problem(installation.error().detail));
  auto state = find_running(invocation.folder());
  if (state) return Server{*std::move(installation), *std::move(state)};
  return std::unexpected(report_problem("the server doesn't run; start it with `aerolith up`", kNotRunning));
}

std::string text_of(const boost::json::object& object, const char* name) {
  const boost::json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

Result<boost::json::object, std::string> ask_server(const RunState& state, const Installation& installation,
                                                    const ServerRequest& request) {
  if (!state.ready) return std::unexpected("the server is starting; try again when it is ready");
  if (state.addresses.empty()) {
    return std::unexpected("the server doesn't say where it listens; see `aerolith logs`");
  }
  const std::string address = local_address(state.addresses.front());
  http::RequestHead head;
  head.method = request.method;
  head.target = request.target;
  head.headers.add("Host", address);
  auth::SigningInput signing;
  signing.access_key_id = installation.root_access_key_id;
  signing.secret = installation.root_secret_access_key;
  signing.region = state.region;
  signing.service = "aerolith";
  signing.time = SystemClock().now();
  auth::sign_request(head, signing);
  http::ClientLimits limits;
  limits.total_deadline = request.deadline;
  const auto answer =
      http::fetch(address, {.method = head.method, .target = head.target, .headers = head.headers}, limits);
  if (!answer.has_value()) {
    return std::unexpected(fmt::format("the server doesn't answer: {}", answer.error().detail));
  }
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(answer->body, error);
  const boost::json::object* object = error ? nullptr : document.if_object();
  if (answer->status == 200 && object != nullptr) return *object;
  const boost::json::value* message = object != nullptr ? object->if_contains("message") : nullptr;
  if (message != nullptr && message->is_string()) return std::unexpected(std::string(message->get_string()));
  return std::unexpected(fmt::format("the server says {}: {}", answer->status, answer->body));
}

}  // namespace aerolith::main_program
