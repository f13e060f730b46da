// Request bodies that the client compressed (Content-Encoding: gzip).
#pragma once

#include <cstddef>
#include <string>

#include "http/body.h"
#include "http/message.h"

namespace aerolith::http {

// The whole body as it was before compression; as it is where the last of its content codings isn't gzip.
// `too_large` when either form is over limit_bytes, `malformed` for what isn't one gzip stream (RFC 1952).
Result<std::string, BodyError> read_all_decompressed(const Headers& headers, BodyReader& body, size_t limit_bytes);

}  // namespace aerolith::http
