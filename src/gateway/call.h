// One request as a handler sees it, beyond its typed input.
#pragma once

#include <functional>
#include <string>

#include "auth/credentials.h"
#include "base/result.h"
#include "base/strong_string.h"
#include "base/time.h"
#include "http/message.h"
#include "protocol/codec.h"

namespace aerolith::gateway {

template <typename T>
using ApiResult = Result<T, protocol::ApiError>;

// Lives for the length of the call, on one handler thread.
struct CallContext {
  RequestId request_id;
  Timestamp now;                                   // when the call was accepted
  Region region;                                   // this installation's
  auth::Principal principal;                       // who signed
  const http::RequestHead* head = nullptr;         // never null
  const protocol::Service* service = nullptr;      // never null
  protocol::ResolvedOperation resolved;

  // Operations with streaming input only, else null: the payload, with aws-chunked framing taken off and what the
  // signature promises verified. A bad payload is an error of read() before its end: commit only after a clean end.
  http::BodyReader* body = nullptr;
  // Trailer fields of an aws-chunked payload; empty before the body's end and where there are none.
  std::function<const http::Headers&()> trailers;

  // What the answer carries beyond the encoded output.
  http::Headers response_headers;
  // Replaces the model's success status (206 for a range, 304).
  int response_status = 0;
  // Operations with streaming output only.
  http::ResponseBody response_body;
  uint64_t response_size_bytes = 0;  // Content-Length of an answer to HEAD
};

}  // namespace aerolith::gateway
