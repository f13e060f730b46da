// What the files of this room share of an ObjectStore.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "metadata/store.h"
#include "objects/object_store.h"
#include "objects/read_pins.h"
#include "objects/segments.h"
#include "os/file_system.h"

namespace aerolith::objects {

// Garbage, as its row tells it.
struct Condemned {
  ExtentId id;
  uint64_t image_bytes = 0;  // in a segment; 0: a file
};

struct ObjectStore::State {
  State(os::FileSystem& file_system, metadata::Store& store, const std::string& path, const SegmentSizes& sizes)
      : files(file_system), metadata(store), directory(path), segments(file_system, store, path + "/segments", sizes) {}

  // Of version-1 stores: <directory>/<last two digits>/<id>.
  std::string file_path_of(const ExtentId& id) const { return directory + "/" + id.str().substr(30) + "/" + id.str(); }
  // The file that an extent lies in; null when there is none.
  Result<std::shared_ptr<const os::File>> open_file_of(const Extent& extent);

  // Checked.
  Result<std::string> read_inline(metadata::ReadTransaction& txn, const Extent& extent);
  // Of an extent whose bytes aren't found: `gone` or `corrupt`.
  std::unexpected<Error> missing(const Extent& extent);

  // Notes the garbage that is there now.
  Result<> condemn();
  // Nobody reads from a snapshot in which the condemned were no garbage yet.
  bool may_remove_condemned();
  // How many could be removed.
  Result<uint64_t> remove_batch(std::span<const Condemned> batch);
  Result<> remove_one(const Condemned& garbage);
  void note_release();
  void collector_loop(ObjectStore& store);
  void tidy_when_quiet();

  os::FileSystem& files;
  metadata::Store& metadata;
  const std::string directory;
  Segments segments;
  ReadPins pins;

  std::mutex mutex;
  std::condition_variable changed;
  uint64_t next_hold = 0;
  std::set<uint64_t> holds;
  std::atomic<bool> stops = false;        // set with the mutex held
  std::atomic<int64_t> last_release = 0;  // steady clock, milliseconds; its transaction may still be running
  std::thread collector;

  // The collector thread's.
  uint64_t commits_seen = 0;
  uint64_t commits_tidied = 0;
  int quiet_passes = 0;

  std::mutex collect_mutex;
  std::vector<Condemned> condemned;
  uint64_t condemned_before = 0;  // holds from this number on began when these were garbage already
};

}  // namespace aerolith::objects
