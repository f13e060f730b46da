// One line a request, written when its answer has left.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/strong_string.h"

namespace aerolith::gateway {

struct AccessRecord {
  RequestId request_id;
  std::string peer;
  std::string method;
  std::string target;  // redact_target() of the request's
  std::string_view service;
  std::string_view operation;
  std::string principal;  // ARN, empty for anonymous
  int status = 0;
  std::string error_code;
  std::chrono::steady_clock::time_point started;
};

// The target without what would let a reader of the log repeat the request: signature and session token.
std::string redact_target(std::string_view target);

void write_access_line(const AccessRecord& record, uint64_t body_bytes_sent, bool complete);

}  // namespace aerolith::gateway
