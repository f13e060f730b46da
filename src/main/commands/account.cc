#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/encoding.h"
#include "main/commands.h"
#include "main/server_request.h"

namespace aerolith::main_program {
namespace {

// The server holds the accounts; without one there is nobody to ask.
int ask(const Invocation& invocation, const ServerRequest& request, int (*print)(const boost::json::object&)) {
  const auto server = find_server(invocation);
  if (!server.has_value()) return server.error();
  const auto answer = ask_server(server->state, server->installation, request);
  if (!answer.has_value()) return report_problem(answer.error());
  if (invocation.output == Output::json) {
    fmt::print("{}\n", boost::json::serialize(*answer));
    return kSuccess;
  }
  return print(*answer);
}

int print_created(const boost::json::object& account) {
  fmt::print(
      "Account {} ({}) made. The key of its root, which is not shown again:\n"
      "  aws_access_key_id     = {}\n"
      "  aws_secret_access_key = {}\n",
      text_of(account, "account_id"), text_of(account, "name"), text_of(account, "access_key_id"),
      text_of(account, "secret_access_key"));
  return kSuccess;
}

int print_deleted(const boost::json::object& account) {
  fmt::print("Account {} deleted. The audit log keeps what it did.\n", text_of(account, "account_id"));
  return kSuccess;
}

int print_list(const boost::json::object& answer) {
  const boost::json::value* accounts = answer.if_contains("accounts");
  if (accounts == nullptr || !accounts->is_array()) return report_problem("the server's answer has no accounts");
  for (const boost::json::value& one : accounts->get_array()) {
    if (!one.is_object()) continue;
    const boost::json::object& account = one.get_object();
    const std::string name = text_of(account, "name");
    fmt::print("{}  {}  {}\n", text_of(account, "account_id"), text_of(account, "created"),
               name.empty() ? "(the first one)" : name);
  }
  return kSuccess;
}

}  // namespace

int run_account_create(const Invocation& invocation, const std::string& name) {
  // The server says what is wrong with a name.
  return ask(invocation, {.method = "POST", .target = "/_aerolith/accounts?name=" + percent_encode(name)},
             print_created);
}

int run_account_delete(const Invocation& invocation, const std::string& id) {
  return ask(invocation, {.method = "DELETE", .target = "/_aerolith/accounts?id=" + percent_encode(id)}, print_deleted);
}

int run_account_list(const Invocation& invocation) {
  return ask(invocation, {.target = "/_aerolith/accounts"}, print_list);
}

}  // namespace aerolith::main_program
