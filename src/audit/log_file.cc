#include "audit/log_file.h"

#include "base/digest.h"

namespace aerolith::audit {

os::Result<std::unique_ptr<LogFile>> LogFile::create(os::FileSystem& files, const std::string& folder,
                                                     const FileHead& head) {
  auto file = TRY(files.open(folder + "/" + file_name(head.number), os::OpenMode::create, 0600));
  std::unique_ptr<LogFile> made(new LogFile(std::move(file), head));
  std::string line;
  append_head(line, head);
  TRY(made->append(line, 0));
  TRY(made->sync());
  TRY(files.sync_directory(folder));
  return made;
}

os::Result<> LogFile::append(std::string_view lines, uint64_t events) {
  TRY(file_->write_at(size_bytes_, lines));
  size_bytes_ += lines.size();
  events_ += events;
  checksum_ = crc64nvme(lines, checksum_);
  return {};
}

os::Result<> LogFile::sync() {
  if (is_synced()) return {};
  TRY(file_->sync_data());
  synced_bytes_ = size_bytes_;
  return {};
}

os::Result<> LogFile::finish() {
  std::string line;
  append_end(line, events_, checksum_);
  TRY(append(line, 0));
  return sync();
}

}  // namespace aerolith::audit
