// Random bytes and identifiers from the operating system's generator. Safe from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace aerolith {

std::string random_bytes(size_t size);
std::string random_hex(size_t digits);
// `size` characters drawn evenly from `alphabet`.
std::string random_string(size_t size, std::string_view alphabet);
// 16 upper-case letters and digits, as S3's x-amz-request-id. Cheap: unique, not secret.
std::string make_request_id();

}  // namespace aerolith
