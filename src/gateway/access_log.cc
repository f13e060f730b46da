#include "gateway/access_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/log.h"
#include "http/query.h"

namespace aerolith::gateway {
namespace {

// Parts of parameters' names, in lower case: X-Amz-Signature, X-Amz-Security-Token, NewPassword, TokenCode, ...
constexpr std::array<std::string_view, 10> kSecrets{
    "signature", "security-token", "sessiontoken", "identitytoken", "tokencode",
    "password",  "secret",         "customer-key", "samlassertion", "authenticationcode"};

bool is_secret(std::string_view encoded_name) {
  // What can't be decoded names nothing.
  const std::string name = to_lower(form_decode(encoded_name).value_or(std::string(encoded_name)));
  return std::ranges::any_of(kSecrets, [&](std::string_view part) { return name.find(part) != std::string::npos; });
}

}  // namespace

std::string redact_target(std::string_view target) {
  const size_t mark = target.find('?');
  if (mark == std::string_view::npos) return std::string(target);
  std::string out(target.substr(0, mark));
  out.reserve(target.size());
  std::string_view query = target.substr(mark + 1);
  char separator = '?';
  while (const auto parameter = http::next_parameter(query)) {
    out.push_back(separator);
    separator = '&';
    out += parameter->name;
    if (!parameter->value) continue;
    out.push_back('=');
    out += is_secret(parameter->name) ? "-" : *parameter->value;
  }
  return out;
}

void write_access_line(const audit::Event& event, std::chrono::nanoseconds duration, uint64_t body_bytes_sent,
                       bool complete) {
  const std::string status = fmt::format_int(event.status).str();
  const std::string bytes = fmt::format_int(body_bytes_sent).str();
  const std::string micros =
      fmt::format_int(std::chrono::duration_cast<std::chrono::microseconds>(duration).count()).str();
  log_info("request", {{"id", event.request_id},
                       {"peer", event.peer},
                       {"method", event.method},
                       {"target", event.target},
                       {"service", event.service},
                       {"operation", event.operation},
                       {"principal", event.key ? std::string_view(event.key->principal.arn) : std::string_view()},
                       {"status", status},
                       {"error", event.error_code},
                       {"sent_bytes", bytes},
                       {"duration_us", micros},
                       {"complete", complete ? "yes" : "no"}});
}

}  // namespace aerolith::gateway
