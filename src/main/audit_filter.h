// Which events `aerolith audit` and `aerolith iam trace` look at, and how they are told to a person.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "audit/event.h"
#include "base/time.h"

namespace aerolith::main_program {

// Empty texts let everything through.
struct AuditFilter {
  std::string principal;  // part of its ARN, or a pattern with * and ?
  std::string account;    // whole
  std::string action;     // s3:GetObject, s3:Get*; without case, as policies have it
  std::string operation;  // GetObject; a pattern, without case
  std::string service;    // s3
  std::string resource;   // part of its ARN, or a pattern
  std::string request_id;
  bool only_denied = false;  // also what would have been
  std::optional<Timestamp> since;
  std::optional<Timestamp> until;

  bool matches(const audit::Entry& entry) const;
};

// 2026-01-31T12:00:00Z, or a duration before now: 2h.
std::optional<Timestamp> parse_moment(std::string_view text, Timestamp now);

// Without characters that a terminal would obey.
std::string printable(std::string_view text);

// One line, and one more for each action that was denied; with line breaks.
std::string describe_entry(const audit::Entry& entry);
// "no identity-based policy allows it", "denied by statement 0 (Sid "Never") of the identity-based policy reads".
std::string describe_reason(const audit::Reason& reason);

}  // namespace aerolith::main_program
