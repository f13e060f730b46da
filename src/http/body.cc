#include "http/body.h"

#include <algorithm>

namespace aerolith::http {

Result<size_t, BodyError> StringBody::read(std::span<char> buffer) {
  const size_t size = std::min(buffer.size(), bytes_.size() - at_);
  std::copy_n(bytes_.data() + at_, size, buffer.data());
  at_ += size;
  return size;
}

Result<size_t, BodyError> read_full(BodyReader& body, std::span<char> buffer) {
  size_t count = 0;
  while (count < buffer.size()) {
    const size_t more = TRY(body.read(buffer.subspan(count)));
    if (more == 0) break;
    count += more;
  }
  return count;
}

Result<std::string, BodyError> read_all(BodyReader& body, size_t limit_bytes) {
  constexpr size_t kFirstStep = 16 * 1024;
  constexpr size_t kLargestStep = 1024 * 1024;
  const std::optional<uint64_t> told = body.size_bytes();
  if (told && *told > limit_bytes) return fail(BodyErrorCode::too_large, "body is over the limit");
  std::string whole;
  // A told size is only a claim: memory is taken as bytes arrive.
  size_t step = std::clamp<size_t>(static_cast<size_t>(told.value_or(kFirstStep)), 1, kLargestStep);
  for (;;) {
    const size_t before = whole.size();
    whole.resize(before + step);
    const size_t got = TRY(body.read(std::span(whole).subspan(before)));
    whole.resize(before + got);
    if (got == 0) return whole;
    if (whole.size() > limit_bytes) return fail(BodyErrorCode::too_large, "body is over the limit");
    step = std::min(std::max(step, whole.size()), kLargestStep);
  }
}

}  // namespace aerolith::http
