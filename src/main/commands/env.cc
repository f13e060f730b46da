#include <fmt/format.h>

#include <boost/json.hpp>

#include "main/commands.h"
#include "main/run_state.h"

namespace aerolith::main_program {
namespace {

using Variables = std::vector<std::pair<std::string, std::string>>;

// In single quotes nothing is special but the quote itself (and, for fish, the backslash).
std::string shell_quote(std::string_view text, Shell shell) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += shell == Shell::fish ? "\\'" : "'\\''";
    } else if (c == '\\' && shell == Shell::fish) {
      quoted += "\\\\";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

}  // namespace

int run_env(const Invocation& invocation, Shell shell) {
  const auto installation = open_installation(invocation.folder().root);
  if (!installation.has_value()) {
    const bool absent = installation.error().code == InstallationErrorCode::absent;
    return report_problem(installation.error().detail, absent ? kNotRunning : kFailed);
  }
  const auto state = find_running(invocation.folder());
  if (!state) report_problem("not running yet; these variables are for when it is (aerolith up)", kSuccess);
  const bool known = state && state->ready;
  const std::string region = known ? state->region : invocation.config().region;
  Variables variables = {
      {"AWS_ENDPOINT_URL", local_endpoint(known ? state->addresses : invocation.config().listen)},
      {"AWS_ACCESS_KEY_ID", installation->root_access_key_id},
      {"AWS_SECRET_ACCESS_KEY", installation->root_secret_access_key},
      {"AWS_REGION", region},
      {"AWS_DEFAULT_REGION", region},
  };
  if (known ? state->tls : invocation.config().tls) {
    const std::string authority = installation->folder.ca_certificate().string();
    variables.emplace_back("AWS_CA_BUNDLE", authority);
    // Node.js takes one file of further CAs; somebody's own stays. SSL_CERT_FILE and the like are left alone: they
    // would replace every CA that the system trusts.
    const auto other = invocation.sources.environment.find("NODE_EXTRA_CA_CERTS");
    const bool is_free = other == invocation.sources.environment.end() || other->second.empty();
    if (is_free || other->second == authority) variables.emplace_back("NODE_EXTRA_CA_CERTS", authority);
  }
  if (invocation.output == Output::json) {
    boost::json::object object;
    for (const auto& [name, value] : variables) object[name] = value;
    fmt::print("{}\n", boost::json::serialize(object));
    return kSuccess;
  }
  // A profile, or the token of another session, would go before these keys or spoil them.
  for (const char* const other : {"AWS_PROFILE", "AWS_SESSION_TOKEN"}) {
    fmt::print("{} {};\n", shell == Shell::fish ? "set -e" : "unset", other);
  }
  for (const auto& [name, value] : variables) {
    fmt::print("{} {}{}{};\n", shell == Shell::fish ? "set -gx" : "export", name, shell == Shell::fish ? " " : "=",
               shell_quote(value, shell));
  }
  return kSuccess;
}

}  // namespace aerolith::main_program
