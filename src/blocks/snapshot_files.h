// The files of snapshots: those that volumes are children of. Of a snapshot that is blocks the file is a copy that can
// be made again; it is kept for as long as a volume needs it, and then while there is much room.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "blocks/block_store.h"
#include "blocks/disk_secrets.h"
#include "blocks/volumes.h"
#include "os/file_system.h"

namespace aerolith::blocks {

// Safe from any thread. What it is made with outlives it.
class SnapshotFiles {
 public:
  SnapshotFiles(os::FileSystem& files, BlockStore& store, const DiskSecrets& secrets, std::string volumes_folder,
                std::string snapshots_folder)
      : files_(files),
        store_(store),
        secrets_(secrets),
        volumes_folder_(std::move(volumes_folder)),
        snapshots_folder_(std::move(snapshots_folder)) {}

  // A snapshot of which a file or a volume is being made isn't removed, and of one that is being removed none is made.
  class Use {
   public:
    enum class For : uint8_t { making, removal };
    Use(SnapshotFiles& files, std::string_view snapshot, For what);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    bool is_allowed() const { return is_allowed_; }

   private:
    SnapshotFiles& files_;
    const std::string snapshot_;
    const For for_;
    bool is_allowed_ = false;
  };

  std::string path_of(std::string_view snapshot) const;
  // Is told of what is written, and may wait, for as long as nobody waits for the file; false ends it (`in_use`).
  using Pace = std::function<bool(uint64_t done_bytes, uint64_t of_bytes)>;
  // From blocks, where it isn't there; encrypted, where those are. `not_found`: neither is. For who has a Use of it.
  Result<> make(std::string_view snapshot, const Pace& pace = {});
  // Where a pace ended it, the next one goes on there, also after a start; until then its half lies there. This gives
  // it up. Fine where there is none, or somebody goes on with it.
  void drop_half(std::string_view snapshot);
  // Halves of snapshots that aren't missing go.
  Result<> drop_strays(const std::set<std::string>& missing);
  // By another one that makes it, without a pace.
  bool is_waited_for(std::string_view snapshot) const;
  // Volumes that are children of a file that isn't there, but in blocks alone: those snapshots.
  Result<std::set<std::string>> find_missing() const;
  // Whether any volume is its child.
  Result<bool> has_volumes(std::string_view snapshot) const;
  // Takes a whole copy that has been stored, as its file, or removes it: also one that something has open to write.
  // `corrupt` where it names another file behind it than that of `base`, or none.
  Result<> take(std::string_view snapshot, const std::string& copy, std::string_view base);
  // Its blocks, its file and its secret; `in_use` where only a volume needs that still.
  Result<> remove(std::string_view snapshot);
  // The file of one that is blocks, where nothing needs it. Fine where something does, or there is none.
  Result<> drop_file(std::string_view snapshot);
  // Files that can be made again go, the one that was used longest ago first, until they take no more than they should,
  // or all of them.
  enum class Room : uint8_t { as_usual, all };
  void give_room(Room room);

 private:
  struct Named {
    std::set<std::string> by_volumes;
    std::multimap<std::string, std::string> by_files;  // and who names it
  };
  Result<Named> who_is_named() const;
  Result<> make_from_blocks(std::string_view snapshot, const Pace& pace);
  std::string half_of(std::string_view snapshot, std::string_view suffix) const;
  Result<> remove_half(std::string_view snapshot);
  size_t depth_of(std::string_view snapshot) const;
  Result<> remove_unneeded(const std::string& snapshot);
  Result<> remove_children(const Named& named, const std::string& snapshot);

  os::FileSystem& files_;
  BlockStore& store_;
  const DiskSecrets& secrets_;
  const std::string volumes_folder_;
  const std::string snapshots_folder_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable made_;
  std::set<std::string> being_made_;
  std::map<std::string, int, std::less<>> waiting_;  // how many wait for it
  std::map<std::string, int> uses_;                  // how many make something of it, or kBeingRemoved
};

// The id in "../snapshots/<id>.qcow2", "<id>.qcow2"; empty: it isn't one of a snapshot.
std::string snapshot_of_file(std::string_view path);

}  // namespace aerolith::blocks
