#include <fmt/format.h>

#include <boost/json.hpp>

#include "main/commands.h"
#include "main/system_trust.h"

namespace aerolith::main_program {
namespace {

std::string_view name_of(TrustState state) {
  switch (state) {
    case TrustState::absent:
      return "absent";
    case TrustState::stale:
      return "stale";
    case TrustState::trusted:
      return "trusted";
  }
  return "";
}

std::string_view word_of(TrustAction action) { return action == TrustAction::install ? "install" : "remove"; }

std::string describe(TrustState state) {
  switch (state) {
    case TrustState::absent:
      return "This system doesn't trust the local CA. `aerolith trust install`, as root, makes it so.";
    case TrustState::stale:
      return "This system trusts another certificate of the local CA than the one in use. `aerolith trust install`, as "
             "root, mends it.";
    case TrustState::trusted:
      return "This system trusts the local CA.";
  }
  return "";
}

void print_state(const Invocation& invocation, const SystemTrust& trust, bool is_changed, const std::string& text) {
  if (invocation.output == Output::text) {
    fmt::print("{}\n", text);
    return;
  }
  const boost::json::object object{{"state", name_of(trust.state())},
                                   {"changed", is_changed},
                                   {"ca", invocation.folder().ca_certificate().string()},
                                   {"file", trust.file().string()}};
  fmt::print("{}\n", boost::json::serialize(object));
}

int report(const Invocation& invocation, TrustAction action, const TrustError& error) {
  if (error.code != TrustErrorCode::not_root) return report_problem(error.detail);
  // Root's own data folder is another one.
  return report_problem(fmt::format("{}; run: sudo aerolith trust {} --data-folder '{}'", error.detail, word_of(action),
                                    invocation.folder().root.string()));
}

}  // namespace

int run_trust(const Invocation& invocation, TrustAction action) {
  const auto trust = SystemTrust::open(invocation.folder().ca_certificate());
  if (!trust.has_value()) return report(invocation, action, trust.error());
  if (action == TrustAction::status) {
    print_state(invocation, *trust, false, describe(trust->state()));
    return kSuccess;
  }
  const bool is_install = action == TrustAction::install;
  const auto done = is_install ? trust->install() : trust->remove();
  if (!done.has_value()) return report(invocation, action, done.error());
  const std::string_view said =
      is_install ? (*done ? "This system now trusts the local CA" : "This system trusts the local CA already")
                 : (*done ? "This system no longer trusts the local CA" : "This system didn't trust the local CA");
  print_state(invocation, *trust, *done, fmt::format("{} ({}).", said, trust->file().string()));
  return kSuccess;
}

}  // namespace aerolith::main_program
