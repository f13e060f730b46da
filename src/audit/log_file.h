// One file of the audit log while it is written.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "audit/folder.h"
#include "os/file_system.h"

namespace aerolith::audit {

// For one thread at a time.
class LogFile {
 public:
  // Makes the file, readable by its owner only; its name is durable on return.
  static os::Result<std::unique_ptr<LogFile>> create(os::FileSystem& files, const std::string& folder,
                                                     const FileHead& head);

  // Whole lines, `events` of them events. With the kernel on return. After an error the file may end within a line:
  // give it up.
  os::Result<> append(std::string_view lines, uint64_t events);
  // What was appended is durable on return. Nothing to do is success.
  os::Result<> sync();
  // Adds the line that says the file is whole, and syncs.
  os::Result<> finish();

  uint64_t number() const { return head_.number; }
  Timestamp started() const { return head_.started; }
  uint64_t size_bytes() const { return size_bytes_; }
  uint64_t events() const { return events_; }
  bool is_synced() const { return synced_bytes_ == size_bytes_; }

 private:
  LogFile(std::unique_ptr<os::File> file, FileHead head) : file_(std::move(file)), head_(head) {}

  std::unique_ptr<os::File> file_;
  FileHead head_;
  uint64_t size_bytes_ = 0;
  uint64_t synced_bytes_ = 0;
  uint64_t events_ = 0;
  uint64_t checksum_ = 0;
};

}  // namespace aerolith::audit
