// One qcow2 file of ours as a layer of bytes over those behind it, read without a program (QEMU's
// docs/interop/qcow2.txt). Files that guests' QEMUs wrote are not believed: what doesn't fit is `corrupt`.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "blocks/disk_secrets.h"
#include "blocks/luks.h"
#include "blocks/qcow2.h"
#include "blocks/volumes.h"
#include "os/file_system.h"

namespace aerolith::blocks {

// Used by one thread. While it is, nothing writes the file.
class Qcow2Layer {
 public:
  // `in_use` while a program has it open to write, `corrupt` for what files of ours never are: compressed, with bytes
  // in another file, encrypted otherwise than by LUKS. `secrets`: null where none is encrypted.
  static Result<std::unique_ptr<Qcow2Layer>> open(os::FileSystem& files, const std::string& path,
                                                  const DiskSecrets* secrets = nullptr);

  uint64_t size_bytes() const { return size_bytes_; }
  const Qcow2Header& header() const { return header_; }
  // Of an encrypted one: what blocks of its snapshots are encrypted with (disk_secrets.h). Empty: it isn't.
  const std::string& key() const { return key_; }

  enum class Has : uint8_t { nothing, zeros, data };
  // The most of what it has in that range. Of what is behind its end: nothing.
  Result<Has> look(uint64_t offset, uint64_t length);
  // What it has of that range replaces what is in the buffer.
  Result<> lay_over(uint64_t offset, std::span<char> buffer);

 private:
  struct Piece {
    Has has = Has::nothing;
    uint64_t place = 0;  // in the file, of data
    uint64_t length = 0;
  };
  explicit Qcow2Layer(std::string path) : path_(std::move(path)) {}
  Result<> load();
  Result<> unlock(const Qcow2Header& header, const DiskSecrets* secrets);
  Result<> read_data(uint64_t place, std::span<char> target);
  // From there to the end of its cluster.
  Result<Piece> piece_at(uint64_t offset);
  Result<> load_table(uint64_t place);
  std::unexpected<VolumeError> corrupt(std::string_view what) const;

  const std::string path_;
  std::unique_ptr<os::File> file_;
  uint64_t file_bytes_ = 0;
  uint64_t size_bytes_ = 0;
  uint64_t cluster_bytes_ = 0;
  bool knows_zeros_ = false;  // since version 3 of the format
  Qcow2Header header_;
  std::string key_;
  std::unique_ptr<SectorCipher> cipher_;  // null: it isn't encrypted
  std::vector<uint64_t> first_level_;
  uint64_t table_place_ = 0;  // of the table of the second level that was needed last; 0: none
  std::string table_;
};

// A snapshot's file and all behind it, the top one first. `corrupt` where they are more than a chain of ours ever has,
// or not all of them lie in one folder.
Result<std::vector<std::unique_ptr<Qcow2Layer>>> open_layers(os::FileSystem& files, const std::string& path,
                                                             const DiskSecrets* secrets = nullptr);

}  // namespace aerolith::blocks
