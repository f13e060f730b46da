// Block device mappings: of images, and of requests that change them.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-device-mapping-concepts.html
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ec2/model/block_device_mapping.h"
#include "services/ec2/instance_tables.h"

namespace aerolith::ec2 {

using Mappings = std::optional<std::vector<BlockDeviceMapping>>;

Result<BlockDeviceRecord> read_device(const BlockDeviceMapping& mapping);
// The image's, with what the request says of each; the root first.
Result<std::vector<BlockDeviceRecord>> merge_devices(const ImageRecord& image, const Mappings& asked);
// Those that are no image's are as large as the snapshots that they name, or larger. InvalidSnapshot.NotFound where the
// caller may not make volumes of one.
Result<> fit_to_snapshots(metadata::ReadTransaction& txn, const Scope& scope, const ImageRecord& image,
                          std::vector<BlockDeviceRecord>& devices);
// What the devices of a launch are encrypted with, by their order: ARNs (encryption.h), empty where one isn't.
Result<std::vector<std::string>> encrypt_devices(metadata::Transaction& txn, const Scope& scope, const Mappings& asked,
                                                 std::vector<BlockDeviceRecord>& devices);
// MiB a second that the devices of a launch are filled with, by their order; 0: none was asked for.
Result<std::vector<int32_t>> rates_of_devices(const Mappings& asked, const std::vector<BlockDeviceRecord>& devices);
// "ephemeral0" and the like, which no type that there is has: an image shows what its mappings say of them, and naming
// one has no effect at a launch.
bool is_instance_store(const BlockDeviceMapping& mapping);
std::map<std::string, std::string> instance_stores_of(const Mappings& asked);
// Of mappings that aren't a launch's: these name no keys and no rates.
Result<> refuse_keys(const Mappings& asked);
BlockDeviceMapping to_wire(const BlockDeviceRecord& device);

}  // namespace aerolith::ec2
