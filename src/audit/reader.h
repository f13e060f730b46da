// Reads the audit log, while it is written too.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "audit/line.h"
#include "os/file_system.h"

namespace aerolith::audit {

// One file, forward. For one thread at a time.
class FileReader {
 public:
  // From `offset` on, which must be the beginning of a line.
  static os::Result<FileReader> open(os::FileSystem& files, const std::string& folder, uint64_t number,
                                     uint64_t offset = 0);

  // The next whole line; nullopt when there is none (yet). A file that was finished and is other than it was written is
  // told by its last line being `damaged`.
  os::Result<std::optional<Line>> next();
  // What stands at the end without a line break: a line that is being written, or that was cut short.
  bool has_torn_end() const { return !rest().empty(); }
  uint64_t number() const { return number_; }

 private:
  FileReader(std::unique_ptr<os::File> file, uint64_t number, uint64_t offset)
      : file_(std::move(file)), number_(number), offset_(offset), is_whole_(offset == 0) {}
  std::string_view rest() const { return std::string_view(buffer_).substr(at_); }
  os::Result<bool> read_more();
  Line take(std::string_view text);

  std::unique_ptr<os::File> file_;
  uint64_t number_;
  uint64_t offset_;  // in the file, of what comes after the buffer
  std::string buffer_;
  size_t at_ = 0;
  bool is_whole_;  // read from its beginning: the checksum can be checked
  uint64_t checksum_ = 0;
  uint64_t events_ = 0;
};

// File after file, on and on. For one thread at a time.
class Follower {
 public:
  // From the beginning of the file of that number, or of the next one that is there.
  static Follower from_file(os::FileSystem& files, std::string folder, uint64_t number);
  // From the next event that is written.
  static os::Result<Follower> from_end(os::FileSystem& files, std::string folder);

  // nullopt: nothing more for now; ask again later.
  os::Result<std::optional<Line>> next();

 private:
  Follower(os::FileSystem& files, std::string folder, uint64_t number)
      : files_(&files), folder_(std::move(folder)), wanted_(number) {}
  os::Result<std::optional<uint64_t>> find_file(uint64_t at_least) const;

  os::FileSystem* files_;
  std::string folder_;
  uint64_t wanted_;  // the least number of a file to open next
  std::optional<FileReader> current_;
};

}  // namespace aerolith::audit
