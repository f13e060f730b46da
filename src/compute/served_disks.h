// Disks whose snapshot's file isn't made yet: behind them are the snapshot's blocks, served by a process of ours, one
// for each disk, until the file is there and takes its place (ADR 18). The process outlives us, as what opens the disk
// does. Where it dies, reads of what only it has wait until it is there again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compute/driver.h"
#include "compute/encrypted_files.h"
#include "compute/instance_folder.h"
#include "compute/qmp.h"

namespace aerolith::compute {

// Those of one instance.
class ServedDisks {
 public:
  explicit ServedDisks(const InstanceFolder& folder) : folder_(folder) {}

  // The folder of the sockets, for a program that may open no path of ours: opened, the caller's to close.
  Result<int> open_folder() const;
  // The program behind the disks knows it by that number.
  Result<> note_number(int number) const;

  // Where the last file of the chain isn't there: serves it, to that user, and names it as the program finds it. Fine
  // where it is served already. An error where the program was started by an earlier version, which gave no folder.
  Result<> serve(std::string_view volume, std::vector<ImageFile>& chain, const BehindOf& behind_of,
                 uint32_t user) const;
  struct Served {
    std::string volume;
    std::string file;
  };
  std::vector<Served> list() const;
  // What died is started again.
  Result<> keep(const BehindOf& behind_of, uint32_t user) const;
  // When nothing has the disk open, or the file is behind it. Fine where it isn't served.
  void end(std::string_view volume) const;
  void end_all() const;

 private:
  Result<> start(std::string_view volume, const std::string& file, const BehindOf& behind_of, uint32_t user) const;
  std::string socket_of(std::string_view volume) const;

  const InstanceFolder& folder_;
};

// Behind a disk that is served lie nodes of their own, so that one can be put in the place of the other while it is
// used: `behind-<volume>` over `served-<volume>`, and later over `made-<volume>`.
std::string behind_node_of(std::string_view volume);
// What is to be added before the disk's node (encrypted_files.h), in that order. Empty where nothing of it is served.
std::vector<boost::json::object> served_nodes(std::string_view volume, const std::vector<ImageFile>& chain);
Result<> add_served_nodes(QmpClient& control, std::string_view volume, const std::vector<ImageFile>& chain);
// When the disk's node is gone. Fine where none is.
void remove_served_nodes(QmpClient& control, std::string_view volume);
// `files`: what is behind the disk's own file, as the program opens it. Fine where it was done.
Result<> put_files_behind(QmpClient& control, std::string_view volume, const std::vector<ImageFile>& files);

}  // namespace aerolith::compute
