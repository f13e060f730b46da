// The files of disks, in QEMU's words: qcow2 nodes over one another, of which some may be encrypted. What opens those
// is an object of the program's that has the secret, and is needed while the node is made only.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "compute/driver.h"
#include "compute/qmp.h"

namespace aerolith::compute {

struct ImageFile {
  std::string name;      // as the program opens it
  std::string secret{};  // empty: it isn't encrypted
  // Not there yet, the last one: a socket, where its bytes are served (served_disks.h).
  bool is_served = false;
  // Past the host's page cache (direct_io.h). A flush means what it always does.
  bool is_direct = false;
};

// Name of the secret's object; 0 is the disk's own file, 1 the one behind it, …
std::string secret_id_of(std::string_view node, size_t number);
// The disk's file and those behind it, checked (disk_files.h); of one that isn't there yet the name that it will have.
Result<std::vector<ImageFile>> look_at_chain(const Disk& disk, const SecretOf& secret_of);
// A snapshot's file and those behind it.
Result<std::vector<ImageFile>> look_behind(const std::string& file, const SecretOf& secret_of);
// Of one file: empty where it isn't encrypted.
Result<std::string> find_secret(const std::string& file, const SecretOf& secret_of);
// The node of all of them, the first one over the others; only that one is written. `what`: as in secret_id_of. Where
// the last one is served, its nodes are there already.
boost::json::object image_node(std::string_view what, const std::vector<ImageFile>& files);
// "encrypt" of a qcow2 node.
boost::json::object encryption(std::string_view secret_id);

// The objects, for as long as this lives.
class GivenSecrets {
 public:
  // Over the control socket: in no list of arguments, and in no log.
  static Result<GivenSecrets> give(QmpClient& control, std::string_view what, const std::vector<ImageFile>& files);
  ~GivenSecrets();
  GivenSecrets(GivenSecrets&& other) noexcept : control_(other.control_), ids_(std::move(other.ids_)) {
    other.ids_.clear();
  }
  GivenSecrets& operator=(GivenSecrets&&) = delete;

 private:
  explicit GivenSecrets(QmpClient& control) : control_(&control) {}

  QmpClient* control_;
  std::vector<std::string> ids_;
};

}  // namespace aerolith::compute
