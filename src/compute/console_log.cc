#include "compute/console_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "os/file_system.h"

namespace aerolith::compute {

namespace {

constexpr off_t kKeptLogBytes = off_t{1} << 20;

}  // namespace

std::string console_text(std::string_view log) {
  std::string text;
  while (!log.empty()) {
    const size_t end = std::min(log.find('\n'), log.size());
    std::string_view line = log.substr(0, end);
    log.remove_prefix(std::min(end + 1, log.size()));
    // Time, stream and kind end with a space each; a line without them is one that is being written.
    const size_t stream = line.find(' ');
    const size_t kind = stream == std::string_view::npos ? stream : line.find(' ', stream + 1);
    if (kind == std::string_view::npos || line.size() < kind + 3) continue;
    line.remove_prefix(kind + 1);
    text += line.substr(2);
    if (line[0] == 'F') text += '\n';
  }
  return text;
}

std::string read_end(const std::string& path, size_t limit_bytes) {
  os::RealFileSystem files;
  const auto file = files.open(path, os::OpenMode::read, 0600);
  if (!file.has_value()) return {};
  const uint64_t size = (*file)->size().value_or(0);
  std::string text(static_cast<size_t>(std::min<uint64_t>(size, limit_bytes)), '\0');
  text.resize((*file)->read_at(size - text.size(), text).value_or(0));
  return text;
}

std::string last_bytes(std::string text, size_t limit_bytes) {
  if (text.size() > limit_bytes) text.erase(0, text.size() - limit_bytes);
  return text;
}

void keep_the_end(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) < 0 || info.st_blocks * 512 < 2 * kKeptLogBytes || info.st_size < 2 * kKeptLogBytes)
    return;
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  (void)::fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, info.st_size - kKeptLogBytes);
  ::close(file);
}

}  // namespace aerolith::compute
