// All instances of the installation, for whoever keeps the host: `aerolith ec2`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/strong_string.h"
#include "base/time.h"
#include "metadata/store.h"

namespace aerolith::ec2 {

struct ListedInstance {
  AccountId account;
  aerolith::Region region;  // a shape of the API has this name, too
  std::string id;
  std::string name;  // its tag; empty: none
  std::string state;
  std::string type;
  bool is_vm = false;
  std::string image;
  std::string image_name;       // empty: the image is gone
  std::string base_image_name;  // of the image that all began with: copies and images of instances are followed back
  std::string private_address;
  std::string public_address;  // empty: none
  std::string vpc;             // empty: terminated
  std::string key_name;
  std::string public_key;  // a line of authorized_keys; empty: none
  Timestamp launched_at;
};

// The oldest first.
metadata::Result<std::vector<ListedInstance>> list_instances(metadata::Store& store);
// Of whatever account; nullopt: there is none of that id.
metadata::Result<std::optional<ListedInstance>> find_listed_instance(metadata::Store& store, const std::string& id);
// The end of what its guest wrote to its console before it went down. Empty: nothing, or it has been started since.
metadata::Result<std::string> read_kept_console(metadata::Store& store, const ListedInstance& instance);

}  // namespace aerolith::ec2
