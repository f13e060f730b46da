// A file system in memory that fails as disks do, for tests: loses power, fills up, errs, flips bits.
//
// It is strict where real ones are kind: after power_loss() a file has only the bytes of its last sync_data(), and a
// name is there only when its directory was synced since (make_directories syncs, as its contract says).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>

#include "os/file_system.h"

namespace aerolith::os {

enum class Fault : uint8_t {
  write_error,        // io; a random part of the bytes was written
  write_no_space,     // no_space; a random part of the bytes was written
  sync_error,         // io; the bytes stay in memory and will never be durable
  directory_error,    // sync_directory: io
  read_error,         // io
  remove_error,       // io
  punch_error,        // io
  truncate_error,     // io
  preallocate_error,  // io
  list_error,         // io
  open_no_space,      // creating a file: no_space
};

// What becomes of bytes that were written but not synced.
enum class Unsynced : uint8_t { lost, torn };  // torn: each 512-byte sector is lost or kept, by chance

// Safe from any thread.
class FaultyFileSystem final : public FileSystem {
 public:
  explicit FaultyFileSystem(uint64_t seed = 1);
  ~FaultyFileSystem() override;

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode, unsigned permissions) override;
  Result<> rename(const std::string& from, const std::string& to) override;
  Result<> remove(const std::string& path) override;
  Result<> sync_directory(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override;
  Result<> make_directories(const std::string& path) override;

  // Everything that isn't durable is lost. Files that are open answer `io` from now on.
  void power_loss(Unsynced unsynced = Unsynced::lost);
  // The fault happens once, after `after_calls` more calls of its kind.
  void inject(Fault fault, uint64_t after_calls = 0);
  // Writes that would make the sum of all files larger answer no_space (part of the bytes is written).
  void set_capacity(uint64_t bytes);
  // Inverts a bit of a file, durably. The file must have the byte.
  void flip_bit(const std::string& path, uint64_t bit);
  // Paths of all files, in order.
  std::vector<std::string> all_files() const;
  uint64_t used_bytes() const;

  struct Node;  // a file's bytes

 private:
  class OpenFile;
  struct Directory {
    std::map<std::string, std::shared_ptr<Node>> now;
    std::map<std::string, std::shared_ptr<Node>> durable;
  };

  bool happens(Fault fault);  // takes the fault when it is its turn
  Directory* find_directory(const std::string& path);
  uint64_t used_locked() const;

  mutable std::mutex mutex_;
  std::mt19937_64 random_;
  uint64_t generation_ = 0;  // raised by a power loss
  uint64_t capacity_ = UINT64_MAX;
  std::map<Fault, uint64_t> faults_;
  std::map<std::string, Directory> directories_;  // by path; made durable at once
};

}  // namespace aerolith::os
