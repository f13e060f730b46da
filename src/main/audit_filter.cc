#include "main/audit_filter.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "main/quantity.h"

namespace aerolith::main_program {
namespace {

// Patterns of * and ?; both texts in the same case. Goes back to the last * only, so it takes no exponential time.
bool matches_pattern(std::string_view pattern, std::string_view text) {
  size_t p = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;
  size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*') {
      ++p;
      ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool is_name(std::string_view wanted, std::string_view text) {
  return wanted.empty() || matches_pattern(to_lower(wanted), to_lower(text));
}

bool is_arn(std::string_view wanted, std::string_view arn) {
  if (wanted.find_first_of("*?") != std::string_view::npos) return matches_pattern(wanted, arn);
  return arn.find(wanted) != std::string_view::npos;
}

bool is_denial(audit::Outcome outcome) {
  return outcome == audit::Outcome::denied || outcome == audit::Outcome::would_deny;
}

std::string_view verb_of(audit::Outcome outcome) {
  return outcome == audit::Outcome::would_deny ? "would be denied" : "denied";
}

}  // namespace

bool AuditFilter::matches(const audit::Entry& entry) const {
  if (since && entry.time < *since) return false;
  if (until && entry.time > *until) return false;
  if (!request_id.empty() && entry.request_id != request_id) return false;
  if (!account.empty() && entry.account != account) return false;
  if (only_denied && !is_denial(entry.outcome)) return false;
  if (!is_name(service, entry.service) || !is_name(operation, entry.operation)) return false;
  if (!principal.empty() && !is_arn(principal, entry.principal) && !is_arn(principal, entry.entity)) return false;
  if (action.empty() && resource.empty()) return true;
  // One ask must have both.
  return std::ranges::any_of(entry.asks, [&](const audit::Ask& ask) {
    return is_name(action, ask.action) && (resource.empty() || is_arn(resource, ask.resource));
  });
}

std::optional<Timestamp> parse_moment(std::string_view text, Timestamp now) {
  if (const auto time = parse_iso8601(text)) return time;
  if (const auto ago = parse_duration(text)) return now - *ago;
  return std::nullopt;
}

std::string printable(std::string_view text) {
  const bool is_utf8 = is_valid_utf8(text);
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = byte >= 0x20 && byte != 0x7F && (byte < 0x80 || is_utf8);
    if (is_plain) {
      out += c;
    } else {
      out += fmt::format("\\x{:02x}", byte);
    }
  }
  // The control characters past ASCII, U+0080 to U+009F: terminals obey some of them.
  for (size_t at = out.find('\xC2'); is_utf8 && at != std::string::npos; at = out.find('\xC2', at + 1)) {
    if (at + 1 < out.size() && static_cast<unsigned char>(out[at + 1]) < 0xA0) out.replace(at, 2, "?");
  }
  return out;
}

std::string describe_reason(const audit::Reason& reason) {
  if (!reason.is_explicit) return fmt::format("no {} allows it", printable(reason.policy_kind));
  const std::string sid = reason.sid.empty() ? "" : fmt::format(" (Sid \"{}\")", printable(reason.sid));
  return fmt::format("denied by statement {}{} of the {} {}", reason.statement, sid, printable(reason.policy_kind),
                     printable(reason.policy));
}

std::string describe_entry(const audit::Entry& entry) {
  const std::string who = !entry.principal.empty()        ? entry.principal
                          : !entry.claimed_key_id.empty() ? "(refused: " + entry.claimed_key_id + ")"
                                                          : "(nobody)";
  std::string call = entry.service.empty() ? "-" : entry.service;
  if (!entry.operation.empty()) call += "." + entry.operation;
  std::string text = fmt::format("{} {} {:<7} {} {} from {}{} {}{}\n", format_iso8601_millis(entry.time), entry.status,
                                 audit::outcome_name(entry.outcome), printable(call), printable(who),
                                 printable(entry.peer), entry.is_tls ? " (TLS)" : "", printable(entry.request_id),
                                 entry.error_code.empty() ? "" : " " + printable(entry.error_code));
  for (const audit::Ask& ask : entry.asks) {
    if (!is_denial(ask.outcome)) continue;
    text += fmt::format("    {}: {} on {}{}\n", verb_of(ask.outcome), printable(ask.action), printable(ask.resource),
                        ask.reason ? ": " + describe_reason(*ask.reason) : "");
  }
  return text;
}

}  // namespace aerolith::main_program
