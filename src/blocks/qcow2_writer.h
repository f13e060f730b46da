// Writes a qcow2 file from blocks, each of kBlockBytes, without a program: what volumes of a snapshot are children
// of, and encrypted volumes themselves.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "blocks/luks.h"
#include "blocks/volumes.h"
#include "os/file_system.h"

namespace aerolith::blocks {

struct NewQcow2 {
  uint64_t size_bytes = 0;
  std::optional<LuksHead> luks{};  // it is encrypted so
  std::string backing_file{};      // qcow2, as it is to stand there; empty: none
};

// Used by one thread.
class Qcow2Writer {
 public:
  // `path` must not be there.
  static Result<std::unique_ptr<Qcow2Writer>> create(os::FileSystem& files, const std::string& path,
                                                     const NewQcow2& wanted);
  // All that is known of a file between two blocks.
  struct State {
    uint64_t clusters = 0;  // written
    uint64_t table_number = 0;
    std::vector<uint64_t> first_level;
    std::string table;
    bool operator==(const State&) const = default;
  };
  // A file that was synced in that state; what was written afterwards is forgotten. An encrypted one's key is its own,
  // which `secret` opens. `corrupt` where it can't be that file.
  static Result<std::unique_ptr<Qcow2Writer>> resume(os::FileSystem& files, const std::string& path,
                                                     const NewQcow2& wanted, std::string_view secret, State state);
  // As durable as what it says.
  Result<State> sync();
  // Indexes rise. What isn't put reads as zeros.
  Result<> put(uint64_t index, std::string_view block);
  // Its tables and its head: a qcow2 file on return, not synced.
  Result<> finish();

 private:
  Qcow2Writer(std::unique_ptr<os::File> file, const NewQcow2& wanted)
      : file_(std::move(file)), size_bytes_(wanted.size_bytes), backing_file_(wanted.backing_file) {}
  void encrypt(const LuksHead& luks);
  Result<> write_table();  // the one of the second level that is being filled
  std::string head(uint64_t first_level_place, uint64_t count_table_place, uint64_t count_tables) const;
  Result<> append(std::string_view bytes);
  Result<> append_data(std::string_view bytes);  // encrypted, where the file is

  const std::unique_ptr<os::File> file_;
  const uint64_t size_bytes_;
  const std::string backing_file_;
  uint64_t end_ = 0;                   // clusters written
  std::vector<uint64_t> first_level_;  // places
  std::string table_;                  // empty: none is being filled
  uint64_t table_number_ = 0;
  std::unique_ptr<SectorCipher> cipher_;  // null: it isn't encrypted
  uint64_t luks_bytes_ = 0;               // of the head, which lies in the second cluster and those behind it
};

}  // namespace aerolith::blocks
