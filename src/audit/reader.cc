#include "audit/reader.h"

#include <algorithm>
#include <span>

#include "audit/folder.h"
#include "base/digest.h"

namespace aerolith::audit {
namespace {

constexpr size_t kReadBytes = size_t{256} << 10;
// No line of ours comes near: a thousand asks of a kilobyte's key each.
constexpr size_t kLongestLine = size_t{64} << 20;

}  // namespace

os::Result<FileReader> FileReader::open(os::FileSystem& files, const std::string& folder, uint64_t number,
                                        uint64_t offset) {
  auto file = TRY(files.open(folder + "/" + file_name(number), os::OpenMode::read));
  return FileReader(std::move(file), number, offset);
}

os::Result<bool> FileReader::read_more() {
  buffer_.erase(0, at_);
  at_ = 0;
  if (buffer_.size() > kLongestLine) return false;
  const size_t had = buffer_.size();
  buffer_.resize(had + kReadBytes);
  const size_t got = TRY(file_->read_at(offset_, std::span(buffer_).subspan(had)));
  buffer_.resize(had + got);
  offset_ += got;
  return got > 0;
}

os::Result<std::optional<Line>> FileReader::next() {
  size_t from = 0;
  while (true) {
    const size_t end = rest().find('\n', from);
    if (end != std::string_view::npos) {
      Line line = take(rest().substr(0, end));
      at_ += end + 1;
      return std::optional(std::move(line));
    }
    from = rest().size();
    if (!TRY(read_more())) return std::optional<Line>();
  }
}

Line FileReader::take(std::string_view text) {
  Line line = parse_line(text);
  const auto damaged = [&](std::string problem) {
    line.kind = LineKind::damaged;
    line.problem = std::move(problem);
  };
  if (line.kind == LineKind::head && line.head.format > kFormat) damaged("was written by a newer Aerolith");
  if (line.kind == LineKind::event) ++events_;
  if (line.kind == LineKind::end) {
    if (is_whole_ && (line.checksum != checksum_ || line.count != events_)) {
      damaged("says that the file is not as it was written");
    }
    return line;
  }
  checksum_ = crc64nvme("\n", crc64nvme(text, checksum_));
  return line;
}

Follower Follower::from_file(os::FileSystem& files, std::string folder, uint64_t number) {
  return {files, std::move(folder), number};
}

os::Result<Follower> Follower::from_end(os::FileSystem& files, std::string folder) {
  Follower follower(files, std::move(folder), 1);
  const auto numbers = TRY(list_files(files, follower.folder_));
  if (numbers.empty()) return follower;
  const uint64_t newest = numbers.back();
  const auto file = TRY(files.open(follower.folder_ + "/" + file_name(newest), os::OpenMode::read));
  const uint64_t size = TRY(file->size());
  // The end may be within a line that is being written.
  const uint64_t begin = size - std::min<uint64_t>(size, kReadBytes);
  std::string tail(size - begin, '\0');
  tail.resize(TRY(file->read_at(begin, std::span(tail))));
  const size_t last_break = tail.rfind('\n');
  const uint64_t offset = last_break == std::string::npos ? size : begin + last_break + 1;
  follower.current_ = TRY(FileReader::open(files, follower.folder_, newest, offset));
  follower.wanted_ = newest + 1;
  return follower;
}

os::Result<std::optional<uint64_t>> Follower::find_file(uint64_t at_least) const {
  for (const uint64_t number : TRY(list_files(*files_, folder_))) {
    if (number >= at_least) return std::optional(number);
  }
  return std::optional<uint64_t>();
}

os::Result<std::optional<Line>> Follower::next() {
  while (true) {
    if (current_) {
      if (auto line = TRY(current_->next())) return line;
    }
    // Looked for before the last look into the file at hand: nothing is added to that one after the next one is made.
    const auto following = TRY(find_file(wanted_));
    if (!following) return std::optional<Line>();
    if (current_) {
      if (auto line = TRY(current_->next())) return line;
      if (current_->has_torn_end()) {
        Line torn;
        torn.problem = "the last line of " + file_name(current_->number()) + " was cut short";
        current_.reset();
        return std::optional(std::move(torn));
      }
    }
    auto opened = FileReader::open(*files_, folder_, *following);
    wanted_ = *following + 1;
    if (opened.has_value()) {
      current_ = *std::move(opened);
    } else if (opened.error().code != os::ErrorCode::not_found) {  // removed just now
      return std::unexpected(opened.error());
    }
  }
}

}  // namespace aerolith::audit
