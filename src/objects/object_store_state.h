// What the files of this room share of an ObjectStore.
#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "metadata/store.h"
#include "objects/object_store.h"
#include "os/file_system.h"

namespace aerolith::objects {

struct ObjectStore::State {
  State(os::FileSystem& file_system, metadata::Store& store, std::string path)
      : files(file_system), metadata(store), directory(std::move(path)) {}

  // <directory>/<last two digits>/<id>: the last digits are random, the first ones are the time.
  std::string directory_of(const ExtentId& id) const { return directory + "/" + id.str().substr(30); }
  std::string path_of(const ExtentId& id) const { return directory_of(id) + "/" + id.str(); }

  // Makes the folder of an extent, and its name durable.
  Result<> prepare_directory(const ExtentId& id);
  // A file that this process writes: the sweep leaves it alone until it is released.
  void protect(const ExtentId& id);
  void unprotect(const ExtentId& id);
  bool is_protected(const ExtentId& id);
  // Removes the file of an extent that no transaction has ever named.
  void remove_unnamed(const ExtentId& id);
  // Has the collector remove the file, unless a record names the extent. Whether it will.
  Result<bool> mark_orphan(const ExtentId& id);
  // Notes the garbage that is there now.
  Result<> condemn();
  // Nobody reads from a snapshot in which the condemned were no garbage yet.
  bool may_remove_condemned();
  // How many could be removed.
  Result<uint64_t> remove_batch(std::span<const ExtentId> batch);
  void note_release();
  void collector_loop(ObjectStore& store);

  os::FileSystem& files;
  metadata::Store& metadata;
  const std::string directory;

  std::mutex directories_mutex;  // also held while a folder is made: no one may use it before its name is durable
  std::set<std::string> directories;

  std::mutex mutex;
  std::set<ExtentId> protected_ids;
  std::condition_variable changed;
  uint64_t next_hold = 0;
  std::set<uint64_t> holds;
  bool stops = false;
  std::atomic<int64_t> last_release = 0;  // steady clock, milliseconds; its transaction may still be running
  std::thread collector;

  std::mutex collect_mutex;
  std::vector<ExtentId> condemned;
  uint64_t condemned_before = 0;  // holds from this number on began when these were garbage already
};

}  // namespace aerolith::objects
