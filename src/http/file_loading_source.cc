#include "http/file_loading_source.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

namespace aerolith::http {
namespace {

constexpr uint64_t kStepBytes = 256 * 1024;

}  // namespace

Result<BodyPiece, SourceError> FileLoadingSource::next() {
  if (range_.size_bytes > 0) return load();
  if (!inner_) return BodyPiece(std::string());
  BodyPiece piece = TRY(inner_->next());
  if (auto* range = std::get_if<FileRange>(&piece); range != nullptr && range->size_bytes > 0) {
    range_ = std::move(*range);
    return load();
  }
  return piece;
}

Result<BodyPiece, SourceError> FileLoadingSource::load() {
  std::string bytes(static_cast<size_t>(std::min(range_.size_bytes, kStepBytes)), '\0');
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::pread(range_.descriptor, bytes.data() + filled, bytes.size() - filled,
                                static_cast<off_t>(range_.offset_bytes + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(SourceErrorCode::failed, std::string("cannot read the file: ") + std::strerror(errno));
    if (got == 0) return fail(SourceErrorCode::failed, "the file is shorter than its range");
    filled += static_cast<size_t>(got);
  }
  range_.offset_bytes += filled;
  range_.size_bytes -= filled;
  if (range_.size_bytes == 0) range_.owner.reset();
  return BodyPiece(std::move(bytes));
}

}  // namespace aerolith::http
