// What other rooms need of EC2: images that come with the installation, and who an instance is, for the metadata
// service; and snapshots block by block (direct_snapshots.h).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/strong_string.h"
#include "base/time.h"
#include "ec2/model/region.h"
#include "metadata/store.h"
#include "services/ec2/direct_snapshots.h"

namespace aerolith::ec2 {

// An image of the installation's own: everybody may launch it, its owner is "amazon".
struct OwnImage {
  std::string name;  // one image a name: registered again, the record is replaced and keeps its id
  std::string description;
  std::string snapshot;  // of blocks::Volumes
  int32_t size_gib = 1;
  std::string root_device = "/dev/xvda";
  std::string driver;  // "container", "vm", or empty: either
  // Of images that boot a kernel beside the disk.
  std::string kernel;
  std::string initramfs;
  std::string kernel_arguments;
  // Told by list_own_images; register_own_image decides for itself.
  std::string id;
  Timestamp created_at;
};
// -> its id. Durable on return.
metadata::Result<std::string> register_own_image(metadata::Store& store, const aerolith::Region& region, Timestamp now,
                                                 const OwnImage& image);

// The public parameters of SSM that lead to these images: "/aws/service/aerolith/tiny/latest/amd64".
struct ImageParameter {
  std::string name;
  std::string image;
  Timestamp modified_at;
};
metadata::Result<std::vector<ImageParameter>> list_image_parameters(metadata::Store& store,
                                                                    const aerolith::Region& region);
metadata::Result<std::vector<OwnImage>> list_own_images(metadata::Store& store, const aerolith::Region& region);
metadata::Result<std::optional<OwnImage>> find_own_image(metadata::Store& store, const aerolith::Region& region,
                                                         std::string_view name);

// Of a record that says so: its bytes are there.
struct CompletedSnapshot {
  std::string id;
  bool is_blocks = false;  // else a file
};
metadata::Result<std::vector<CompletedSnapshot>> list_completed_snapshots(metadata::Store& store);

struct InterfaceFacts {
  std::string id;
  std::string mac;
  int32_t device_index = 0;
  std::string subnet;
  std::string subnet_cidr;
  std::string vpc;
  std::vector<std::string> vpc_cidrs;
  std::vector<std::string> private_addresses;           // the primary first
  std::map<std::string, std::string> public_addresses;  // private -> public
  std::vector<std::string> groups;                      // ids
  std::vector<std::string> group_names;
};

// All that the metadata service tells a guest about itself.
struct InstanceFacts {
  AccountId account;
  std::string id;
  std::string reservation;
  std::string image;
  std::string type;
  std::string architecture;
  std::string zone;
  std::string zone_id;
  std::string placement_group;  // its name; empty: none
  int32_t partition = 0;        // of it, from 1 on; 0: none
  int32_t launch_index = 0;
  Timestamp launched_at;
  std::string private_address;
  std::string private_name;
  std::string public_address;  // empty: none
  std::string public_name;     // empty also where the VPC gives none
  std::string key_name;
  std::string public_key;  // a line of authorized_keys; empty: none
  std::string profile_arn;
  std::string profile_id;
  std::string user_data;  // bytes
  std::string root_device;
  std::map<std::string, std::string> tags;
  std::vector<InterfaceFacts> interfaces;  // by device index
  bool metadata_enabled = true;
  bool tokens_required = false;
  int32_t hop_limit = 1;
  bool shows_tags = false;
  // Beside the root, those that were there when it was launched or last started: "sdf".
  std::vector<std::string> volume_devices;
  bool monitoring = false;  // in detail
};
// Whoever has this private address in that VPC; nullopt: no instance.
metadata::Result<std::optional<InstanceFacts>> find_instance(metadata::Store& store, const std::string& vpc,
                                                             std::string_view address);

std::string new_snapshot_id();
// What an account's new snapshots are encrypted with, where it has them encrypted by default. Empty: it hasn't.
struct DefaultKey {
  std::string arn;
  std::string name;  // as blocks/ calls it
};
metadata::Result<DefaultKey> default_key(metadata::Store& store, const aerolith::Region& region,
                                         const AccountId& account);

// One whose bytes lie under its id already.
struct StoredSnapshot {
  std::string id;
  AccountId owner;
  int32_t size_gib = 0;
  std::string description;
  std::string kms_key{};  // an ARN; empty: it isn't encrypted
};
// Completed. Durable on return.
metadata::Result<> register_snapshot(metadata::Store& store, const aerolith::Region& region, Timestamp now,
                                     const StoredSnapshot& snapshot);

// A gateway endpoint of S3.
struct EndpointFacts {
  std::string id;
  std::string policy;  // JSON; empty: it allows all
};
// A VPC as what serves its guests sees it.
struct NetworkFacts {
  AccountId account;
  aerolith::Region region;
  std::vector<std::string> cidrs;  // the primary one first
  bool dns_support = true;
  std::optional<EndpointFacts> s3_endpoint;
};
// Nullopt: there is no such VPC.
metadata::Result<std::optional<NetworkFacts>> find_network(metadata::Store& store, const std::string& vpc);
// What a public name leads to, asked for in that VPC: the private address behind it where it is an interface's of the
// VPC, else the public one. Nullopt: it is an address of a VPC that gives no public names, or that VPC itself.
metadata::Result<std::optional<std::string>> resolve_public_name(metadata::Store& store, const std::string& vpc,
                                                                 std::string_view public_address);

// What a VPC's resolver knows under a name by itself. At most one of the first three is there.
struct NameFacts {
  std::string address;         // of an A record
  std::string public_address;  // of a public name: resolve_public_name says what it leads to
  std::string pointer;         // a host name
  bool is_there = true;        // false: no such name, and nobody else is to be asked
};
// `name` in lower case, without a dot at the end. Nullopt: others may know it. Private names are there for all
// addresses of the VPC, whether somebody has them or not.
// https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html
std::optional<NameFacts> find_guest_name(const NetworkFacts& network, std::string_view name);

}  // namespace aerolith::ec2
