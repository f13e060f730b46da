// One line a request, written when its answer has left.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "audit/event.h"

namespace aerolith::gateway {

// The target without what would let a reader of the log repeat the request or know a secret: signatures, session
// tokens, passwords, codes, keys.
std::string redact_target(std::string_view target);

void write_access_line(const audit::Event& event, std::chrono::nanoseconds duration, uint64_t body_bytes_sent,
                       bool complete);

}  // namespace aerolith::gateway
