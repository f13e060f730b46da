#include "os/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

namespace aerolith::os {

namespace {

// Calls again while a signal interrupts it.
template <typename Call>
auto uninterrupted(Call&& call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result == -1 && errno == EINTR);
  return result;
}

std::unexpected<Error> last_error(std::string_view what, const std::string& path) {
  int number = errno;
  return std::unexpected(error_of(number, std::string(what) + " " + path));
}

class RealFile final : public File {
 public:
  RealFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~RealFile() override { ::close(descriptor_); }
  RealFile(const RealFile&) = delete;
  RealFile& operator=(const RealFile&) = delete;

  Result<size_t> read_at(uint64_t offset, std::span<char> buffer) const override {
    size_t done = 0;
    while (done < buffer.size()) {
      ssize_t n = uninterrupted([&] {
        return ::pread(descriptor_, buffer.data() + done, buffer.size() - done, static_cast<off_t>(offset + done));
      });
      if (n < 0) return last_error("read", path_);
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  }

  Result<> write_at(uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      ssize_t n =
          uninterrupted([&] { return ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
      if (n < 0 && errno == EINVAL && leave_direct_mode()) continue;
      if (n < 0) return last_error("write", path_);
      // POSIX allows it, and without this a device that takes nothing would hold us for ever.
      if (n == 0) return std::unexpected(error_of(ENOSPC, "write " + path_));
      offset += static_cast<uint64_t>(n);
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return {};
  }

  Result<> sync_data() override {
    if (uninterrupted([&] { return ::fdatasync(descriptor_); }) < 0) return last_error("sync", path_);
    return {};
  }

  Result<uint64_t> size() const override {
    struct stat info{};
    if (::fstat(descriptor_, &info) < 0) return last_error("stat", path_);
    return static_cast<uint64_t>(info.st_size);
  }

  Result<> truncate(uint64_t size) override {
    if (uninterrupted([&] { return ::ftruncate(descriptor_, static_cast<off_t>(size)); }) < 0) {
      return last_error("truncate", path_);
    }
    return {};
  }

  Result<> preallocate(uint64_t offset, uint64_t size) override {
    if (size == 0) return {};
    const int result = uninterrupted([&] {
      return ::fallocate(descriptor_, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset), static_cast<off_t>(size));
    });
    // A file system that can't is no worse for it: the writes themselves take the room.
    if (result < 0 && errno != EOPNOTSUPP && errno != ENOSYS) return last_error("preallocate", path_);
    return {};
  }

  Result<> punch_hole(uint64_t offset, uint64_t size) override {
    if (size == 0) return {};
    const int result = uninterrupted([&] {
      return ::fallocate(descriptor_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                         static_cast<off_t>(size));
    });
    if (result < 0) return last_error("punch a hole into", path_);
    return {};
  }

  int descriptor() const override { return descriptor_; }

 private:
  // A file system may take O_DIRECT at first and refuse a write later. Whether it was on.
  bool leave_direct_mode() const {
    const int flags = ::fcntl(descriptor_, F_GETFL);
    if (flags < 0 || (flags & O_DIRECT) == 0) return false;
    return ::fcntl(descriptor_, F_SETFL, flags & ~O_DIRECT) == 0;
  }

  int descriptor_;
  std::string path_;
};

Result<> make_directory(RealFileSystem& files, const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0) return files.sync_directory(parent_directory(path));
  if (errno == EEXIST) {
    struct stat info{};
    if (::stat(path.c_str(), &info) < 0) return last_error("stat", path);
    if (S_ISDIR(info.st_mode)) return {};
    return fail(ErrorCode::already_exists, path + " is there and is no directory");
  }
  if (errno != ENOENT) return last_error("make directory", path);
  TRY(files.make_directories(parent_directory(path)));
  if (::mkdir(path.c_str(), 0700) < 0 && errno != EEXIST) return last_error("make directory", path);
  return files.sync_directory(parent_directory(path));
}

}  // namespace

Error error_of(int errno_value, std::string_view what) {
  ErrorCode code = ErrorCode::io;
  switch (errno_value) {
    case ENOENT:
    case ENOTDIR:
      code = ErrorCode::not_found;
      break;
    case EEXIST:
    case ENOTEMPTY:
      code = ErrorCode::already_exists;
      break;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      code = ErrorCode::no_space;
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      code = ErrorCode::denied;
      break;
    default:
      break;
  }
  return Error{code, std::string(what) + ": " + std::generic_category().message(errno_value)};
}

Result<std::unique_ptr<File>> RealFileSystem::open(const std::string& path, OpenMode mode, unsigned permissions) {
  int flags = O_CLOEXEC;
  switch (mode) {
    case OpenMode::read:
      flags |= O_RDONLY;
      break;
    case OpenMode::write:
      flags |= O_RDWR;
      break;
    case OpenMode::create:
    case OpenMode::create_direct:
      flags |= O_RDWR | O_CREAT | O_EXCL;
      break;
  }
  int descriptor = uninterrupted([&] { return ::open(path.c_str(), flags, static_cast<mode_t>(permissions)); });
  if (descriptor < 0) return last_error("open", path);
  auto file = std::make_unique<RealFile>(descriptor, path);
  // Not at open(): a file system that can't would leave the file behind. It is no worse for going through the cache.
  if (mode == OpenMode::create_direct) (void)::fcntl(descriptor, F_SETFL, O_DIRECT);
  if ((flags & O_CREAT) != 0 && ::fchmod(descriptor, static_cast<mode_t>(permissions)) < 0) {
    return last_error("set permissions of", path);
  }
  return file;
}

Result<> RealFileSystem::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) < 0) return last_error("rename", from + " to " + to);
  return {};
}

