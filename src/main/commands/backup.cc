#include "main/backup.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "auth/sign.h"
#include "base/encoding.h"
#include "http/client.h"
#include "main/commands.h"
#include "main/run_state.h"

namespace aerolith::main_program {
namespace {

// What the server says went wrong, for a person.
std::string message_of(const http::ClientResponse& answer) {
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(answer.body, error);
  const boost::json::object* object = error ? nullptr : document.if_object();
  const boost::json::value* message = object != nullptr ? object->if_contains("message") : nullptr;
  if (message != nullptr && message->is_string()) return std::string(message->get_string());
  return fmt::format("the server says {}: {}", answer.status, answer.body);
}

// The server has the store open, so it makes the copy; asked for in the root's name.
int ask_server(const RunState& state, const Installation& installation, const std::filesystem::path& to) {
  if (state.addresses.empty()) return report_problem("the server doesn't say where it listens; see `aerolith logs`");
  const std::string address = local_address(state.addresses.front());
  http::RequestHead head;
  head.method = "POST";
  head.target = "/_aerolith/backup?to=" + percent_encode(to.string());
  head.headers.add("Host", address);
  auth::SigningInput signing;
  signing.access_key_id = installation.root_access_key_id;
  signing.secret = installation.root_secret_access_key;
  signing.region = state.region;
  signing.service = "aerolith";
  signing.time = SystemClock().now();
  auth::sign_request(head, signing);
  http::ClientLimits limits;
  limits.total_deadline = std::chrono::hours(24);
  const auto answer =
      http::fetch(address, {.method = head.method, .target = head.target, .headers = head.headers}, limits);
  if (!answer.has_value()) return report_problem(fmt::format("the server doesn't answer: {}", answer.error().detail));
  if (answer->status != 200) return report_problem(message_of(*answer));
  return kSuccess;
}

int print_made(const Invocation& invocation, const std::filesystem::path& to) {
  if (invocation.output == Output::json) {
    fmt::print("{}\n", boost::json::serialize(boost::json::object{{"directory", to.string()}}));
  } else {
    fmt::print("Backup made in {}. It holds the secret keys: keep it safe.\n", to.string());
  }
  return kSuccess;
}

}  // namespace

int run_backup(const Invocation& invocation, const std::filesystem::path& to) {
  const auto installation = open_installation(invocation.folder().root);
  if (!installation.has_value()) return report_problem(installation.error().detail);
  const std::filesystem::path target = std::filesystem::absolute(to).lexically_normal();
  const auto state = find_running(invocation.folder());
  if (state) {
    if (!state->ready) return report_problem("the server is starting; try again when it is ready");
    const int code = ask_server(*state, *installation, target);
    return code == kSuccess ? print_made(invocation, target) : code;
  }
  const auto made = make_offline_backup(invocation.folder(), target);
  if (!made.has_value()) return report_problem(made.error().detail);
  return print_made(invocation, target);
}

int run_restore(const Invocation& invocation, const std::filesystem::path& from) {
  if (const auto state = find_running(invocation.folder())) {
    return report_problem(fmt::format("a server runs on {} (pid {}); restore into an empty data folder",
                                      invocation.folder().root.string(), state->pid));
  }
  const auto report = restore_backup(std::filesystem::absolute(from).lexically_normal(), invocation.folder());
  if (!report.has_value()) return report_problem(report.error().detail);
  if (invocation.output == Output::json) {
    fmt::print("{}\n", boost::json::serialize(boost::json::object{{"data_folder", invocation.folder().root.string()},
                                                                  {"files", report->files},
                                                                  {"bytes", report->bytes}}));
  } else {
    fmt::print("Restored into {} and checked ({} files, {} bytes). Start it with: aerolith up\n",
               invocation.folder().root.string(), report->files, report->bytes);
  }
  return kSuccess;
}

}  // namespace aerolith::main_program
