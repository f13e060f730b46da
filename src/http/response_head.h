// The bytes of a response's head.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace aerolith::http {

enum class RequestMethod : uint8_t { head, other };

// Whether body bytes follow the head: not to HEAD, not with 204 and 304.
bool sends_body(int status, RequestMethod method);

// Status line, fields, Date and Content-Length; without Connection and the empty line, which end_head adds
// when it is known whether the connection goes on.
// A CR, LF or NUL in a field becomes a space: values may echo what a client sent, and must not split the answer.
std::string begin_head(const Response& response, RequestMethod method, uint64_t body_size_bytes);

enum class Persistence : uint8_t { close, keep_alive, keep_alive_http10 };
void end_head(std::string& head, Persistence persistence);

constexpr std::string_view kContinueHead = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace aerolith::http
