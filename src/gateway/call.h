// One request as a handler sees it, beyond its typed input.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/authenticate.h"
#include "auth/credentials.h"
#include "auth/payload.h"
#include "base/result.h"
#include "base/strong_string.h"
#include "base/time.h"
#include "gateway/authorize.h"
#include "http/message.h"
#include "protocol/codec.h"

namespace aerolith::gateway {

template <typename T>
using ApiResult = Result<T, protocol::ApiError>;

class AccessCheck;

// Lives for the length of the call, on one handler thread.
struct CallContext {
  RequestId request_id;
  Timestamp now;  // when the call was accepted
  Region region;  // this installation's
  // Who signed; null for an anonymous request. With CallerProof::body for the handler to fill in, through
  // `authenticator`, which is null with the others.
  std::shared_ptr<const auth::AccessKey> key;
  const auth::Authenticator* authenticator = nullptr;
  const AccessCheck* access = nullptr;          // never null: may the caller do more than the row says
  std::shared_ptr<const VpcEndpoint> endpoint;  // that it came through; null: none
  const http::RequestHead* head = nullptr;      // never null
  const protocol::Service* service = nullptr;   // never null
  protocol::ResolvedOperation resolved;

  // The caller; an empty one when anonymous.
  const auth::Principal& principal() const;

  // Operations with streaming input only, else null: the payload, with aws-chunked framing taken off and what the
  // signature promises verified. A bad payload is an error of read() before its end: commit only after a clean end
  // (read() == 0); its trailers() are complete then. Errors become answers through payload_error() in gateway/errors.h.
  auth::VerifyingReader* body = nullptr;
  // The other operations' body as it came, whole and verified: for checks of Content-MD5 and checksum headers.
  std::string_view whole_body;

  // What the answer has beyond the encoded output.
  // Replaces the model's success status (206 for a range, 304).
  int response_status = 0;
  // Operations with streaming output only.
  http::ResponseBody response_body;
  uint64_t response_size_bytes = 0;  // Content-Length of an answer to HEAD
  std::optional<protocol::MixedLists> mixed_lists;
};

}  // namespace aerolith::gateway