Result<> RealFileSystem::remove(const std::string& path) {
  if (std::remove(path.c_str()) < 0) return last_error("remove", path);
  return {};
}

Result<> RealFileSystem::sync_directory(const std::string& path) {
  int descriptor = uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (descriptor < 0) return last_error("open", path);
  RealFile directory(descriptor, path);
  if (uninterrupted([&] { return ::fsync(descriptor); }) < 0) return last_error("sync", path);
  return {};
}

Result<std::vector<DirectoryEntry>> RealFileSystem::list(const std::string& path) {
  std::unique_ptr<DIR, decltype([](DIR* d) { ::closedir(d); })> directory(::opendir(path.c_str()));
  if (!directory) return last_error("list", path);
  std::vector<DirectoryEntry> entries;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr) break;
    std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    bool is_directory = entry->d_type == DT_DIR;
    if (entry->d_type == DT_UNKNOWN) {
      struct stat info{};
      if (::lstat((path + "/" + name).c_str(), &info) < 0) continue;  // removed meanwhile
      is_directory = S_ISDIR(info.st_mode);
    }
    entries.push_back({std::move(name), is_directory});
  }
  if (errno != 0) return last_error("list", path);
  return entries;
}

Result<> RealFileSystem::make_directories(const std::string& path) {
  size_t end = path.find_last_not_of('/');
  if (end == std::string::npos) return {};  // "/" or nothing
  return make_directory(*this, path.substr(0, end + 1));
}

std::string parent_directory(const std::string& path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<std::string> read_file(FileSystem& files, const std::string& path, uint64_t limit_bytes) {
  std::unique_ptr<File> file = TRY(files.open(path, OpenMode::read));
  uint64_t size = TRY(file->size());
  if (size > limit_bytes) return fail(ErrorCode::io, path + " is larger than expected");
  std::string bytes(size, '\0');
  bytes.resize(TRY(file->read_at(0, bytes)));
  return bytes;
}

Result<> write_file(FileSystem& files, const std::string& path, std::string_view bytes, unsigned permissions) {
  std::string temporary = path + ".new";
  Result<> removed = files.remove(temporary);  // left by a crash
  if (!removed && removed.error().code != ErrorCode::not_found) return removed;
  auto write_and_rename = [&]() -> Result<> {
    std::unique_ptr<File> file = TRY(files.open(temporary, OpenMode::create, permissions));
    TRY(file->write_at(0, bytes));
    TRY(file->sync_data());
    TRY(files.rename(temporary, path));
    return files.sync_directory(parent_directory(path));
  };
  Result<> written = write_and_rename();
  if (!written) (void)files.remove(temporary);
  return written;
}

}  // namespace aerolith::os
