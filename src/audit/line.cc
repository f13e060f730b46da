#include "audit/line.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.h"
#include "base/json_string.h"

namespace aerolith::audit {
namespace {

// Nobody's request may fill the log with one line.
constexpr size_t kLongestPath = 2048;
constexpr size_t kLongestAgent = 512;
constexpr size_t kLongestKeyId = 32;

constexpr std::array<std::pair<Outcome, std::string_view>, 4> kOutcomes = {
    std::pair(Outcome::none, "none"), std::pair(Outcome::allowed, "allowed"), std::pair(Outcome::denied, "denied"),
    std::pair(Outcome::would_deny, "would_deny")};

void append_text(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json_string(out, value);
}

void append_text_if(std::string& out, std::string_view name, std::string_view value) {
  if (!value.empty()) append_text(out, name, value);
}

void append_number(std::string& out, std::string_view name, uint64_t value) {
  out += ",\"";
  out += name;
  out += "\":";
  out += fmt::format_int(value).c_str();
}

// Somebody may have given his secret in the place of the id.
bool looks_like_key_id(std::string_view text) {
  return text.size() <= kLongestKeyId && std::ranges::all_of(text, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
         });
}

void append_caller(std::string& out, const auth::AccessKey& key) {
  const auth::Principal& principal = key.principal;
  append_text(out, "account", principal.account.view());
  append_text(out, "principal", principal.arn);
  append_text(out, "principal_id", principal.user_id);
  if (principal.entity_arn != principal.arn) append_text_if(out, "entity", principal.entity_arn);
  append_text(out, "access_key_id", key.id.view());
  if (!key.session) return;
  const auth::Session& session = *key.session;
  out += R"(,"session":{"issued":")";
  out += format_iso8601(session.issued_at);
  out += R"(","expires":")";
  out += format_iso8601(session.expires_at);
  out += '"';
  if (session.mfa_at) append_text(out, "mfa", format_iso8601(*session.mfa_at));
  append_text_if(out, "source_identity", session.source_identity);
  append_text_if(out, "provider", session.federated_provider);
  out += '}';
}

void append_ask(std::string& out, const Ask& ask) {
  out += R"({"action":)";
  append_json_string(out, ask.action);
  append_text(out, "resource", ask.resource);
  append_text(out, "outcome", outcome_name(ask.outcome));
  if (ask.is_probe) out += R"(,"probe":true)";
  if (ask.reason) {
    out += R"(,"reason":{"policy_kind":)";
    append_json_string(out, ask.reason->policy_kind);
    if (ask.reason->is_explicit) {
      out += R"(,"explicit":true)";
      append_text(out, "policy", ask.reason->policy);
      append_text_if(out, "sid", ask.reason->sid);
      append_number(out, "statement", ask.reason->statement);
    }
    out += '}';
  }
  out += '}';
}

}  // namespace

std::string_view outcome_name(Outcome outcome) {
  for (const auto& [known, name] : kOutcomes) {
    if (known == outcome) return name;
  }
  return "none";
}

std::optional<Outcome> parse_outcome(std::string_view name) {
  for (const auto& [outcome, known] : kOutcomes) {
    if (known == name) return outcome;
  }
  return std::nullopt;
}

void append_head(std::string& out, const FileHead& head) {
  out += fmt::format(R"({{"file":"aerolith audit","format":{},"number":{},"started":"{}"}})", head.format, head.number,
                     format_iso8601_millis(head.started));
  out += '\n';
}

void append_event(std::string& out, const Event& event) {
  out += R"({"time":")";
  out += format_iso8601_millis(event.time);
  out += '"';
  append_text(out, "request_id", event.request_id);
  append_text_if(out, "service", event.service);
  append_text_if(out, "operation", event.operation);
  append_text(out, "outcome", outcome_name(event.outcome));
  append_number(out, "status", static_cast<uint64_t>(std::max(event.status, 0)));
  append_text_if(out, "error", event.error_code);
  if (event.key) append_caller(out, *event.key);
  if (!event.key && !event.claimed_key_id.empty()) {
    append_text(out, "claimed_access_key_id",
                looks_like_key_id(event.claimed_key_id) ? std::string_view(event.claimed_key_id) : "(not an id)");
  }
  append_text(out, "peer", event.peer);
  out += event.is_tls ? R"(,"tls":true)" : R"(,"tls":false)";
  append_text_if(out, "user_agent", std::string_view(event.user_agent).substr(0, kLongestAgent));
  append_text_if(out, "method", event.method);
  // Without the query, where signatures, tokens, and other services' parameters stand.
  const std::string_view target = event.target;
  append_text_if(out, "path", target.substr(0, std::min(target.find('?'), kLongestPath)));
  if (!event.asks.empty()) {
    out += R"(,"asks":[)";
    for (const Ask& ask : event.asks) {
      if (&ask != event.asks.data()) out += ',';
      append_ask(out, ask);
    }
    out += ']';
  }
  if (event.asks_left_out > 0) append_number(out, "asks_left_out", event.asks_left_out);
  append_number(out, "duration_us", static_cast<uint64_t>(std::max<int64_t>(event.duration.count(), 0)));
  out += "}\n";
}

void append_gap(std::string& out, Timestamp now, uint64_t lost) {
  out += fmt::format(R"({{"time":"{}","lost_events":{}}})", format_iso8601_millis(now), lost);
  out += '\n';
}

void append_end(std::string& out, uint64_t events, uint64_t checksum) {
  out += fmt::format(R"({{"end":true,"events":{},"crc64nvme":"{:016x}"}})", events, checksum);
  out += '\n';
}

}  // namespace aerolith::audit
