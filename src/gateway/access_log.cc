#include "gateway/access_log.h"

#include <fmt/format.h>

#include <array>

#include "base/log.h"

namespace aerolith::gateway {

std::string redact_target(std::string_view target) {
  std::string out(target);
  constexpr std::array<std::string_view, 3> kSecrets{"Signature=", "X-Amz-Security-Token=", "x-amz-security-token="};
  for (const std::string_view secret : kSecrets) {
    for (size_t at = out.find(secret); at != std::string::npos; at = out.find(secret, at)) {
      at += secret.size();
      out.replace(at, std::min(out.find('&', at), out.size()) - at, "-");
    }
  }
  return out;
}

void write_access_line(const AccessRecord& record, uint64_t body_bytes_sent, bool complete) {
  const auto duration = std::chrono::steady_clock::now() - record.started;
  const std::string status = fmt::format_int(record.status).str();
  const std::string bytes = fmt::format_int(body_bytes_sent).str();
  const std::string micros =
      fmt::format_int(std::chrono::duration_cast<std::chrono::microseconds>(duration).count()).str();
  log_info("request", {{"id", record.request_id.view()},
                       {"peer", record.peer},
                       {"method", record.method},
                       {"target", record.target},
                       {"service", record.service},
                       {"operation", record.operation},
                       {"principal", record.principal},
                       {"status", status},
                       {"error", record.error_code},
                       {"sent_bytes", bytes},
                       {"duration_us", micros},
                       {"complete", complete ? "yes" : "no"}});
}

}  // namespace aerolith::gateway
