// Volumes and what images are made of, as QEMU's block layer keeps them: a volume is a qcow2 file, a volume made from a
// snapshot is a copy-on-write child of the snapshot's read-only file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aerolith::blocks {

enum class VolumeErrorCode { unavailable, not_found, no_space, corrupt, in_use, command };
using VolumeError = Failure<VolumeErrorCode>;
template <typename T = void>
using Result = aerolith::Result<T, VolumeError>;

// Safe from any thread. Each change is durable on return.
class Volumes {
 public:
  // `folder`: volumes/ and snapshots/ lie in it.
  static Result<std::unique_ptr<Volumes>> open(std::string folder);
  virtual ~Volumes() = default;

  // Sparse. A snapshot given: its child, grown to `size_bytes`.
  virtual Result<> create(std::string_view volume, uint64_t size_bytes, std::string_view snapshot) = 0;
  virtual Result<> remove(std::string_view volume) = 0;  // fine where none is
  // Of a volume that nothing has open (`in_use` else). Fine where it is as large already, or larger.
  virtual Result<> grow(std::string_view volume, uint64_t size_bytes) = 0;
  // What the disk has left for all of them; volumes are sparse.
  virtual Result<uint64_t> free_bytes() const = 0;
  virtual std::string file_of(std::string_view volume) const = 0;
  virtual Result<std::vector<std::string>> list() = 0;

  // The first half only: a snapshot of a volume that nothing has open, and of a raw or qcow2 file.
  virtual Result<> snapshot(std::string_view volume, std::string_view snapshot) = 0;
  // A snapshot whose bytes others write, of a volume that is open: an empty file of its size -> its path. It is a
  // snapshot once it is kept, when it is closed; it outlives this process. `no_space` where the disk hasn't as much as
  // the volume takes. Fine where it is begun, kept, dropped already.
  virtual Result<std::string> begin_copy(std::string_view volume, std::string_view snapshot) = 0;
  virtual Result<> keep_copy(std::string_view snapshot) = 0;  // `not_found` where neither is there
  virtual Result<> drop_copy(std::string_view snapshot) = 0;
  // The same bytes, once, under one more name.
  virtual Result<> link_snapshot(std::string_view from, std::string_view to) = 0;
  virtual Result<> import_file(std::string_view path, std::string_view snapshot) = 0;
  virtual Result<std::vector<std::string>> list_snapshots() = 0;
  virtual Result<uint64_t> snapshot_size_bytes(std::string_view snapshot) = 0;
  virtual Result<> remove_snapshot(std::string_view snapshot) = 0;  // `in_use` while a child is there
};

}  // namespace aerolith::blocks
