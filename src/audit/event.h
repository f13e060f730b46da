// One call as the audit log tells it: who asked for what, from where, and what was answered.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/credentials.h"
#include "base/time.h"

namespace aerolith::audit {

// Of one question to the policies, and of a call as a whole.
enum class Outcome : uint8_t {
  none,        // nobody was asked: the call failed before, or needs no permission
  allowed,     // the policies allow it, whatever the call answered then
  denied,      // refused: by a policy, or for want of a right signature
  would_deny,  // a policy says no, and [security] mode "audit" let it through
};
std::string_view outcome_name(Outcome outcome);
std::optional<Outcome> parse_outcome(std::string_view name);

// Why the policies say no.
struct Reason {
  bool is_explicit = false;  // a statement denies it; else nothing of that kind of policy allows it
  std::string policy_kind;   // "identity-based policy"
  // Of an explicit denial only.
  std::string policy;  // its ARN, or the name of an inline one
  std::string sid;
  size_t statement = 0;  // from 0
  bool operator==(const Reason&) const = default;
};

// One action that the call needed, and on what.
struct Ask {
  std::string action;    // s3:GetObject
  std::string resource;  // its ARN, or "*"
  Outcome outcome = Outcome::none;
  bool is_probe = false;  // decides what is told, not whether the call goes through
  std::optional<Reason> reason;
  bool operator==(const Ask&) const = default;
};

// Made once a call, on its handler's thread; nothing is formatted there.
struct Event {
  Timestamp time;  // when the call came
  std::string request_id;
  // Of the generated tables, which live as long as the process.
  std::string_view service;
  std::string_view operation;
  Outcome outcome = Outcome::none;
  int status = 0;
  std::string error_code;
  // Whoever signed, verified; null for nobody and where the signature was refused.
  std::shared_ptr<const auth::AccessKey> key;
  std::string claimed_key_id;  // what a refused request named
  std::string peer;
  bool is_tls = false;
  std::string user_agent;
  std::string method;
  std::string target;  // only its path is written
  std::vector<Ask> asks;
  uint64_t asks_left_out = 0;
  std::chrono::microseconds duration{};  // until the answer was made
};

// The same, read back.
struct Entry {
  Timestamp time;
  std::string request_id;
  std::string service;
  std::string operation;
  Outcome outcome = Outcome::none;
  int status = 0;
  std::string error_code;
  std::string account;
  std::string principal;     // ARN; empty for nobody
  std::string entity;        // the user, role or root behind it
  std::string principal_id;  // AIDA..., AROA...:session
  std::string access_key_id;
  std::string claimed_key_id;
  std::string source_identity;
  bool is_session = false;
  std::string peer;
  bool is_tls = false;
  std::string user_agent;
  std::string method;
  std::string path;
  std::vector<Ask> asks;
  uint64_t asks_left_out = 0;
  std::chrono::microseconds duration{};
};

}  // namespace aerolith::audit
