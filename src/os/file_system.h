// Files and directories: the seam that a fake replaces in power-loss tests (os/faulty_file_system.h).
//
// What survives a power loss: a file's bytes and size after its sync_data(); a name (of a file or a directory that was
// made, renamed or removed) after sync_directory() of the directory that holds it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aerolith::os {

enum class ErrorCode : uint8_t {
  not_found,
  already_exists,
  no_space,  // no room, no inodes, over a quota
  denied,    // permissions, or a read-only file system
  busy,      // a lock is held by another process
  io,        // the device failed, and everything else
};
using Error = Failure<ErrorCode>;

template <typename T = void>
using Result = aerolith::Result<T, Error>;

// For an errno value: its code, and a detail "<what>: <strerror>".
Error error_of(int errno_value, std::string_view what);

// An open file, closed when destroyed. Reads may come from any thread; writes from one at a time.
class File {
 public:
  virtual ~File() = default;
  // Reads up to buffer.size() bytes; fewer only at the end of the file.
  virtual Result<size_t> read_at(uint64_t offset, std::span<char> buffer) const = 0;
  // Writes all of it, or fails with any part of it written.
  virtual Result<> write_at(uint64_t offset, std::string_view bytes) = 0;
  // Bytes and size are durable on return. After a failure they never will be: give the file up, don't try again.
  virtual Result<> sync_data() = 0;
  virtual Result<uint64_t> size() const = 0;
  virtual Result<> truncate(uint64_t size) = 0;
  // Takes the room for that range without changing the file's size.
  virtual Result<> preallocate(uint64_t offset, uint64_t size) = 0;
  // The range reads as zeros from now on, and its whole blocks are given back where the file system can do that.
  virtual Result<> punch_hole(uint64_t offset, uint64_t size) = 0;
  // For sendfile; -1 where there is no descriptor.
  virtual int descriptor() const { return -1; }
};

// With OpenMode::create_direct every offset, size and address of a read or write is a multiple of this.
inline constexpr size_t kDirectAlignment = 4096;

enum class OpenMode : uint8_t {
  read,           // must be there
  write,          // must be there; read and write
  create,         // must not be there; read and write
  create_direct,  // the same, past the page cache where the file system can
};

struct DirectoryEntry {
  std::string name;
  bool is_directory = false;
};

// Safe from any thread.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  // `permissions` are those of a created file, as they are (no umask).
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode, unsigned permissions = 0600) = 0;
  // Replaces `to`, atomically.
  virtual Result<> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<> remove(const std::string& path) = 0;
  virtual Result<> sync_directory(const std::string& path) = 0;
  // In no order, without "." and "..".
  virtual Result<std::vector<DirectoryEntry>> list(const std::string& path) = 0;
  // Makes `path` and its missing parents (mode 0700), and the new names durable. Nothing to do is success.
  virtual Result<> make_directories(const std::string& path) = 0;
};

class RealFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode, unsigned permissions) override;
  Result<> rename(const std::string& from, const std::string& to) override;
  Result<> remove(const std::string& path) override;
  Result<> sync_directory(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override;
  Result<> make_directories(const std::string& path) override;
};

// The directory that holds `path`: "." when it has no slash, "/" for "/x".
std::string parent_directory(const std::string& path);

// The whole file; `io` when it is over limit_bytes.
Result<std::string> read_file(FileSystem& files, const std::string& path, uint64_t limit_bytes = uint64_t{64} << 20);

// Replaces the file by one with these bytes and permissions: after a power loss the old or the new one is there, whole.
// Durable on return. Goes by way of "<path>.new".
Result<> write_file(FileSystem& files, const std::string& path, std::string_view bytes, unsigned permissions = 0600);

// Makes `to`, which must not be there, with the bytes, holes and permissions of `from`; answers the size. Durable on
// return, but for the name.
Result<uint64_t> copy_real_file(const std::string& from, const std::string& to);

}  // namespace aerolith::os
