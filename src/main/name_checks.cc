#include "main/name_checks.h"

#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "main/listen_address.h"
#include "main/run_state.h"
#include "main/system_trust.h"

namespace aerolith::main_program {
namespace {

void check_dns_address(const std::string& address, bool is_running, std::vector<Check>& checks) {
  const std::string name = "dns " + address;
  const auto wanted = resolve_listen_address(address);
  int error = wanted ? 0 : EADDRNOTAVAIL;
  for (const int kind : {SOCK_DGRAM, SOCK_STREAM}) {
    if (error == 0) error = try_bind(*wanted, kind);
  }
  if (error == 0) {
    checks.push_back({name, CheckState::good, "free", ""});
  } else if (error == EADDRINUSE && is_running) {
    checks.push_back({name, CheckState::good, "in use, as it should be while the server runs", ""});
  } else {
    const std::string elsewhere = "aerolith up --dns-listen <another address>:<port>";
    const std::string remedy =
        error == EACCES ? "run as root, or: setcap cap_net_bind_service+ep <the aerolith binary>" : elsewhere;
    checks.push_back({name, CheckState::failed, std::strerror(error), remedy});
  }
}

}  // namespace

void check_local_names(std::vector<Check>& checks) {
  addrinfo* found = nullptr;
  if (getaddrinfo("bucket.s3.localhost", nullptr, nullptr, &found) == 0) {
    freeaddrinfo(found);
    checks.push_back({"names", CheckState::good, "*.s3.localhost resolves: virtual-hosted buckets work by name", ""});
    return;
  }
  checks.push_back({"names", CheckState::warning,
                    "*.s3.localhost doesn't resolve: buckets are reached by path (the profile does so)",
                    "apt-get install libnss-myhostname"});
}

void check_dns(const Invocation& invocation, std::vector<Check>& checks) {
  const Config& config = invocation.config();
  if (!config.dns.enabled) return;
  const bool is_running = find_running(invocation.folder()).has_value();
  for (const std::string& address : config.dns.listen) check_dns_address(address, is_running, checks);
  const bool has_https_port =
      std::ranges::any_of(config.listen, [](const std::string& address) { return address.ends_with(":443"); });
  if (has_https_port && config.tls) return;
  checks.push_back({"hard-wired endpoints", CheckState::warning,
                    "clients that find this server by AWS's own names ask for https on port 443",
                    "aerolith up --tls=true --listen 127.0.0.1:4566 --listen 127.0.0.1:443"});
}

void check_trust(const Invocation& invocation, std::vector<Check>& checks) {
  const auto trust = SystemTrust::open(invocation.folder().ca_certificate());
  if (!trust.has_value()) return;
  switch (trust->state()) {
    case TrustState::absent:
      checks.push_back({"trust", CheckState::good,
                        "this system doesn't trust the local CA; clients with AWS_CA_BUNDLE or the profile do", ""});
      return;
    case TrustState::stale:
      checks.push_back({"trust", CheckState::warning, "this system trusts another certificate of the local CA",
                        "aerolith trust install (as root)"});
      return;
    case TrustState::trusted:
      checks.push_back({"trust", CheckState::good, "this system trusts the local CA", ""});
      return;
  }
}

}  // namespace aerolith::main_program
